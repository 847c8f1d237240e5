"""What can go wrong, by meaning, each with a stable code; and what a failure came from.

Nothing here knows HTTP: `server/http/errors.py` maps these to statuses, the command line to exit codes.
A message says what happened and what to do next, and never repeats a value that a caller sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a document.

    `pointer` is a JSON Pointer in its URI fragment form (RFC 6901, section 6), such as
    `#/chat_generator_config/type`; `#` is the whole document.
    """

    pointer: str
    code: str
    message: str


class HaymowError(Exception):
    """A failure that haymow expects and explains."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class Unauthenticated(HaymowError):
    """Nobody we know is calling."""

    code = "unauthenticated"


class Denied(HaymowError):
    """The caller may see this, and may not do that to it."""

    code = "forbidden"


class NotFound(HaymowError):
    """It does not exist, or the caller may not see it: the two look alike."""

    code = "not_found"


class Conflict(HaymowError):
    """What is stored stands in the way."""

    code = "conflict"


class InFlight(Conflict):
    """The same request is being answered; `retry_after` is in seconds."""

    code = "idempotency_in_flight"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Malformed(HaymowError):
    """The request cannot be read at all: broken JSON, a broken header."""

    code = "malformed"


class Invalid(HaymowError):
    """The request was read and is refused; `faults` names every reason at once."""

    code = "invalid"

    def __init__(self, message: str, faults: Iterable[Fault] = (), *, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.faults = tuple(faults)


class PreconditionFailed(HaymowError):
    """If-Match names a revision that is not the current one."""

    code = "precondition_failed"


class TooLarge(HaymowError):
    """The body is larger than haymow reads."""

    code = "too_large"


class UnsupportedMedia(HaymowError):
    """A media type or content encoding haymow does not read; `accept` names the header that lists what it does."""

    code = "unsupported_media_type"

    def __init__(self, message: str, *, accept: tuple[str, str], code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.accept = accept


class TooSlow(HaymowError):
    """The body did not arrive in time."""

    code = "request_timeout"


class Quota(NamedTuple):
    """A limit as clients are told of it: its name, and how many there may be in so many seconds; None is at once."""

    name: str
    most: int
    seconds: int | None


class RateLimited(HaymowError):
    """Too many calls; `retry_after` is in seconds. `quota` is the operator's limit that is used up, if it is one."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after: int, code: str | None = None, quota: Quota | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after
        self.quota = quota


class Unavailable(HaymowError):
    """haymow cannot do it now; `retry_after` is in seconds, None where its code says enough."""

    code = "unavailable"

    def __init__(self, message: str, *, retry_after: int | None = None, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class OutcomeUnknown(Unavailable):
    """The storage failed while a change was committed: the change may be there."""

    code = "outcome_unknown"

    def __init__(self) -> None:
        super().__init__(
            "haymow lost its storage while it saved: the change may have been made. Look before you try again, or send "
            "it again with the If-Match or the Idempotency-Key it had."
        )


class UpstreamFailed(HaymowError):
    """A model's provider failed; the code says how. Never carries the provider's own words."""

    code = "upstream_failed"


class StartFailed(HaymowError):
    """haymow cannot start; the message is the one line a person reads."""

    code = "start_failed"


class CommandFailed(HaymowError):
    """An operator's command cannot be done; the message is read at a terminal, and answers no request."""

    code = "command_failed"


def origins(error: BaseException, *, even_hidden: bool = False) -> Iterator[BaseException]:
    """An exception and what it came from, the first cause last; each once, for a cause may lead back to its effect.

    `even_hidden`: also where it was raised `from None`.
    """
    found: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and not any(one is known for known in found):
        found.append(one)
        yield one
        one = one.__cause__ or (one.__context__ if even_hidden or not one.__suppress_context__ else None)

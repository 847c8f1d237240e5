"""How a provider fails, and what of it a caller may know: haymow's own words, for a provider's may repeat a key.

A file of its own beside the five: pure as rules.py, and needed by both lanes.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping
from typing import Any, Final

from haymow.errors import Fault, HaymowError, Invalid, RateLimited, UpstreamFailed, origins

RETRY_AFTER: Final = 5
"""Seconds, where a provider asks for patience and does not say how long."""
MOST_RETRY_AFTER: Final = 3600
LONGEST_PAUSE: Final = 2
"""Seconds that haymow itself waits before it calls once more."""
USUAL_PAUSE: Final = 0.5

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_UNEXPECTED_ARGUMENT: Final = re.compile(
    r"(?:unexpected keyword argument|multiple values for argument) '(.+?)'(?:\.|$)"
)
# Names of classes, of all SDKs and their HTTP clients; an exception is told by its class and those it derives from.
_TIMEOUTS: Final = frozenset(
    {"APITimeoutError", "ConnectTimeoutError", "ReadTimeoutError", "TimeoutError", "TimeoutException"}
)
_UNREACHABLE: Final = frozenset(
    {
        "APIConnectionError", "ClientConnectionError", "ConnectionClosedError", "ConnectionError", "HTTPClientError",
        "OSError", "TransportError",
    }
)  # fmt: skip
_BROKEN_OFF: Final = frozenset({"APIError", "ClientPayloadError", "EventStreamError", "ResponseError"})
_UNREADABLE: Final = frozenset({"DecodingError", "SSEError"})
# Google refuses a key with 400 and this reason.
_WRONG_KEY: Final = "API_KEY_INVALID"


def failure_of(error: BaseException, parameters: Mapping[str, Any], defaults: Mapping[str, Any]) -> HaymowError:
    """What an exception of a generator means, in haymow's own words: a provider's may repeat a key.

    SDKs have no exceptions in common, so they are told apart by their status and by the names of their classes; a
    generator may have wrapped them. `parameters` are the caller's and `defaults` the definition's, one of which may be
    the reason.
    """
    own = next((cause for cause in origins(error, even_hidden=True) if isinstance(cause, HaymowError)), None)
    if own is not None:  # of the way out, which an SDK takes for a broken connection
        return own
    for cause in origins(error, even_hidden=True):
        failure = _told(cause, parameters, defaults)
        if failure is not None:
            return failure
    return malformed()


def _told(error: BaseException, parameters: Mapping[str, Any], defaults: Mapping[str, Any]) -> HaymowError | None:
    """What one exception says of itself; None when that is nothing."""
    kinds = _kinds(error)
    status = _status(error)
    if status is not None:
        return failure_of_status(status, _headers(error))
    if kinds & _TIMEOUTS:
        return UpstreamFailed("The provider did not answer in time.", code="upstream_timeout")
    if kinds & _UNREADABLE:
        return malformed()
    if kinds & _UNREACHABLE:
        return UpstreamFailed("The provider cannot be reached, or broke the connection.", code="upstream_unreachable")
    if kinds & _BROKEN_OFF:
        return broken_off()
    found = _parameter(error, kinds)
    if found and (found in parameters or found in defaults):
        return _unsupported(found, found in parameters)
    return None


def status_told(error: BaseException) -> int | None:
    """The HTTP status that a provider failed with; None where it gave no answer, or none that is known."""
    return next((status for cause in origins(error, even_hidden=True) if (status := _status(cause)) is not None), None)


def _status(error: BaseException) -> int | None:
    """The HTTP status that an SDK's exception holds; None for what is no failure, as in a stream that broke off."""
    answer = getattr(error, "response", None)
    aws = answer.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(answer, Mapping) else None
    held = (getattr(error, "status_code", None), getattr(error, "code", None), aws)
    status = next((one for one in held if type(one) is int and 300 <= one < 600), None)
    return 401 if status == 400 and _refuses_key(getattr(error, "details", None)) else status


def _headers(error: BaseException) -> Mapping[str, str]:
    """The headers of the answer that an SDK's exception holds, where it holds any."""
    answer = getattr(error, "response", None)
    aws = answer.get("ResponseMetadata", {}).get("HTTPHeaders") if isinstance(answer, Mapping) else None
    held = (aws, getattr(answer, "headers", None), getattr(error, "headers", None))
    return next((one for one in held if isinstance(one, Mapping)), {})


def _refuses_key(details: object) -> bool:
    told = details.get("error") if isinstance(details, Mapping) else None
    reasons = told.get("details") if isinstance(told, Mapping) else None
    return isinstance(reasons, list) and any(
        isinstance(reason, Mapping) and reason.get("reason") == _WRONG_KEY for reason in reasons
    )


def _parameter(error: BaseException, kinds: set[str]) -> str | None:
    """The parameter that a signature, or a model of pydantic's, does not have."""
    if isinstance(error, TypeError):
        found = _UNEXPECTED_ARGUMENT.search(str(error))
        return found[1] if found else None
    if "ValidationError" not in kinds or not hasattr(error, "errors"):
        return None
    return next((str(one["loc"][0]) for one in error.errors() if one["type"] == "extra_forbidden"), None)


def _unsupported(name: str, asked: bool) -> Invalid:
    """The refusal of a parameter that the generator does not take; one that the caller did not send is not named."""
    if not asked:
        message = "The model's own generation_kwargs hold a parameter that its generator does not take."
        return Invalid(message, [Fault("#", "unsupported_parameter", message)], code="unsupported_parameter")
    pointer = f"#/{name}" if _NAME.fullmatch(name) else "#"
    fault = Fault(pointer, "unsupported_parameter", "This model's generator has no such parameter: leave it out.")
    return Invalid("The model does not take these parameters.", [fault], code="unsupported_parameter")


def may_be_repeated(error: BaseException, retries: int) -> bool:
    """Whether a call that failed before any answer is made again: once, and where it cannot have been carried out."""
    if was_never_answered(error) or _met_a_closed_socket(error):
        return True
    return retries > 0 and "ClientConnectorError" in _kinds(error)


def was_never_answered(error: BaseException) -> bool:
    """Whether a kept connection was closed by the other side just as the call went out: such a call is made again."""
    return any(
        "ServerDisconnectedError" in _kinds(cause)
        or ("RemoteProtocolError" in _kinds(cause) and "without sending a response" in str(cause))
        for cause in origins(error, even_hidden=True)
    )


def _met_a_closed_socket(error: BaseException) -> bool:
    """The same, where the other side's close was quicker than what it had to say of it."""
    kinds = _kinds(error)
    is_connected = "ClientOSError" in kinds and "ClientConnectorError" not in kinds
    return is_connected and getattr(error, "errno", None) in (errno.ECONNRESET, errno.EPIPE)


def pause_of(headers: Mapping[str, str]) -> float | None:
    """The seconds after which a call that was put off (429) is made again; None when that is too long to wait."""
    asked = headers.get("retry-after")
    if asked is None:
        return USUAL_PAUSE
    seconds = _seconds_of(asked)
    return float(seconds) if seconds is not None and seconds <= LONGEST_PAUSE else None


def _retry_after(headers: Mapping[str, str]) -> int:
    seconds = _seconds_of(headers.get("retry-after", ""))
    return RETRY_AFTER if seconds is None else max(1, min(seconds, MOST_RETRY_AFTER))


def _seconds_of(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 9 else None


def _kinds(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def broken_off() -> UpstreamFailed:
    """The failure of a provider that stopped in the middle of an answer."""
    return UpstreamFailed("The provider broke its answer off.", code="upstream_failed")


def malformed() -> UpstreamFailed:
    """The failure of a provider whose answer cannot be read."""
    return UpstreamFailed("The provider answered something that is no chat completion.", code="upstream_malformed")


def failure_of_status(status: int, headers: Mapping[str, str] | None = None) -> HaymowError:
    """What a provider's status means, with the `Retry-After` of its headers."""
    if status in (401, 403):
        message = "The provider does not accept the model's credentials. Enter the secret again."
        return UpstreamFailed(message, code="upstream_credentials")
    if status == 429:
        message = "The provider asks for fewer calls, or its quota is used up."
        return RateLimited(message, retry_after=_retry_after(headers or {}), code="upstream_rate_limited")
    if status == 404:
        message = "The provider has no such model at this address: check the model's name and its address."
        return UpstreamFailed(message, code="upstream_model_not_found")
    if status in (408, 504):
        return UpstreamFailed("The provider did not answer in time.", code="upstream_timeout")
    if status in (400, 413, 422):
        message = "The provider refuses this chat: check its messages and parameters."
        return Invalid(message, code="upstream_rejected")
    if status < 500:
        message = "The provider refuses this model's calls: check its address and its model name."
        return UpstreamFailed(message, code="upstream_rejected")
    return UpstreamFailed("The provider failed.", code="upstream_failed")


def failure_told(document: Mapping[str, Any]) -> HaymowError:
    """What an error means that comes with a status of success: `{"error": {"code": 429, ...}}`, or no code at all."""
    error = document["error"]
    status = error.get("code") if isinstance(error, dict) else None
    return failure_of_status(status) if type(status) is int and 400 <= status < 600 else broken_off()


def is_told_in(meta: Mapping[str, Any]) -> bool:
    """Whether a part of a generator's stream is a failure: OpenAI's Responses say it in an event like any other."""
    return meta.get("type") in ("error", "response.failed")


def is_completion(document: object) -> bool:
    """Whether a provider's document is a chat completion: one choice at least, and each with a message."""
    choices = document.get("choices") if isinstance(document, dict) else None
    return isinstance(choices, list) and bool(choices) and all(_says(choice, "message") for choice in choices)


def is_chunk(document: object) -> bool:
    """Whether a provider's document is a chunk of one; the first may have no choices (Azure's filter results)."""
    choices = document.get("choices") if isinstance(document, dict) else None
    return isinstance(choices, list) and all(_says(choice, "delta") for choice in choices)


def _says(choice: object, key: str) -> bool:
    return isinstance(choice, dict) and isinstance(choice.get(key), dict)

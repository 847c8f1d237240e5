"""What a connection test asks, what its outcome is called, and how many may be made."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from haymow.errors import HaymowError, Invalid, UpstreamFailed
from haymow.server.serving.rules import Chat

MOST_SECONDS: Final = 30.0
"""How long a test may take, building what it calls with."""


class Reason(StrEnum):
    """How a test ended: everything it can say, for clients to decide by."""

    OK = "ok"
    MISSING_SECRET = "missing_secret"
    INVALID_CREDENTIALS = "invalid_credentials"
    MODEL_NOT_FOUND = "model_not_found"
    UNREACHABLE = "unreachable"
    BLOCKED_BY_POLICY = "blocked_by_policy"
    RATE_LIMITED = "rate_limited"
    TIMEOUT = "timeout"
    INCOMPATIBLE = "incompatible"


class Outcome(NamedTuple):
    """A reason, and a sentence that says what to do. `called`: whether a call went out, so that its time means one."""

    reason: Reason
    detail: str
    called: bool = True


ANSWERED: Final = Outcome(Reason.OK, "The model answered.")
SILENT: Final = Outcome(
    Reason.TIMEOUT, "The provider did not answer in time. Try again, and check the address in the definition."
)
_FAILED: Final = Outcome(
    Reason.UNREACHABLE, "The provider was reached and failed. Try again later, and look at the provider's own status."
)
_REFUSED_HERE: Final = Outcome(
    Reason.INCOMPATIBLE,
    "A plain chat does not fit this definition. Give a default to what generation_kwargs requires, "
    "and take out defaults that its generator does not take.",
    called=False,
)
_OUTCOMES: Final = {
    "upstream_credentials": Outcome(
        Reason.INVALID_CREDENTIALS,
        "The provider does not accept the model's credentials. Enter the secret's value again.",
    ),
    "upstream_model_not_found": Outcome(
        Reason.MODEL_NOT_FOUND,
        "The provider has no such model at this address. Check the model's name and the address in the definition.",
    ),
    "upstream_unreachable": Outcome(
        Reason.UNREACHABLE,
        "The provider cannot be reached. Check the address in the definition, and that the provider is running.",
    ),
    "upstream_failed": _FAILED,
    "upstream_rate_limited": Outcome(
        Reason.RATE_LIMITED,
        "The provider asks for fewer calls, or its quota is used up. Wait, and look at the account's quota.",
    ),
    "upstream_timeout": SILENT,
    "upstream_malformed": Outcome(
        Reason.INCOMPATIBLE,
        "What answers at this address is no chat completion. Check the address in the definition.",
    ),
    "upstream_rejected": Outcome(
        Reason.INCOMPATIBLE,
        "The provider refuses a plain chat. Check the model's name, the address and the defaults in the definition.",
    ),
    "blocked_by_policy": Outcome(
        Reason.BLOCKED_BY_POLICY,
        "haymow's operator does not let models call this address. Ask for it in HAYMOW_EGRESS_ALLOW, or change it.",
        called=False,
    ),
    "secret_unreadable": Outcome(
        Reason.MISSING_SECRET, "A secret of this model cannot be decrypted. Enter its value again.", called=False
    ),
}


# Of these a kept test does not say which of several causes it was.
_OF_SEVERAL_CAUSES: Final = {
    Reason.MISSING_SECRET: "The last test found no secret that it could use. Enter the secret's value again.",
    Reason.UNREACHABLE: "The provider was not reached, or it failed. "
    "Check the address in the definition, and look at the provider's own status.",
    Reason.INCOMPATIBLE: "The definition does not fit its provider, or this haymow. "
    "Test the connection again: the result says what to change.",
}
_ADVICE: Final = {one.reason: one.detail for one in (ANSWERED, *_OUTCOMES.values())} | _OF_SEVERAL_CAUSES


def advice_of(reason: str) -> str:
    """What a test that ended so says later on, when it is still the last one."""
    return _ADVICE[Reason(reason)]


def outcome_of(error: HaymowError) -> Outcome | None:
    """What the failure of a chat says of the model's connection; None when it is none of the model's doing.

    A provider's failure that is neither its credentials nor its patience is `unreachable`: nothing in the definition
    would mend it. An answer that makes no sense, or a refusal, is `incompatible`: something in the definition would.
    """
    if error.code in _OUTCOMES:
        return _OUTCOMES[error.code]
    if error.code in (Reason.MISSING_SECRET, Reason.INCOMPATIBLE):
        # Our own sentence, which names the secret to enter or the package to install.
        return Outcome(Reason(error.code), error.message, called=False)
    if isinstance(error, UpstreamFailed):
        return _FAILED
    return _REFUSED_HERE if isinstance(error, Invalid) else None


# --- the question ---

_LIMITS: Final = ("max_completion_tokens", "max_tokens")
_ENOUGH: Final = 16


def chats(model: str, schema: Mapping[str, Any], defaults: Mapping[str, Any]) -> Iterator[Chat]:
    """The smallest chats, each to be tried when the one before is refused: with a limit, then as the definition is.

    `schema` says what a call may set. The limit is a name that it declares and `defaults` leaves open; models that
    think may refuse a small one, so a refusal says nothing yet.
    """
    limit = {} if any(name in defaults for name in _LIMITS) else _smallest_limit(schema.get("properties") or {})
    for parameters in (limit, {}) if limit else ({},):
        message = {"role": "user", "content": "Hi"}
        yield Chat(model, [message], tools=(), stream=False, include_usage=False, parameters=parameters)


def _smallest_limit(properties: Mapping[str, Any]) -> dict[str, int]:
    for name in _LIMITS:
        declared = properties.get(name)
        if isinstance(declared, dict) and declared.get("type") == "integer":
            least, most = declared.get("minimum", 1), declared.get("maximum", _ENOUGH)
            return {name: int(min(max(_ENOUGH, least), max(most, least)))}
    return {}


# --- how many ---

PERIOD: Final = 60.0
MOST_OF_PERSON: Final = 10
MOST_OF_WORKSPACE: Final = 30
"""Tests in so many seconds, of one person in one workspace and of all people in it."""


_ROUNDING: Final = 1e-9
"""Seconds: who waits for as long as they are told is not told to wait for more."""


class Bucket(NamedTuple):
    """So many tests were left at that time (seconds, of a clock that only goes forward)."""

    left: float
    at: float


def refilled(bucket: Bucket | None, most: int, at: float) -> Bucket:
    """The bucket at a later time: `most` flow into it in PERIOD, and no more than that fit. A new one is full."""
    if bucket is None:
        return Bucket(most, at)
    return Bucket(min(float(most), bucket.left + (at - bucket.at) * most / PERIOD), at)


def seconds_until_one(bucket: Bucket, most: int) -> int:
    """After how many seconds a test may begin; 0 when one may now."""
    return max(0, math.ceil((1 - bucket.left) * PERIOD / most - _ROUNDING))

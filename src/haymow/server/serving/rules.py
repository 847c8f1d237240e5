"""What a chat call may hold, and how OpenAI's clients are told that it failed."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from haymow.errors import (
    Denied,
    Fault,
    HaymowError,
    Invalid,
    NotFound,
    RateLimited,
    Unauthenticated,
)
from haymow.server.registry.rules import Model, Usable

MOST_CHOICES: Final = 128
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")

# --- a call ---


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat call, read. `parameters` are those that the model's `generation_kwargs` decide upon."""

    model: str
    messages: Sequence[object]
    tools: Sequence[object]
    stream: bool
    include_usage: bool
    parameters: dict[str, Any]


def chat_from(document: Mapping[str, Any]) -> Chat:
    """Read a request body. Raises Invalid with the pointer of everything that is wrong in it.

    A null stands for a parameter that is left out, as in OpenAI's own API.
    """
    given = {name: value for name, value in document.items() if value is not None}
    faults = [
        Fault(f"#/{name}", "invalid_parameter", message)
        for name, (accepts, message) in _FIELDS.items()
        if (name in given or name in _REQUIRED) and not accepts(given.get(name))
    ]
    stream = given.get("stream") is True
    if stream and given.get("n", 1) != 1:
        faults.append(Fault("#/n", "invalid_parameter", "A stream has one choice: leave `n` out."))
    if faults:
        raise Invalid("The request is invalid.", faults)
    if not all(_NAME.fullmatch(name) for name in given):
        fault = Fault("#", "unsupported_parameter", "A parameter's name has letters, digits and _ alone, at most 64.")
        raise Invalid(fault.message, [fault], code="unsupported_parameter")
    if given.get("response_format") == {"type": "text"}:
        del given["response_format"]  # what is so anyway; said, it would bring Haystack to parse the answer
    return Chat(
        model=given.pop("model"),
        messages=given.pop("messages"),
        tools=given.pop("tools", ()),
        stream=given.pop("stream", False),
        include_usage=bool(given.pop("stream_options", {}).get("include_usage")),
        parameters=given,
    )


def asked(parameters: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that a call asks for beside a definition's `defaults`: one choice is what comes anyway.

    Haystack's generators say so with every call, and a model's schema need not have a word for it.
    """
    unsaid = parameters.get("n") == 1 and "n" not in defaults
    return {name: value for name, value in parameters.items() if not (unsaid and name == "n")}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_filled_list(value: object) -> bool:
    return isinstance(value, list) and bool(value)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_count(value: object) -> bool:
    return type(value) is int and 1 <= value <= MOST_CHOICES


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_format(value: object) -> bool:
    return isinstance(value, dict) and value.get("type") in ("text", "json_object", "json_schema")


_REQUIRED: Final = ("model", "messages")
_FIELDS: Final[dict[str, tuple[Callable[[object], bool], str]]] = {
    "model": (_is_text, "Name the model: see GET models."),
    "messages": (_is_filled_list, "Give a list of at least one message."),
    "tools": (lambda value: isinstance(value, list), "Tools are a list."),
    "stream": (_is_flag, "`stream` is true or false."),
    "stream_options": (_is_object, "`stream_options` is an object with `include_usage`."),
    "n": (_is_count, f"`n` is an integer from 1 to {MOST_CHOICES}."),
    "response_format": (_is_format, "`response_format` is an object with the type text, json_object or json_schema."),
}

KNOWN: Final = frozenset(_FIELDS)
"""The parameters whose names haymow may repeat when the body as a whole is faulty."""

# Names that a refusal may repeat: they are haymow's and OpenAI's own, not the caller's.
_NAMEABLE: Final = frozenset(
    {
        "api_base", "api_key", "base_url", "extra_body", "extra_headers", "extra_query", "headers", "http_options",
        "input", "request_options", "timeout",
    }
)  # fmt: skip


def refused_parameters(names: Iterable[str]) -> Invalid:
    """The refusal of parameters that no call may set, whatever the model's schema says."""
    message = "A call may not set this: it would change where the call goes, or as whom."
    faults = [Fault(f"#/{name}" if name in _NAMEABLE else "#", "refused_parameter", message) for name in names]
    return Invalid("The model does not take these parameters.", faults, code="refused_parameter")


# --- models ---


def listed(model: Model | Usable) -> dict[str, Any]:
    """A model as OpenAI lists them; `id` is what calls name it by."""
    created = int(model.created_at.timestamp())
    return {"id": model.name, "object": "model", "created": created, "owned_by": model.provider}


def listing(models: Sequence[Usable], limit: int | None) -> dict[str, Any]:
    """At most `limit` models as OpenAI lists them, and whether there are more, which `after` the last one begin."""
    has_more = limit is not None and len(models) > limit
    return {"object": "list", "data": [listed(model) for model in models[:limit]], "has_more": has_more}


# --- what a call needs of other rooms ---


@dataclass(frozen=True, slots=True)
class ResolvedSecrets:
    """The secrets of a model as they resolve for one caller; only those that may go where the model calls.

    `versions` are (id of the secret, version) and change with every value; `reveal` gives the values by name.
    """

    versions: tuple[tuple[UUID, int], ...]
    reveal: Callable[[], Awaitable[Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Key:
    """What a live generator was built from: a definition as it was saved, and the versions of its secrets."""

    scope_id: UUID
    model_id: UUID
    revision: int
    tag: str
    secrets: tuple[tuple[UUID, int], ...]

    def outdates(self, other: Key) -> bool:
        """Whether nobody will ask for `other` again: an older revision, or older values of the same secrets."""
        if (self.scope_id, self.model_id) != (other.scope_id, other.model_id) or self == other:
            return False
        same_secrets = [id_ for id_, _ in self.secrets] == [id_ for id_, _ in other.secrets]
        return other.revision < self.revision or (other.revision == self.revision and same_secrets)


def key_of(model: Model, secrets: ResolvedSecrets) -> Key:
    """The key that a model's live generator is kept under."""
    return Key(model.scope_id, model.model_id, model.revision, model.tag, secrets.versions)


# --- errors in OpenAI's shape ---

_FINAL: Final = frozenset(
    {
        "missing_secret",
        "incompatible",
        "upstream_credentials",
        "upstream_model_not_found",
        "upstream_rejected",
        "blocked_by_policy",
    }
)

_MOST_OF_A_NAME: Final = 64
"""Characters of a parameter's name that a message repeats; the whole name is in `param`."""

_OPENAIS: Final = {"rate_limited": "rate_limit_exceeded", "too_many_chats": "rate_limit_exceeded"}
"""Codes for which OpenAI has a word of its own."""


def status_in_openai(usual: int) -> int:
    """The status of an error here, where other operations answer `usual`: OpenAI's API has 400 for a wrong body."""
    return 400 if usual == 422 else usual


def body_in_openai(error: HaymowError, status: int) -> dict[str, Any]:
    """`{"error": {"message", "type", "param", "code"}}`; `param` is the first fault's, all are in the message."""
    faults: tuple[Fault, ...] = getattr(error, "faults", ())
    reasons = dict.fromkeys(map(_reason, faults[:10]))
    code = "invalid_api_key" if isinstance(error, Unauthenticated) else _OPENAIS.get(error.code, error.code)
    param = _param(faults[0].pointer) if faults else ("model" if code == "model_not_found" else None)
    message = " ".join((error.message, *reasons))
    return {"error": {"message": message, "type": _type(error, status), "param": param, "code": code}}


def is_final(error: HaymowError) -> bool:
    """Whether the same call would fail again: OpenAI's SDKs repeat 409 and 5xx unless they are told."""
    return error.code in _FINAL


def _type(error: HaymowError, status: int) -> str:
    if isinstance(error, Denied):
        return "permission_error"
    if isinstance(error, RateLimited):
        return "rate_limit_error"
    return "invalid_request_error" if status < 500 or isinstance(error, NotFound) else "server_error"


def _reason(fault: Fault) -> str:
    """A fault in words. SDKs show the message alone, so it says what it is about."""
    param = _param(fault.pointer)
    return f"{param}: {fault.message}" if param and len(param) <= _MOST_OF_A_NAME else fault.message


def _param(pointer: str) -> str | None:
    """`#/messages/0/content` as OpenAI writes it: `messages[0].content`."""
    parts = pointer.removeprefix("#").split("/")[1:]
    name = "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in parts)
    return name.removeprefix(".") or None

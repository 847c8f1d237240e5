"""What is wrong with the parameters of a call, in words that say what the model's schema allows instead.

The schema is the model's, not the call's, so its names and limits may be told; nothing of the call's values is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

from jsonschema_rs import ValidationError

from haymow.documents import to_text
from haymow.errors import Fault

MAX_LISTED: Final = 20
"""Values or names that one message lists."""


class CallFaults:
    """Tells the faults of a call that stands at `pointer` by the model's effective `schema`.

    If `is_bare`, the model's generation_kwargs has only that schema's `properties`. `known` are names that may be told
    although the schema has none of them, each with the one that the call has for it.
    """

    def __init__(self, schema: dict[str, Any], is_bare: bool, pointer: str, known: Mapping[str, str]) -> None:
        self._properties: dict[str, Any] = schema.get("properties", {})
        self._hidden_steps = 1 if is_bare else 0
        self._pointer = pointer
        self._known = known

    def explained(self, errors: Iterable[ValidationError], name: str | None = None) -> Iterator[Fault]:
        """Yield a fault for each of a validator's errors; all are about `name` where it is given."""
        for error in errors:
            path, code = error.instance_path, _CODES.get(error.kind.name, "invalid_value")
            inner = "Within it: " if len(path) > 1 else ""
            where = path[:1] or ([] if name is None else [name])
            yield self._fault(where, code, inner + _request(error, self._properties), error.schema_path)

    def unexplained(self, name: str) -> Fault:
        """Return the fault of the value of `name`, of which only is known that it does not fit."""
        rule = ["properties", name] if name in self._properties else []
        return self._fault([name], "invalid_value", _REQUEST, rule)

    def missing(self, name: str) -> Fault:
        """Return the fault of a call that lacks `name`, which the schema requires."""
        return self._fault([], "required", _REQUESTS["required"].format(name), ["required"])

    def together(self) -> Fault:
        """Return the fault of a call whose parameters fit, each by itself."""
        return self._fault([], "invalid_value", "With the model's defaults, the parameters do not go together.", [])

    def _fault(self, path: Sequence[str | int], code: str, message: str, rule: Sequence[str | int]) -> Fault:
        name = self._known.get(str(path[0]), str(path[0])) if path else ""
        where = fragment([name]) if path and (path[0] in self._properties or path[0] in self._known) else ""
        see = f"See #/generation_kwargs{fragment(rule[self._hidden_steps :])} of the model."
        return Fault(self._pointer + where, code, f"{message} {see}")


def fragment(path: Iterable[str | int]) -> str:
    """Return `path` as the tail of a JSON Pointer in a URI fragment (RFC 6901, section 6)."""
    return "".join("/" + quote(str(step).replace("~", "~0").replace("/", "~1"), safe="$~") for step in path)


_CODES: Final = {
    "required": "required",
    "additionalProperties": "unknown_parameter",
    "unevaluatedProperties": "unknown_parameter",
    "falseSchema": "unknown_parameter",
}

_REQUEST: Final = "Give what its schema allows."
_REQUESTS: Final = {
    "maximum": "Give at most {}.",
    "exclusiveMaximum": "Give less than {}.",
    "minimum": "Give at least {}.",
    "exclusiveMinimum": "Give more than {}.",
    "multipleOf": "Give a multiple of {}.",
    "maxLength": "Give at most {} characters.",
    "minLength": "Give at least {} characters.",
    "maxItems": "Give at most {} items.",
    "minItems": "Give at least {} items.",
    "maxProperties": "Give at most {} keys.",
    "minProperties": "Give at least {} keys.",
    "pattern": "Give a text that matches {}.",
    "required": "Give {} too.",
    "uniqueItems": "Give no item twice.",
    "falseSchema": "The model does not take it.",
}

_NOUNS: Final = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}


def _request(error: ValidationError, properties: dict[str, Any]) -> str:
    """What to give instead."""
    keyword, value = error.kind.name, error.kind.value
    if keyword == "type":
        return f"Give {' or '.join(_NOUNS[kind] for kind in value)}."
    if keyword == "enum":
        return f"Give one of {_listed(map(to_text, value))}."
    if keyword == "const":
        return f"Give {to_text(value)}."
    if keyword in ("additionalProperties", "unevaluatedProperties") and not error.instance_path:
        return f"Give only parameters that the model takes: {_listed(properties)}."
    return _REQUESTS.get(keyword, _REQUEST).format(value)


def _listed(texts: Iterable[str]) -> str:
    first = list(islice(texts, MAX_LISTED + 1))
    return ", ".join(first[:MAX_LISTED]) + (", ..." if len(first) > MAX_LISTED else "")

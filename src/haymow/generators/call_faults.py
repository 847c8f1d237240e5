"""What is wrong with the parameters of a call, in words that say what the model's schema allows instead.

The schema is the model's, not the call's, so its names and limits may be told; nothing of the call's values is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

from jsonschema_rs import ValidationError

from haymow.documents import to_text
from haymow.errors import Fault

MAX_LISTED: Final = 20
"""Values or names that one message lists."""


def call_faults(
    errors: Iterable[ValidationError], schema: dict[str, Any], pointer: str, schema_pointer: str
) -> Iterator[Fault]:
    """Yield a fault for each error of a call at `pointer`. The effective `schema` has its root at `schema_pointer`."""
    properties = schema.get("properties", {})
    for error in errors:
        path, keyword = error.instance_path, error.kind.name
        message = f"{_request(error, properties)} See {schema_pointer}{fragment(error.schema_path)} of the model."
        if path and path[0] in properties:
            inner = "Within it: " if len(path) > 1 else ""
            yield Fault(pointer + fragment(path[:1]), _CODES.get(keyword, "invalid_value"), f"{inner}{message}")
        else:
            yield Fault(pointer, _CODES.get(keyword, "invalid_value"), message)


def fragment(path: Iterable[str | int]) -> str:
    """Return `path` as the tail of a JSON Pointer in a URI fragment (RFC 6901, section 6)."""
    return "".join("/" + quote(str(step).replace("~", "~0").replace("/", "~1"), safe="$~") for step in path)


_CODES: Final = {
    "required": "required",
    "additionalProperties": "unknown_parameter",
    "unevaluatedProperties": "unknown_parameter",
    "falseSchema": "unknown_parameter",
}

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
    return _REQUESTS.get(keyword, "Give what its schema allows.").format(value)


def _listed(texts: Iterable[str]) -> str:
    first = list(islice(texts, MAX_LISTED + 1))
    return ", ".join(first[:MAX_LISTED]) + (", ..." if len(first) > MAX_LISTED else "")

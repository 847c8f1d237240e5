"""What is wrong with a Schema Object, by the meta-schema, in words that repeat nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from jsonschema_rs import Draft202012Validator, ValidationError

from haymow.generators.parameters.schema_walk import Flaw

_METASCHEMA: Final = Draft202012Validator(
    {"$ref": "https://json-schema.org/draft/2020-12/schema"}, offline=True, validate_formats=False
)


def is_schema(value: dict[str, Any]) -> bool:
    """Whether the meta-schema of 2020-12 accepts it. `$schema` is not followed: nothing is ever fetched."""
    return _METASCHEMA.is_valid(value)


def metaschema_flaws(schema: dict[str, Any]) -> Iterator[Flaw]:
    """Yield what the meta-schema of JSON Schema 2020-12 finds wrong; one thing may come more than once."""
    if not _METASCHEMA.is_valid(schema):
        for error in _METASCHEMA.iter_errors(schema):
            yield Flaw(tuple(error.instance_path), "invalid_schema", _message(error))


def _message(error: ValidationError) -> str:
    keyword, value = error.kind.name, error.kind.value
    if keyword == "type":
        return f"It must be {' or '.join(_NOUNS[kind] for kind in value)}."
    if keyword in _MESSAGES:
        return _MESSAGES[keyword].format(value)
    if "type" in error.instance_path[-2:]:
        return f"It must be one or more of: {', '.join(_NOUNS)}."
    return "JSON Schema 2020-12 does not allow it."


_MESSAGES: Final = {
    "minimum": "It must be at least {}.",
    "exclusiveMinimum": "It must be more than {}.",
    "minItems": "It must have at least {} entry.",
    "uniqueItems": "It must not have an entry twice.",
}

_NOUNS: Final = {
    "string": "a string",
    "number": "a number",
    "integer": "an integer",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}

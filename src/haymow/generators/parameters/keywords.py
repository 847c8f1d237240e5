"""The keywords of an OpenAPI 3.1 Schema Object, by what stands below them, and where in a schema something is."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import Any, Final


class Below(Enum):
    """What the value of a keyword is made of."""

    PLAIN = auto()
    """Data; or a list whose length says how long a check takes."""
    NAMED_LISTS = auto()
    """Lists of names, by a name the author chose."""
    PATTERN = auto()
    REFERENCE = auto()
    DIALECT = auto()
    SCHEMA = auto()
    REST = auto()
    """A schema for what no other keyword has looked at, so that the others are looked at again."""
    SCHEMAS = auto()
    """A list of schemas for different values."""
    BRANCHES = auto()
    """A list of schemas for the same value."""
    NAMED_SCHEMAS = auto()
    """Schemas by names the author chose."""
    PATTERN_SCHEMAS = auto()
    DEFINITIONS = auto()


KEYWORDS: Final[dict[str, Below]] = {
    **dict.fromkeys(
        (
            "type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum",
            "maxLength", "minLength", "maxItems", "minItems", "uniqueItems", "maxContains", "minContains",
            "maxProperties", "minProperties", "required", "format", "contentEncoding", "contentMediaType", "title",
            "description", "default", "deprecated", "readOnly", "writeOnly", "examples", "$comment",
            "discriminator", "xml", "externalDocs", "example",
        ),
        Below.PLAIN,
    ),
    **dict.fromkeys(
        ("additionalProperties", "propertyNames", "items", "contains", "not", "if", "then", "else", "contentSchema"),
        Below.SCHEMA,
    ),
    **dict.fromkeys(("unevaluatedItems", "unevaluatedProperties"), Below.REST),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), Below.BRANCHES),
    **dict.fromkeys(("properties", "dependentSchemas"), Below.NAMED_SCHEMAS),
    "prefixItems": Below.SCHEMAS,
    "patternProperties": Below.PATTERN_SCHEMAS,
    "dependentRequired": Below.NAMED_LISTS,
    "$defs": Below.DEFINITIONS,
    "pattern": Below.PATTERN,
    "$ref": Below.REFERENCE,
    "$schema": Below.DIALECT,
}  # fmt: skip
"""Every keyword of the two vocabularies that haymow takes, from JSON Schema 2020-12 and OpenAPI 3.1."""

REFUSED: Final = frozenset(
    {
        "$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$vocabulary", "$recursiveRef", "$recursiveAnchor",
        "definitions", "dependencies",
    }
)  # fmt: skip
"""Keywords that make a schema part of a larger world, and those of older dialects that a validator would follow."""

_NAMES_BELOW: Final = frozenset({Below.NAMED_LISTS, Below.NAMED_SCHEMAS, Below.PATTERN_SCHEMAS, Below.DEFINITIONS})


def located(schema: object, path: Sequence[str | int]) -> tuple[str, str]:
    """Return where in `schema` a path of keys and indexes leads: as a JSON Pointer, and in words.

    The pointer ends before the first name that the author of the schema chose, for an error repeats nothing of what
    was sent. Then the words go on, and say of such a name which one it is, counted from 1: `properties[3].minimum`.
    They are empty where the pointer tells all there is to tell.
    """
    pointer, words, value = "", "", schema
    is_name = is_cut = False
    for step in path:
        is_keyword = not is_name and (step in KEYWORDS or step in REFUSED)
        is_cut = is_cut or not (is_keyword or isinstance(step, int))
        pointer += "" if is_cut else f"/{step}"
        words += f".{step}" if is_keyword else f"[{_place(value, step)}]"
        is_name = is_keyword and KEYWORDS.get(str(step)) in _NAMES_BELOW
        value = _member(value, step)
    return pointer, words.removeprefix(".") if is_cut else ""


def _place(container: object, step: str | int) -> int:
    """Which one of its container's members `step` is, counted from 1."""
    return step + 1 if isinstance(step, int) else list(container).index(step) + 1 if isinstance(container, dict) else 0


def _member(value: Any, step: str | int) -> object:
    try:
        return value[step]
    except (KeyError, IndexError, TypeError):
        return None

"""What a parameter's schema asks for, in words."""

from __future__ import annotations

from typing import Any, Final

_WORDS: Final = {
    "string": "a text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "null": "null",
    "object": "an object",
    "array": "a list",
}


def expectation(schema: dict[str, Any]) -> str:
    """Such as "a text or null"; made of the schema alone."""
    return " or ".join(dict.fromkeys(_words(schema)))


def _words(schema: dict[str, Any]) -> list[str]:
    if "anyOf" in schema:
        return [words for member in schema["anyOf"] for words in _words(member)]
    if "enum" in schema:
        return [f'"{value}"' for value in schema["enum"]]
    if schema.get("title") == "Secret":
        return ["the name of a secret"]
    kinds = schema.get("type", [])
    return [_described(schema, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)]


def _described(schema: dict[str, Any], kind: str) -> str:
    inner = schema.get("items") if kind == "array" else schema.get("additionalProperties")
    if isinstance(inner, dict) and inner.get("type") == "string":
        return f"{_WORDS[kind]} of texts"
    return _WORDS[kind]

"""Hypothesis strategies for what clients might send: JSON that is almost right, and what breaks readers."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st

from tests.abuse.subject import OPENAI
from tests.conftest import definition

NASTY_TEXTS = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "a",
            "\x00",
            "\n",
            "\u202e",
            "\ud800",
            "\uffff",
            "'",
            '"',
            "%s",
            "%00",
            "../",
            "{0}",
            "null",
            "-1",
            "1e400",
            "x" * 300,
            "x" * 70_000,
            "\u00df",
            "\u0130",
            "\u1e9e",
            "e\u0301",
            OPENAI,
            "OpenAIChatGenerator",
            "env_var",
            "object",
            "#/$defs/a",
            "^(a+)+$",
            "00000000-0000-4000-8000-000000000000",
            "gpt@3",
            "2026-01-01T00:00:00Z",
            "https://example.com/v1",
            "http://[::1",
            "*",
            'W/"x"',
        ]
    ),
    st.text(max_size=20),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10),
    st.sampled_from([2**31, 2**53, 2**63, -(2**63), 10**30, 0.5, -0.0, 1e308, 5e-324]),
    NASTY_TEXTS,
)
KEYS = st.one_of(
    st.sampled_from(
        [
            "name",
            "provider",
            "type",
            "init_parameters",
            "generation_kwargs",
            "properties",
            "$ref",
            "$defs",
            "pattern",
            "enum",
            "api_key",
            "env_vars",
            "strict",
            "model",
            "items",
            "allOf",
            "not",
            "if",
            "__proto__",
            "role",
            "content",
            "secret",
            "hosts",
        ]
    ),
    NASTY_TEXTS,
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["a"],
    "$defs": {"n": {"type": ["number", "null"], "minimum": 0}},
    "properties": {
        "a": {"$ref": "#/$defs/n"},
        "b": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 5},
        "c": {"enum": [1, "x", None]},
    },
}
BODY = definition(
    generation_kwargs=SCHEMA,
    chat_generator_config={
        "type": OPENAI,
        "init_parameters": {
            "model": "gpt-5",
            "api_key": {"type": "env_var", "env_vars": ["SOME_KEY"], "strict": True},
            "api_base_url": "https://example.com/v1",
            "timeout": 5.0,
            "generation_kwargs": {"a": 1},
            "http_client_kwargs": {"timeout": 3, "headers": {"x-a": "b"}},
        },
    },
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict | list):
        keys = list(value) if isinstance(value, dict) else range(len(value))
        for key in keys:
            found += [(value, key), *places(value[key])]
    return found


@st.composite
def almost(draw: st.DrawFn, document: Any = BODY) -> Any:
    """A document with one to three of its parts replaced, removed or doubled under another key."""
    changed = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        if not (found := places(changed)):
            break
        container, key = draw(st.sampled_from(found))
        match draw(st.sampled_from(["replace", "replace", "remove", "add"])):
            case "replace":
                container[key] = draw(VALUES)
            case "remove":
                del container[key]
            case "add" if isinstance(container, dict):
                container[draw(KEYS)] = draw(VALUES)
            case _:
                container.append(draw(VALUES)) if isinstance(container, list) else None
    return changed


def as_json(value: Any) -> bytes:
    """JSON text with everything outside of ASCII escaped, lone surrogates too."""
    return json.dumps(value).encode()


@st.composite
def broken_text(draw: st.DrawFn) -> bytes:
    """The bytes of a good body, some of them cut out, doubled or replaced."""
    text = as_json(BODY)
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 40)))
    return (
        text[:start] + draw(st.one_of(st.binary(max_size=8), st.just(text[start:end] * 2), st.just(b""))) + text[end:]
    )


HEADER_VALUES = st.one_of(
    NASTY_TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(
        [
            b"*",
            b'"a", W/"b"',
            b"W/",
            b'"',
            b"application/json",
            b"application/json; charset=",
            b"handling=strict",
            b"handling=",
            b"a=b;c, handling=strict",
            b"Bearer x",
            b"gzip",
            b"100-continue",
            b"bytes=0-1",
            b"close",
            b"\xff\xfe",
        ]
    ),
    st.binary(max_size=30),
)
HEADER_NAMES = st.sampled_from(
    [
        "If-Match",
        "If-None-Match",
        "If-Unmodified-Since",
        "Prefer",
        "Content-Type",
        "Content-Encoding",
        "Accept",
        "Accept-Encoding",
        "Range",
        "Idempotency-Key",
        "X-Api-Key",
        "Cookie",
        "Origin",
        "Forwarded",
        "X-Forwarded-For",
        "User-Agent",
        "Accept-Language",
        "Via",
    ]
)
QUERY_NAMES = st.sampled_from(
    [
        "limit",
        "page_number",
        "model_id",
        "action",
        "user_id",
        "since",
        "connected",
        "provider",
        "origin",
        "name",
        "q",
        "sort",
        "include_shadowed",
        "before",
        "after",
        "field",
        "order",
        "force",
        "x",
    ]
)
QUERY_VALUES = st.one_of(
    NASTY_TEXTS.map(lambda text: text[:500].encode("utf-8", "surrogatepass")),
    st.sampled_from(
        [b"1", b"100", b"true", b"%", b"_", b"\\", b"*", b"-name", b"WORKSPACE", b"ASC", b"1000000000", b"\xff"]
    ),
    st.binary(max_size=6),
)

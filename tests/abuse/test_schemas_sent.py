"""Input: schemas that would fetch something, go round, or cost their reader dearly."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.abuse.costs import costs_less_than
from tests.abuse.sink import Sink
from tests.abuse.subject import Subject, config, named, refused
from tests.running import RunningServer
from tests.server.access.people import new_secret
from tests.upstream import Upstream

REFERENCES = ["SINK/schema.json", "https://json-schema.org/draft/2020-12/schema", "file:///etc/passwd", "//SINK/x",
              "other.json", "#/$defs/missing", "#anchor", "urn:x", "data:application/json,{}"]  # fmt: skip


@pytest.mark.parametrize(
    "keyword", ["$ref", "$dynamicRef", "$id", "$schema", "$anchor", "$dynamicAnchor", "$recursiveRef"]
)
@pytest.mark.parametrize("reference", REFERENCES)
def test_g7_a_schema_fetches_nothing(subject: Subject, sink: Sink, keyword: str, reference: str) -> None:
    value = reference.replace("//SINK", sink.url).replace("SINK", sink.url)
    if keyword == "$schema" and "2020-12" in reference:
        return
    with subject.unharmed():
        for schema in ({keyword: value}, {"type": "object", "properties": {"a": {keyword: value}}}):
            answer = subject.patch({"generation_kwargs": schema})
            faults = refused(answer, 422)
            assert all(pointer.startswith("#/generation_kwargs") for pointer in faults)
            assert value not in json.dumps(answer.json()["details"])


def test_g7_references_that_go_round_are_refused(subject: Subject) -> None:
    rounds: list[dict[str, Any]] = [
        {"type": "object", "$defs": {"a": {"$ref": "#/$defs/a"}}, "properties": {"x": {"$ref": "#/$defs/a"}}},
        {"type": "object", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
        {"type": "object", "$ref": "#"},
        {"type": "object", "properties": {"x": {"$ref": "#"}}},
    ]
    with subject.unharmed():
        for schema in rounds:
            refused(subject.patch({"generation_kwargs": schema}), 422)


def doubling(levels: int) -> dict[str, Any]:
    """References that double at each level: 2^levels ways through."""
    steps = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(levels)}
    return {
        "type": "object",
        "$defs": {**steps, f"d{levels}": {"type": "number"}},
        "properties": {"x": {"$ref": "#/$defs/d0"}},
    }


PATTERNS = [
    "^(a+)+$",
    "^(a|a)*$",
    "^(a|aa)+$",
    "(.*a){20}",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "(x+x+)+y",
    "a{1000}{1000}",
    "((a{0,100}){0,100}){0,100}",
    "(?=a)b",
    "(a)\\1",
    "(?<=a)b",
    "(?P<n>a)(?P=n)",
    "[",
    "(",
    "*",
    "\\",
    "a" * 70_000,
]


@pytest.mark.parametrize("pattern", PATTERNS, ids=range(len(PATTERNS)))
def test_g9_a_pattern_costs_little_or_is_refused(
    subject: Subject, server: RunningServer, upstream: Upstream, pattern: str
) -> None:
    secret = new_secret(subject.client, subject.workspace, hosts=[f"127.0.0.1:{upstream.port}"])
    schema = {"type": "object", "properties": {"user": {"type": "string", "pattern": pattern}}}
    body = {
        "chat_generator_config": config(api_base_url=upstream.url, api_key=named(secret["name"])),
        "generation_kwargs": schema,
    }
    with costs_less_than(1, server):
        saved = subject.patch(body)
    assert saved.status_code in (200, 422), saved.text
    if saved.status_code == 422:
        assert all(pointer.startswith("#/generation_kwargs") for pointer in refused(saved, 422))
        return
    subject.chat()  # loads what a first chat loads
    with costs_less_than(1, server):
        for text in ("a" * 26 + "!", "a" * 5000 + "!", "x" * 5000):
            assert subject.chat(user=text).status_code in (200, 400)


@pytest.mark.parametrize("schema", [
    doubling(40),
    {"type": "object", "properties": {"x": {"anyOf": [{"pattern": "a" * 50 + str(n)} for n in range(2000)]}}},
    {"type": "object", "properties": {"x": {"uniqueItems": True, "contains": {"contains": {"contains": {}}}}}},
    {"type": "object", "properties": {"x": {"enum": list(range(20_000))}}},
    {"type": "object", "allOf": [{"oneOf": [{"required": [f"r{n}"]} for n in range(300)]}] * 30},
    {"type": "object", "dependentSchemas": {f"d{n}": {"not": {"not": {"not": {}}}} for n in range(3000)}},
], ids=range(6))  # fmt: skip
def test_g9_a_schema_that_would_cost_much_is_refused_or_costs_little(
    subject: Subject, server: RunningServer, schema: dict[str, Any]
) -> None:
    with costs_less_than(2, server):
        saved = subject.patch({"generation_kwargs": schema})
    assert saved.status_code in (200, 422), saved.text
    call = {"x": "a" * 200, **{f"d{n}": 1 for n in range(300)}}
    with costs_less_than(2, server):
        tried = subject.patch({"chat_generator_config": config(generation_kwargs=call)})
    assert tried.status_code in (200, 422), tried.text

"""No schema and no call makes a check slow: it takes milliseconds, or is refused unchecked."""

from __future__ import annotations

import time
from typing import Any

import pytest

from haymow.errors import Invalid
from haymow.generators.parameters import checks as parameters
from haymow.generators.parameters.checks import check_call, check_defaults, check_schema
from tests.generators.parameter_schemas import call_faults, default_faults, fan_out, of, unevaluated

HOSTILE_PATTERN = "[ab]*a[ab]{250}c"


@pytest.mark.parametrize(
    ("schema", "call"),
    [
        (of({"a": {"pattern": "^(a+)+$"}}), {"a": "a" * 450 + "!"}),
        (of({"a": {"pattern": HOSTILE_PATTERN}}), {"a": "ab" * 200}),
        (of({"a": {"items": {"anyOf": [{"enum": ["x"]}] * 60}}}), {"a": [1] * 300}),
        (of({"a": {"uniqueItems": True}}), {"a": list(range(3000))}),
        (
            fan_out(3, 7),
            {"a": {f"p{n}": {f"p{m}": {f"p{k}": 1 for k in range(2)} for m in range(2)} for n in range(2)}},
        ),
        (unevaluated(3), {"a": 1}),
        (unevaluated(3), {"b": 1}),
    ],
)
def test_the_slowest_check_takes_milliseconds_at_most(schema: dict[str, Any], call: dict[str, Any]) -> None:
    checked = check_schema(schema)
    times = []
    for _ in range(5):
        started = time.thread_time()
        try:
            check_call(checked, {}, call)
        except Invalid as error:
            assert "too_large" not in {fault.code for fault in error.faults}
        times.append(time.thread_time() - started)
    assert min(times) < 0.02  # about a millisecond, with room for a busy machine


@pytest.mark.parametrize(
    ("schema", "call"),
    [
        (of({"a": {"pattern": HOSTILE_PATTERN}}), {"a": "ab" * 5_000}),
        (of({}, patternProperties={HOSTILE_PATTERN: {}}), {"ab" * 5_000: 1}),
        (of({}, propertyNames={"pattern": HOSTILE_PATTERN}), {"ab" * 5_000: 1}),
        (of({}, additionalProperties={"pattern": HOSTILE_PATTERN}), {"a": "ab" * 5_000}),
        (of({"a": {"items": {"anyOf": [{"enum": ["x"]}] * 60}}}), {"a": [1] * 30_000}),
    ],
)
def test_a_call_that_would_take_longer_is_refused_unchecked(schema: dict[str, Any], call: dict[str, Any]) -> None:
    started = time.thread_time()
    assert [fault.code for fault in call_faults(schema, {}, call)] == ["too_large"]
    assert [fault.code for fault in default_faults(schema, call)] == ["too_large"]
    assert time.thread_time() - started < 0.1


def test_a_large_value_is_no_matter_where_little_is_asked_of_it() -> None:
    schema = of({"response_format": {"type": "object"}, "user": {"pattern": "^[a-z]+$"}}, patternProperties={"^x-": {}})
    schema["propertyNames"] = {"pattern": "^[a-z_-]+$"}
    check_call(check_schema(schema), {}, {"response_format": {"schema": ["x" * 20_000]}, "user": "me"})


BULKY = {"a": {"type": "integer"}, "unused": {"description": "x" * 56_000}}


@pytest.mark.parametrize(
    ("schema", "defaults"),
    [
        (of({}, **{"$defs": BULKY}), {f"p{n}": 1 for n in range(6_000)}),
        (of({f"p{n}": {"$ref": "#/$defs/a"} for n in range(300)}, **{"$defs": BULKY}), dict.fromkeys(["p1", "p2"], 1)),
        (of({}, patternProperties={"^p": {"description": "x" * 56_000}}), {f"p{n}": 1 for n in range(50)}),
    ],
)
def test_defaults_are_checked_in_milliseconds_however_much_stands_beside(
    schema: dict[str, Any], defaults: dict[str, Any]
) -> None:
    checked = check_schema(schema)
    times = []
    for _ in range(5):
        started = time.thread_time()
        check_defaults(checked, defaults)
        times.append(time.thread_time() - started)
    assert min(times) < 0.1  # two to ten milliseconds, with room for a busy machine


def test_what_is_kept_of_a_save_is_small() -> None:
    before = parameters._leaf_validator.cache_info().currsize
    heavy = of({"a": {"pattern": "a{9}"}, "b": {"enum": ["x" * 2_000, "a" * 9]}, "c": {"$ref": "#/$defs/d"}})
    checked = check_schema({**heavy, "$defs": {"d": {}}})
    for name in "abc":
        check_defaults(checked, {name: "a" * 9})
    assert parameters._leaf_validator.cache_info().currsize == before
    for told in ({}, {"title": "t"}, {"title": "u", "description": "x" * 2_000}):
        check_defaults(check_schema(of({"a": {"minimum": 0.25, **told}})), {"a": 1})
        assert parameters._leaf_validator.cache_info().currsize == before + 1

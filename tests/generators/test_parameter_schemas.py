"""generation_kwargs as a Schema Object: what may be saved."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haymow.errors import Invalid
from haymow.generators.parameters.checks import check_call, check_defaults, check_schema
from haymow.generators.parameters.keywords import KEYWORDS, REFUSED
from haymow.generators.parameters.patterns import compiled, is_pattern
from tests.generators.parameter_schemas import TEMPERATURE, fan_out, faults_of, nested, of, unevaluated

DIALECT = "https://json-schema.org/draft/2020-12/schema"
HERE = "#/generation_kwargs"


def places_and_codes(value: object) -> set[tuple[str, str]]:
    return {(fault.pointer.removeprefix(HERE), fault.code) for fault in faults_of(value)}


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object"},
        of({"temperature": TEMPERATURE}, additionalProperties=False, required=["temperature"]),
        of({}, **{"$schema": DIALECT, "$comment": "c", "x-order": ["a"], "title": "t", "examples": [{}]}),
        of({"a": {"$ref": "#/$defs/a"}}, **{"$defs": {"a": {"$ref": "#/$defs/b/items"}, "b": {"items": TEMPERATURE}}}),
        of({"a": {"$ref": "#/$defs/a~1b"}, "b": {"$ref": "#/$defs/%C3%A9"}}, **{"$defs": {"a/b": {}, "\u00e9": True}}),
        of({"$ref": {"type": "string"}, "$id": {}, "definitions": {}}),
        of(
            {"a": {"enum": [{"$ref": "http://example.org/"}], "default": {"$id": "x"}, "x-a": {"$anchor": "x"}, "b": 1}}
        ),
        of({"a": {"const": {"$dynamicRef": "#x"}, "unknown": {"pattern": "("}}}),
        of({"when": {"type": "string", "format": "date"}, "discriminator": {}}, discriminator={"propertyName": "when"}),
        of({}, allOf=[{"if": {"required": ["a"]}, "then": {"required": ["b"]}}], unevaluatedProperties=False),
        of({"a": nested(13)}),
    ],
)
def test_schema_objects_may_be_saved(schema: dict[str, Any]) -> None:
    checked = check_schema(schema)
    assert checked.schema == schema
    assert not checked.is_bare
    compiled(checked.schema)


@pytest.mark.parametrize(
    "properties",
    [
        {"temperature": TEMPERATURE},
        {"temperature": {}},
        {"format": {"type": "object"}, "title": {"enum": ["a"]}, "type": {"type": "string"}},
        {"propertys": {"type": "object"}},
    ],
)
def test_a_bare_map_of_schema_objects_is_taken_for_properties(properties: dict[str, Any]) -> None:
    assert check_schema(properties).schema == {"type": "object", "properties": properties}
    assert check_schema({**properties, "x-note": {"type": "string"}}).schema["properties"] == properties


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, {("", "invalid_schema")}),
        ([], {("", "invalid_schema")}),
        (True, {("", "invalid_schema")}),
        ({"type": "string"}, {("", "invalid_root")}),
        ({"type": ["object"]}, {("", "invalid_root")}),
        ({"properties": {}}, {("", "invalid_root")}),
        ({"x-only": 1}, {("", "invalid_root")}),
        (of({}, propertys={}), {("", "unknown_keyword")}),
        (of({}, nullable=True), {("", "unknown_keyword")}),
        ({"temperature": 0.7}, {("", "invalid_root"), ("", "unknown_keyword")}),
        ({"propertys": {"temperature": TEMPERATURE}}, {("", "invalid_root"), ("", "unknown_keyword")}),
        (of({}, **{"$schema": "http://json-schema.org/draft-07/schema#"}), {("/$schema", "unknown_dialect")}),
        (of({"a": {"$schema": DIALECT}}), {("/properties", "unknown_dialect")}),
        (of({}, **{"$schema": 5}), {("/$schema", "invalid_schema")}),
        (of({}, **{"$id": "http://example.org/"}), {("/$id", "refused_keyword")}),
        (of({"a": {"$anchor": "x"}}), {("/properties", "refused_keyword")}),
        (of({"a": {"$dynamicRef": "#x"}}), {("/properties", "refused_keyword")}),
        (of({"a": {"$dynamicAnchor": "x"}}), {("/properties", "refused_keyword")}),
        (of({}, **{"$vocabulary": {}}), {("/$vocabulary", "refused_keyword")}),
        (of({}, **{"$recursiveRef": "#"}), {("/$recursiveRef", "refused_keyword")}),
        (of({}, definitions={"a": {}}), {("/definitions", "refused_keyword")}),
        (of({}, dependencies={"a": ["b"]}), {("/dependencies", "refused_keyword")}),
        (of([]), {("/properties", "invalid_schema")}),
        (of({}, minProperties=-1), {("/minProperties", "invalid_schema")}),
        (of({}, minProperties=True), {("/minProperties", "invalid_schema")}),
        (of({}, allOf=[]), {("/allOf", "invalid_schema")}),
        (of({}, allOf=[{"multipleOf": 0}]), {("/allOf/0/multipleOf", "invalid_schema")}),
        (of({}, required=["a", "a"]), {("/required", "invalid_schema")}),
        (of({}, dependentRequired={"canary": 1}), {("/dependentRequired", "invalid_schema")}),
        (of({}, additionalProperties={"type": "text"}), {("/additionalProperties/type", "invalid_schema")}),
        (of({"a": {"type": ["string", 1]}}), {("/properties", "invalid_schema")}),
        (of({"a": {"items": [{}]}}), {("/properties", "invalid_schema")}),
        ({"response_format": {"type": "json_object"}}, {("", "invalid_schema")}),
    ],
)
def test_other_schemas_are_refused_where_they_are_wrong(value: object, expected: set[tuple[str, str]]) -> None:
    assert places_and_codes(value) == expected


@pytest.mark.parametrize(
    ("reference", "definitions", "code"),
    [
        ("http://example.org/a", {}, "invalid_reference"),
        ("file:///etc/passwd", {}, "invalid_reference"),
        ("a.json", {}, "invalid_reference"),
        (DIALECT, {}, "invalid_reference"),
        ("", {}, "invalid_reference"),
        ("#", {}, "invalid_reference"),
        ("#/properties/a", {}, "invalid_reference"),
        ("#/$defs", {"a": {}}, "invalid_reference"),
        ("#/$defs/b", {"a": {}}, "invalid_reference"),
        ("#/$defs/a/enum/0", {"a": {"enum": [{"pattern": "("}]}}, "invalid_reference"),
        ("#/$defs/a/x-b", {"a": {"x-b": {"pattern": "("}}}, "invalid_reference"),
        ("#a", {"a": {}}, "invalid_reference"),
        ("#/$defs/a", {"a": {"$ref": "#/$defs/a"}}, "circular_reference"),
        ("#/$defs/a", {"a": {"$ref": "#/$defs/b"}, "b": {"not": {"$ref": "#/$defs/a"}}}, "circular_reference"),
        ("#/$defs/a", {"a": {"properties": {"child": {"$ref": "#/$defs/a"}}}}, "circular_reference"),
        ("#/$defs/z", {"z": {}, "a": {"items": {"$ref": "#/$defs/a"}}}, "circular_reference"),
    ],
)
def test_a_reference_leads_to_its_own_definitions_and_never_in_a_circle(
    reference: str, definitions: dict[str, Any], code: str
) -> None:
    schema = of({"a": {"anyOf": [{"$ref": reference}]}}, **{"$defs": definitions})
    assert {fault.code for fault in faults_of(schema)} == {code}


@pytest.mark.parametrize(
    "pattern",
    [
        "^(a+)+$",
        "^(low|medium|high)$",
        r"^[\w .-]{1,64}$",
        "^[A-Za-z0-9_-]{1,256}$",
        r"^\d{4}-\d{2}-\d{2}$",
        r"^\p{L}+$",
        r"^[^@\s]+@[^@\s]+$",
        "^.{1,32}$",
    ],
)
def test_patterns_of_linear_time_are_taken(pattern: str) -> None:
    check_schema(of({"a": {"pattern": pattern}}, patternProperties={pattern: {}}))
    assert is_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["(", "(?=a)", "(?!a)b", "(?<=a)b", r"(a)\1", "a{1000000}", "((a{0,99}){0,99}){0,99}", r"\p{L}{99}", "a" * 257],
)
def test_other_patterns_are_refused(pattern: str) -> None:
    assert places_and_codes(of({"a": {"pattern": pattern}})) == {("/properties", "invalid_pattern")}
    assert places_and_codes(of({}, patternProperties={pattern: {}})) == {("/patternProperties", "invalid_pattern")}
    assert not is_pattern(pattern)


@pytest.mark.parametrize(
    ("schema", "code"),
    [
        (of({"a": nested(15)}), "schema_too_deep"),
        (of({"a": nested(60)}), "schema_too_deep"),
        (
            of({}, **{"$defs": {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(40)} | {"d40": {}}}),
            "schema_too_deep",
        ),
        (of({f"p{number}": {} for number in range(500)}), "schema_too_large"),
        (of({f"p{number}": {"pattern": "a"} for number in range(33)}), "schema_too_large"),
        (of({"a": {"enum": ["x" * 100] * 1000}}), "schema_too_large"),
        (of({"a": {"enum": [1] * 11_000}}), "schema_too_large"),
        (of({"a": {"anyOf": [{}] * 65}}), "too_many_branches"),
        (of({str(n): {"oneOf": [{}] * 33} for n in range(2)}), "too_many_branches"),
        (fan_out(6, 6), "schema_too_large"),
        (fan_out(6, 60), "schema_too_large"),
        (fan_out(8, 2), "schema_too_deep"),
        (unevaluated(8), "schema_too_large"),
    ],
)
def test_a_schema_that_costs_too_much_is_refused_quickly(schema: dict[str, Any], code: str) -> None:
    started = time.thread_time()
    assert {fault.code for fault in faults_of(schema)} == {code}
    assert time.thread_time() - started < 0.1


def test_every_fault_is_told_at_once_with_its_place_and_without_any_name() -> None:
    schema = {
        "type": "object",
        "canary1": 1,
        "properties": {"top_p": {}, "canary2": {"minimum": "canary3", "anyOf": [{}, {"$anchor": "canary4"}]}},
        "$defs": {"canary5": {"$ref": "#/$defs/canary6"}},
    }
    faults = faults_of(schema)
    assert [(fault.pointer, fault.code) for fault in faults] == [
        (HERE, "unknown_keyword"),
        (f"{HERE}/properties", "refused_keyword"),
        (f"{HERE}/$defs", "invalid_reference"),
        (f"{HERE}/properties", "invalid_schema"),
    ]
    assert [fault.message.partition("counted from 1: ")[2] for fault in faults] == [
        "[2].",
        "properties[2].anyOf[2].$anchor.",
        "$defs[1].$ref.",
        "properties[2].minimum.",
    ]
    assert "canary" not in str(faults)


def test_the_places_in_a_bare_map_are_those_of_what_was_sent() -> None:
    (fault,) = faults_of({"temperature": TEMPERATURE, "canary": {"maximum": "canary"}})
    assert fault.pointer == HERE
    assert fault.message == "It must be a number. Where, counted from 1: [2].maximum."


def test_at_most_fifty_faults_are_told() -> None:
    assert len(faults_of(of({f"p{number}": {"minimum": "x"} for number in range(90)}))) == 50


names = st.sampled_from(["a", "b", "canary", "type", "$ref", "items"])
keywords = st.sampled_from([*KEYWORDS, *REFUSED, "x-c", "canary"])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 3)
    | st.sampled_from(
        [0.5, "canary", "object", "string", "a", "(", "(a+)+$", "#/$defs/a", "#/$defs/b/items", "http://canary"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keywords | names, inner, max_size=3),
    max_leaves=12,
)
schemas = st.dictionaries(keywords, values, max_size=5).map(lambda schema: {"type": "object", **schema})


@settings(max_examples=500, deadline=None)
@given(schemas | values, st.dictionaries(names, values, max_size=3))
def test_whatever_is_saved_can_be_checked_against_and_nothing_sent_is_repeated(
    schema: Any, call: dict[str, Any]
) -> None:
    try:
        checked = check_schema(schema)
    except Invalid as error:
        assert error.faults
        assert "canary" not in str(error.faults)
        return
    compiled(checked.schema)
    try:
        check_defaults(checked, call)
    except Invalid as error:
        assert "canary" not in str(error.faults)
    try:
        assert check_call(checked, {}, call) == call
    except Invalid as error:
        assert error.faults

"""generation_kwargs in use: what a model's defaults may say, what a call may set."""

from __future__ import annotations

from typing import Any

import pytest

from haymow.documents import to_text
from haymow.errors import Invalid
from haymow.generators.parameters.checks import check_call, check_defaults, check_schema, is_denied, stored_schema
from tests.generators.parameter_schemas import TEMPERATURE, call_faults, default_faults, of

DEFAULTS = "#/chat_generator_config/init_parameters/generation_kwargs"

# --- defaults ---


@pytest.mark.parametrize(
    ("schema", "defaults"),
    [
        ({}, {"anything": [1]}),
        (of({"a": TEMPERATURE, "b": {}}, required=["b"]), {"a": 1}),
        (of({"a": TEMPERATURE}, required=["b"], additionalProperties=False), {}),
        (
            of({"a": TEMPERATURE}, minProperties=2, allOf=[{"required": ["z"]}], dependentRequired={"a": ["b"]}),
            {"a": 1},
        ),
        (of({"a": {"type": "integer"}}), {"a": 1.0}),
        (of({"a": {"type": "string", "format": "date"}}), {"a": "no date"}),
        (of({"a": TEMPERATURE}), {"other": "anything"}),
        ({"temperature": TEMPERATURE}, {"temperature": 0}),
    ],
)
def test_defaults_are_checked_each_by_itself(schema: dict[str, Any], defaults: dict[str, Any]) -> None:
    check_defaults(check_schema(schema), defaults)


@pytest.mark.parametrize(
    ("schema", "defaults"),
    [
        (of({"a": TEMPERATURE}), {"a": 2.5}),
        (of({"a": TEMPERATURE}), {"a": True}),
        (of({"a": {"type": "integer"}}), {"a": 1.5}),
        (of({}, additionalProperties=False), {"canary": 1}),
        (of({}, additionalProperties={"type": "string"}), {"canary": 1}),
        (of({}, patternProperties={"^c": {"enum": ["canary"]}}), {"canary": 1}),
        (of({"a": {"$ref": "#/$defs/a"}}, **{"$defs": {"a": {"const": "canary"}}}), {"a": "x"}),
        (of({"a": {"required": ["canary"]}}), {"a": {}}),
        (of({"a": {"additionalProperties": False}}), {"a": {"canary": 1}}),
    ],
)
def test_a_default_that_does_not_fit_is_refused_and_not_repeated(
    schema: dict[str, Any], defaults: dict[str, Any]
) -> None:
    (fault,) = default_faults(schema, {"free": 1, **defaults} if "additionalProperties" not in schema else defaults)
    assert (fault.pointer, fault.code) == (DEFAULTS, "invalid_value")
    assert "canary" not in fault.message


def test_a_reference_may_lead_to_a_property_of_a_definition() -> None:
    schema = of({"x": {"$ref": "#/$defs/a/properties/b"}}, **{"$defs": {"a": of({"b": {"type": "integer"}})}})
    checked = check_schema(schema)
    check_defaults(checked, {"x": 1})
    with pytest.raises(Invalid):
        check_defaults(checked, {"x": "1"})


def test_each_default_that_does_not_fit_is_told_by_its_place() -> None:
    schema = of({"a": TEMPERATURE, "b": {"type": "string", "pattern": "^x"}}, additionalProperties=False)
    messages = [fault.message for fault in default_faults(schema, {"z": 1, "a": 1, "b": "y"})]
    assert [message.partition(" of ")[0] for message in messages] == ["Value 1", "Value 3"]


# --- calls ---


def test_a_call_takes_the_place_of_defaults_key_by_key_and_not_below() -> None:
    checked = check_schema(of({"a": TEMPERATURE, "b": {"type": "object"}}, required=["a"]))
    defaults = {"a": 1, "b": {"x": 1}}
    assert check_call(checked, defaults, {"b": {"y": 2}}) == {"a": 1, "b": {"y": 2}}
    assert check_call(checked, defaults, {"a": 0}) == {"a": 0, "b": {"x": 1}}
    assert defaults == {"a": 1, "b": {"x": 1}}


def test_the_merge_is_checked_whole() -> None:
    schema = of({"a": TEMPERATURE}, required=["a"], dependentRequired={"b": ["c"]}, maxProperties=2)
    check_call(check_schema(schema), {"a": 1}, {"d": 1})
    assert {fault.code for fault in call_faults(schema, {}, {"d": 1})} == {"required"}
    assert "Give c too." in call_faults(schema, {"a": 1}, {"b": 1})[0].message
    assert "at most 2 keys" in call_faults(schema, {"a": 1}, {"x": 1, "y": 1})[0].message
    assert call_faults(schema, {"a": 9}, {})[0].pointer == "#/a"


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        (TEMPERATURE, 3, "Give at most 2. See #/generation_kwargs/properties/p/maximum of the model."),
        (TEMPERATURE, -1, "Give at least 0. See #/generation_kwargs/properties/p/minimum of the model."),
        (TEMPERATURE, "canary", "Give a number. See #/generation_kwargs/properties/p/type of the model."),
        ({"enum": ["low", None, 1]}, "canary", 'Give one of "low", null, 1. See'),
        ({"const": "x"}, "canary", 'Give "x". See'),
        ({"pattern": "^x{1,2}$"}, "canary", "Give a text that matches ^x{1,2}$. See"),
        ({"anyOf": [{"type": "null"}, {"maxLength": 3}]}, "canary", "Give what its schema allows. See"),
        ({"properties": {"a": {"maximum": 1}}}, {"a": 2}, "Within it: Give at most 1. See"),
        ({"enum": list(range(100))}, "canary", "17, 18, 19, .... See"),
        ({"additionalProperties": False}, {"canary": 1}, "The model does not take it. See"),
        (False, "canary", "The model does not take it. See"),
    ],
)
def test_a_refused_call_says_what_the_schema_allows_and_not_what_was_sent(schema: Any, value: Any, words: str) -> None:
    (fault,) = call_faults(of({"p": schema}), {}, {"p": value})
    assert fault.pointer == "#/p"
    assert words in fault.message
    assert "canary" not in fault.message


def test_a_parameter_the_model_does_not_take_is_not_named_but_those_it_takes_are() -> None:
    (fault,) = call_faults(of({"a": {}, "b": {}}, additionalProperties=False), {}, {"canary": "canary"})
    assert (fault.pointer, fault.code) == ("#", "unknown_parameter")
    assert "a, b" in fault.message
    assert "canary" not in fault.message


def test_a_value_too_large_to_be_explained_is_still_named() -> None:
    schema = of({"p": {"items": {"anyOf": [{"enum": ["x"]}] * 60}}, "q": {"type": "string"}})
    faults = call_faults(schema, {}, {"p": [1] * 200, "q": 1})
    assert [fault.pointer for fault in faults] == ["#/p", "#/q"]
    assert "Give what its schema allows. See #/generation_kwargs/properties/p of" in faults[0].message


def test_parameters_that_do_not_go_together_are_told_as_that() -> None:
    schema = of({}, allOf=[{"anyOf": [{"enum": [{}]}] * 60}])
    (fault,) = call_faults(schema, {}, {"p": "canary" * 10})
    assert (fault.pointer, fault.code) == ("#", "invalid_value")
    assert "do not go together" in fault.message


def test_a_name_the_schema_does_not_have_is_in_no_pointer() -> None:
    (fault,) = call_faults(of({}, additionalProperties={"type": "string"}), {}, {"canary": 1})
    assert (fault.pointer, fault.code) == ("#", "invalid_value")


def test_what_is_missing_is_told_with_what_does_not_fit() -> None:
    faults = call_faults(of({"a": TEMPERATURE}, required=["b"]), {}, {"a": 3})
    assert [(fault.pointer, fault.code) for fault in faults] == [("#/a", "invalid_value"), ("#", "required")]


def test_what_a_bare_map_refuses_is_found_in_the_bare_map() -> None:
    (fault,) = call_faults({"a/b": TEMPERATURE}, {}, {"a/b": 3})
    assert fault.pointer == "#/a~1b"
    assert "See #/generation_kwargs/a~1b/maximum of" in fault.message


@pytest.mark.parametrize(
    "name",
    [
        "model",
        "messages",
        "input",
        "tools",
        "stream",
        "extra_body",
        "extra_",
        "timeout",
        "api_base",
        "api_key",
        "models",
        "preset",
    ],
)  # fmt: skip
def test_what_would_change_the_model_or_its_address_is_always_denied(name: str) -> None:
    assert is_denied(name)
    (fault,) = call_faults({}, {}, {name: "canary"})
    assert (fault.pointer, fault.code) == ("#", "refused_generation_kwarg")


def test_other_parameters_are_not_denied() -> None:
    assert not any(map(is_denied, ("temperature", "extra", "model_", "Model", "max_tokens", "tool_choice")))


def test_a_stored_schema_is_read_from_its_text_once() -> None:
    text = to_text({"temperature": TEMPERATURE})
    assert stored_schema(text) is stored_schema(text)
    assert stored_schema(text) == check_schema({"temperature": TEMPERATURE})

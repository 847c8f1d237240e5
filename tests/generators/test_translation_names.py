"""Parameters of several names: no limit of a schema has a way around it, and no call sets one thing twice."""

from __future__ import annotations

from typing import Any

import pytest

from haymow.errors import Invalid
from haymow.generators.dialects.translation import Asked
from tests.generators.parameter_schemas import of
from tests.generators.translations import FORMAT, faults, places_and_codes, translation

# --- names in schemas ---

LIMITS = [
    of({"max_tokens": {"maximum": 100}}),
    {"max_tokens": {"maximum": 100}},
    of({"max_completion_tokens": {"maximum": 100}}),
    of({"max_tokens": {"$ref": "#/$defs/few"}}, **{"$defs": {"few": {"maximum": 100}}}),
    {"type": "object", "patternProperties": {"^max_tokens$": {"maximum": 100}}},
    {"type": "object", "allOf": [of({"max_tokens": {"maximum": 100}})]},
    {"type": "object", "$ref": "#/$defs/limits", "$defs": {"limits": of({"max_tokens": {"maximum": 100}})}},
    {"type": "object", "if": {}, "then": {"properties": {"max_tokens": {"maximum": 100}}}},
]
NAMES = {
    "OpenAI": "max_tokens",
    "GoogleGenAI": "max_output_tokens",
    "Ollama": "num_predict",
    "AmazonBedrock": "maxTokens",
}


@pytest.mark.parametrize("schema", LIMITS)
@pytest.mark.parametrize("generator", NAMES)
def test_no_other_name_leads_around_a_limit(generator: str, schema: dict[str, Any]) -> None:
    model = translation(generator, schema=schema)
    for name in ("max_tokens", "max_completion_tokens", NAMES[generator]):
        assert model.asked({name: 100}).parameters.popitem()[1] == 100
        with pytest.raises(Invalid):
            model.asked({name: 101})


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens", "max_output_tokens"])
@pytest.mark.parametrize("written", ["max_tokens", "max_completion_tokens", "max_output_tokens"])
def test_a_fault_names_the_parameter_as_it_was_sent(name: str, written: str) -> None:
    model = translation("GoogleGenAI", schema=of({written: {"maximum": 100}}, additionalProperties=False))
    assert model.asked({name: 7}) == Asked({"max_output_tokens": 7})
    [fault] = faults(model, {name: 101})
    assert fault.pointer == f"#/{name}"
    assert fault.message == f"Give at most 100. See #/generation_kwargs/properties/{written}/maximum of the model."


def test_a_closed_schema_names_what_it_does_not_allow() -> None:
    for generator in ("OpenAI", "GoogleGenAI"):
        model = translation(generator, schema=of({"temperature": {}}, additionalProperties=False))
        for name in ("max_tokens", "top_p", "stop"):
            assert places_and_codes(model, {name: 1}) == [(f"#/{name}", "unknown_parameter")]


def test_a_name_that_the_caller_invented_is_not_repeated() -> None:
    model = translation(schema=of({"temperature": {}}, additionalProperties=False))
    assert places_and_codes(model, {"frobnicate": 1}) == [("#", "unknown_parameter")]


def test_what_is_left_out_passes_a_closed_schema() -> None:
    model = translation("Anthropic", schema=of({"temperature": {}}, additionalProperties=False))
    assert model.asked({"user": "ada", "n": 1, "temperature": 1}) == Asked({"temperature": 1})


def test_what_is_left_out_is_still_held_to_what_the_schema_says_of_it() -> None:
    model = translation("Anthropic", schema=of({"user": {"maxLength": 2}}))
    assert places_and_codes(model, {"user": "ada"}) == [("#/user", "invalid_value")]


def test_a_value_is_checked_as_it_was_sent_under_the_name_it_was_sent_by() -> None:
    model = translation("Anthropic", schema=of({"tool_choice": {"enum": ["auto", "required"]}}))
    assert model.asked({"tool_choice": "required"}) == Asked({"tool_choice": {"type": "any"}})
    assert places_and_codes(model, {"tool_choice": "none"}) == [("#/tool_choice", "invalid_value")]


def test_a_value_is_checked_as_it_goes_out_under_the_generators_name() -> None:
    model = translation("Anthropic", schema=of({"stop_sequences": {"type": "array", "maxItems": 2}}))
    assert model.asked({"stop": "END"}) == Asked({"stop_sequences": ["END"]})
    assert places_and_codes(model, {"stop": ["a", "b", "c"]}) == [("#/stop", "invalid_value")]


@pytest.mark.parametrize(
    ("generator", "call"),
    [
        ("Anthropic", {"thinking_budget_tokens": 60_000}),
        ("Anthropic", {"thinking": {"type": "enabled", "budget_tokens": 60_000}}),
        ("Anthropic", {"output_config": {"effort": "max"}}),
        ("Anthropic", {"output_config_effort": "max"}),
        ("Anthropic", {"thinking_budget_tokens": 60_000, "thinking_type": "low"}),
        ("GoogleGenAI", {"thinking_level": "high"}),
        ("GoogleGenAI", {"thinking_config": {"thinking_level": "HIGH"}}),
        ("OpenAIResponses", {"reasoning": {"effort": "high"}}),
        ("OpenRouter", {"reasoning": {"effort": "high"}}),
        ("Cohere", {"thinking": {"type": "enabled"}}),
    ],
)
def test_no_name_of_the_generators_leads_around_an_effort(generator: str, call: dict[str, Any]) -> None:
    model = translation(generator, schema=of({"reasoning_effort": {"enum": ["low", "none"]}}))
    assert all(place.strip("#/") in call for place, _ in places_and_codes(model, call))


def test_a_required_parameter_may_come_by_another_name() -> None:
    model = translation("GoogleGenAI", schema=of({}, required=["max_tokens"]))
    assert model.asked({"max_output_tokens": 5}) == Asked({"max_output_tokens": 5})
    assert places_and_codes(model, {}) == [("#", "required")]


# --- two names ---


@pytest.mark.parametrize(
    ("generator", "call"),
    [
        ("OpenAI", {"max_tokens": 1, "max_completion_tokens": 1}),
        ("GoogleGenAI", {"max_tokens": 1, "max_output_tokens": 1}),
        ("Anthropic", {"stop": "a", "stop_sequences": ["a"]}),
        ("Anthropic", {"reasoning_effort": "low", "thinking_budget_tokens": 1024}),
        ("Anthropic", {"tool_choice": "auto", "tool_choice_type": "any"}),
        ("Anthropic", {"response_format": FORMAT, "output_config": {}}),
        ("AmazonBedrock", {"topP": 1, "top_p": 1}),
    ],
)
def test_two_names_of_one_meaning_are_refused(generator: str, call: dict[str, Any]) -> None:
    second = list(call)[1]
    assert places_and_codes(translation(generator), call)[0] == (f"#/{second}", "conflicting_parameters")


def test_parts_that_a_generator_names_one_by_one_go_together() -> None:
    call = {"tool_choice_type": "tool", "tool_choice_name": "weather", "parallel_tool_use": False}
    assert translation("Anthropic").asked(call) == Asked(call)


def test_meanings_that_share_a_name_go_together() -> None:
    sent = translation("Anthropic").asked({"reasoning_effort": "low", "response_format": FORMAT}).parameters
    assert sent.keys() == {"adaptive_thinking_effort", "output_config_format"}

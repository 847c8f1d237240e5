"""A model's own defaults: a call takes the place of those that mean the same, and they are held to the schema."""

from __future__ import annotations

from typing import Any

import pytest

from haymow.generators.dialects.translation import Asked, defaults_taken_out, held_defaults
from haymow.generators.parameters.checks import check_schema
from tests.generators.parameter_schemas import of
from tests.generators.translations import translation


@pytest.mark.parametrize(
    ("generator", "defaults", "call", "sent"),
    [
        ("OpenAI", {"max_tokens": 5}, {"max_completion_tokens": 9}, {"max_completion_tokens": 9}),
        ("OpenAI", {"max_completion_tokens": 5, "seed": 1}, {"max_tokens": 9}, {"seed": 1, "max_tokens": 9}),
        ("OpenAI", {"temperature": 0}, {"temperature": 1}, {"temperature": 1}),
        ("GoogleGenAI", {"max_output_tokens": 5}, {"max_tokens": 9}, {"max_output_tokens": 9}),
        ("GoogleGenAI", {"thinking_budget": 0}, {"reasoning_effort": "low"}, {"thinking_level": "low"}),
        ("Anthropic", {"thinking": {"type": "enabled", "budget_tokens": 2000}}, {"reasoning_effort": "low"},
         {"adaptive_thinking_effort": "low"}),
        ("Anthropic", {"tool_choice_type": "any"}, {"tool_choice": "auto"}, {"tool_choice": {"type": "auto"}}),
        ("Anthropic", {"disable_parallel_tool_use": True}, {"parallel_tool_calls": True}, {}),
        ("Anthropic", {"tool_choice_type": "tool"}, {"tool_choice_name": "a"},
         {"tool_choice_type": "tool", "tool_choice_name": "a"}),
        ("OpenAIResponses", {"text": {"verbosity": "low"}}, {"response_format": {"type": "json_object"}},
         {"text": {"verbosity": "low", "format": {"type": "json_object"}}}),
        ("OpenAIResponses", {"reasoning": {"summary": "auto"}}, {"reasoning_effort": "low"},
         {"reasoning": {"summary": "auto"}, "reasoning_effort": "low"}),
        ("OpenRouter", {"reasoning": {"max_tokens": 9, "exclude": True}}, {"reasoning_effort": "low"},
         {"reasoning": {"exclude": True, "effort": "low"}}),
        ("Mistral", {"max_completion_tokens": 5}, {"max_tokens": 9}, {"max_tokens": 9}),
    ],
)  # fmt: skip
def test_a_call_takes_the_place_of_the_defaults_that_mean_the_same(
    generator: str, defaults: dict[str, Any], call: dict[str, Any], sent: dict[str, Any]
) -> None:
    assert translation(generator, defaults=defaults).asked(call) == Asked(sent)


def test_defaults_are_held_to_the_schema_under_its_names() -> None:
    schema = of({"max_tokens": {"maximum": 100}}, additionalProperties=False, required=["max_tokens"])
    model = translation("GoogleGenAI", schema=schema, defaults={"max_output_tokens": 50})
    assert model.asked({}) == Asked({"max_output_tokens": 50})
    assert model.asked({"max_completion_tokens": 9}) == Asked({"max_output_tokens": 9})


def test_what_a_model_does_not_say_in_the_schemas_words_is_held_under_its_own_name() -> None:
    config = {
        "type": "x.AnthropicChatGenerator",
        "init_parameters": {
            "model": "m",
            "generation_kwargs": {"thinking_budget_tokens": 1024, "stop_sequences": ["a"]},
        },
    }
    schema = check_schema(of({"reasoning_effort": {"enum": ["low"]}, "stop": {"maxItems": 1}}))
    assert held_defaults(config, schema) == {"thinking_budget_tokens": 1024, "stop": ["a"]}


def test_a_translation_changes_neither_the_call_nor_the_defaults() -> None:
    defaults: dict[str, Any] = {"text": {"verbosity": "low"}}
    call = {"response_format": {"type": "json_object"}, "max_tokens": 1}
    translation("OpenAIResponses", defaults=defaults).asked(call)
    assert defaults == {"text": {"verbosity": "low"}}
    assert call == {"response_format": {"type": "json_object"}, "max_tokens": 1}


def test_defaults_leave_the_generator_and_are_joined_with_stop_words() -> None:
    config = {"init_parameters": {"generation_kwargs": {"stop": ["a"]}, "stop_words": ["b"]}}
    assert defaults_taken_out(config) == {"stop": ["a", "b"]}
    assert config == {"init_parameters": {"stop_words": ["b"]}}

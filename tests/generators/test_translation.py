"""OpenAI's parameters at every generator: what is sent, what is refused, and that no limit has a way around it."""

from __future__ import annotations

import inspect
import re
import timeit
from typing import Any

import pytest
from haystack.components.generators.chat import OpenAIResponsesChatGenerator
from openai import AsyncOpenAI

from haymow.errors import Fault, Invalid
from haymow.generators import generators, refuses_generation_kwarg
from haymow.generators.dialects.rules import OPENAI_NAMES, AllBut, Dialect
from haymow.generators.dialects.translation import (
    DIALECTS,
    Asked,
    Translation,
    defaults_taken_out,
    dialect_of,
    held_defaults,
)
from haymow.generators.parameters.checks import check_schema
from tests.generators import accepted

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
FORMAT = {"type": "json_schema", "json_schema": {"name": "place", "strict": True, "schema": SCHEMA}}
FUNCTION = {"type": "function", "function": {"name": "weather"}}
SAMPLES: dict[str, Any] = {
    "max_tokens": 9,
    "max_completion_tokens": 9,
    "temperature": 0.5,
    "top_p": 0.9,
    "top_k": 40,
    "stop": "END",
    "seed": 7,
    "reasoning_effort": "high",
    "response_format": FORMAT,
    "tool_choice": FUNCTION,
    "n": 2,
    "user": "ada",
    "parallel_tool_calls": False,
    "frequency_penalty": 0.5,
    "presence_penalty": 0.5,
    "logprobs": True,
    "store": True,
    "metadata": {"job": "7"},
}
"""One value of each parameter; none is what is so anyway, but `user`."""

REFUSED = None
LEFT_OUT: dict[str, Any] = {}
STOPS = ["END"]

# generator (with the model, where it decides) -> parameter -> what is sent. Those not named go as they are.
EXPECTED: dict[tuple[str, str], dict[str, dict[str, Any] | None]] = {
    ("OpenAI", ""): {},
    ("OpenRouter", ""): {"reasoning_effort": {"reasoning": {"effort": "high"}}},
    ("LiteLLM", ""): {},
    ("Mistral", ""): {
        "max_completion_tokens": {"max_tokens": 9},
        "seed": REFUSED, "store": REFUSED, "top_k": REFUSED, "user": LEFT_OUT,
    },
    ("HuggingFaceAPI", ""): {
        "max_completion_tokens": {"max_tokens": 9},
        "stop": {"stop": STOPS},
        "metadata": REFUSED, "n": REFUSED, "parallel_tool_calls": REFUSED, "reasoning_effort": REFUSED,
        "store": REFUSED, "top_k": REFUSED, "user": LEFT_OUT,
    },
    ("Watsonx", ""): {
        "stop": {"stop": STOPS},
        "metadata": REFUSED, "parallel_tool_calls": REFUSED, "store": REFUSED, "tool_choice": REFUSED,
        "top_k": REFUSED, "user": LEFT_OUT,
    },
    ("OpenAIResponses", ""): {
        "max_tokens": {"max_output_tokens": 9},
        "max_completion_tokens": {"max_output_tokens": 9},
        "response_format": {
            "text": {"format": {"type": "json_schema", "name": "place", "strict": True, "schema": SCHEMA}}
        },
        "tool_choice": {"tool_choice": {"type": "function", "name": "weather"}},
        "frequency_penalty": REFUSED, "logprobs": REFUSED, "n": REFUSED, "presence_penalty": REFUSED,
        "seed": REFUSED, "stop": REFUSED, "top_k": REFUSED,
    },
    ("Anthropic", ""): {
        "max_completion_tokens": {"max_tokens": 9},
        "parallel_tool_calls": {"parallel_tool_use": False},
        "reasoning_effort": {"adaptive_thinking_effort": "high"},
        "response_format": {"output_config_format": {"type": "json_schema", "schema": SCHEMA}},
        "stop": {"stop_sequences": STOPS},
        "tool_choice": {"tool_choice": {"type": "tool", "name": "weather"}},
        "frequency_penalty": REFUSED, "logprobs": REFUSED, "metadata": REFUSED, "n": REFUSED,
        "presence_penalty": REFUSED, "seed": REFUSED, "store": REFUSED, "user": LEFT_OUT,
    },
    ("GoogleGenAI", "gemini-3.8-flash"): {
        "max_tokens": {"max_output_tokens": 9},
        "max_completion_tokens": {"max_output_tokens": 9},
        "reasoning_effort": {"thinking_level": "high"},
        "response_format": {"response_mime_type": "application/json", "response_json_schema": SCHEMA},
        "stop": {"stop_sequences": STOPS},
        "tool_choice": {
            "tool_config": {"function_calling_config": {"mode": "ANY", "allowed_function_names": ["weather"]}}
        },
        "logprobs": REFUSED, "metadata": REFUSED, "n": REFUSED, "parallel_tool_calls": REFUSED, "store": REFUSED,
        "user": LEFT_OUT,
    },
    ("Cohere", ""): {
        "max_completion_tokens": {"max_tokens": 9},
        "reasoning_effort": {"thinking": {"type": "enabled"}},
        "response_format": {"response_format": {"type": "json_object", "json_schema": SCHEMA}},
        "stop": {"stop_sequences": STOPS},
        "top_k": {"k": 40},
        "top_p": {"p": 0.9},
        "metadata": REFUSED, "n": REFUSED, "parallel_tool_calls": REFUSED, "store": REFUSED, "tool_choice": REFUSED,
        "user": LEFT_OUT,
    },
    ("Ollama", ""): {
        "max_tokens": {"num_predict": 9},
        "max_completion_tokens": {"num_predict": 9},
        "stop": {"stop": STOPS},
        "logprobs": REFUSED, "metadata": REFUSED, "n": REFUSED, "parallel_tool_calls": REFUSED,
        "reasoning_effort": REFUSED, "response_format": REFUSED, "store": REFUSED, "tool_choice": REFUSED,
        "user": LEFT_OUT,
    },
    ("AmazonBedrock", "amazon.nova-pro-v1:0"): {
        "max_tokens": {"maxTokens": 9},
        "max_completion_tokens": {"maxTokens": 9},
        "response_format": {"response_format": {"name": "place", "schema": SCHEMA}},
        "stop": {"stopSequences": STOPS},
        "top_p": {"topP": 0.9},
        "frequency_penalty": REFUSED, "logprobs": REFUSED, "metadata": REFUSED, "n": REFUSED,
        "parallel_tool_calls": REFUSED, "presence_penalty": REFUSED, "reasoning_effort": REFUSED, "seed": REFUSED,
        "store": REFUSED, "tool_choice": REFUSED, "user": LEFT_OUT,
    },
}  # fmt: skip
EXPECTED["GoogleGenAI", "gemini-2.5-flash"] = {
    **EXPECTED["GoogleGenAI", "gemini-3.8-flash"],
    "reasoning_effort": {"thinking_budget": 24576},
}
EXPECTED["AmazonBedrock", "eu.anthropic.claude-sonnet-5-v1:0"] = {
    **EXPECTED["AmazonBedrock", "amazon.nova-pro-v1:0"],
    "parallel_tool_calls": {"parallel_tool_use": False},
    "reasoning_effort": {"adaptive_thinking_effort": "high"},
}
LIKE = {
    "OpenAI": "AIMLAPI AzureOpenAI CometAPI EdenAI Hetzner LlamaStack MetaLlama Mock Nvidia OrcaRouter Otari Runcrate "
    "STACKIT TogetherAI VLLM",
    "OpenAIResponses": "AzureOpenAIResponses Perplexity",
    "Anthropic": "AnthropicFoundry AnthropicVertex",
}
for like, names in LIKE.items():
    EXPECTED |= {(name, ""): EXPECTED[like, ""] for name in names.split()}

ROWS = [(*key, name, sent.get(name, {name: SAMPLES[name]})) for key, sent in EXPECTED.items() for name in SAMPLES]


def translation(
    generator: str = "OpenAI", model: str = "", schema: Any = None, defaults: dict[str, Any] | None = None
) -> Translation:
    return Translation(dialect_of(f"{generator}ChatGenerator", model), check_schema(schema or {}), defaults or {})


def of(properties: Any, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, **more}


def faults(translation: Translation, call: dict[str, Any]) -> list[Fault]:
    with pytest.raises(Invalid) as caught:
        translation.asked(call)
    return list(caught.value.faults)


def places_and_codes(translation: Translation, call: dict[str, Any]) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.code) for fault in faults(translation, call)]


# --- the table ---


@pytest.mark.parametrize(("generator", "model", "name", "sent"), ROWS)
def test_a_parameter_is_sent_as_the_generator_takes_it_or_refused(
    generator: str, model: str, name: str, sent: dict[str, Any] | None
) -> None:
    call = {name: SAMPLES[name]}
    if sent is REFUSED:
        assert places_and_codes(translation(generator, model), call) == [(f"#/{name}", "unsupported_parameter")]
    else:
        assert translation(generator, model).asked(call) == Asked(sent)


def test_the_table_has_every_generator_that_haymow_runs() -> None:
    running = {info.name for info in generators() if info.status == "available"}
    assert running == DIALECTS.keys()
    assert {f"{name}ChatGenerator" for name, _ in EXPECTED} == DIALECTS.keys()


@pytest.mark.parametrize("generator", sorted(DIALECTS))
def test_no_translation_leads_to_a_name_that_no_call_may_set(generator: str) -> None:
    for model in ("", "gemini-2.5-flash", "anthropic.claude"):
        dialect = dialect_of(generator, model)
        known = {*dialect.meanings} if isinstance(dialect.takes, AllBut) else {*dialect.meanings, *dialect.takes}  # type: ignore[misc]
        if generator != "LiteLLMChatGenerator":
            assert [name for name in known if refuses_generation_kwarg(generator, name)] == []


@pytest.mark.parametrize(
    "generator", ["Anthropic", "GoogleGenAI", "Cohere", "Ollama", "AmazonBedrock", "HuggingFaceAPI"]
)
def test_what_is_so_anyway_passes_without_being_sent(generator: str) -> None:
    call = {"user": "ada", "n": 1, "parallel_tool_calls": True, "frequency_penalty": 0, "presence_penalty": 0.0}
    sent = translation(generator).asked(call).parameters
    assert sent.keys() <= {"frequency_penalty", "presence_penalty"}


@pytest.mark.parametrize("generator", ["Anthropic", "GoogleGenAI", "Cohere", "Ollama", "HuggingFaceAPI", "Watsonx"])
@pytest.mark.parametrize("name", ["httpOptions", "system", "frobnicate", "cached_content", "previous_response_id"])
def test_a_name_that_nobody_knows_is_refused(generator: str, name: str) -> None:
    assert places_and_codes(translation(generator), {name: 1}) == [(f"#/{name}", "unsupported_parameter")]


# --- values ---


@pytest.mark.parametrize(
    ("generator", "value", "sent"),
    [
        ("Anthropic", "none", {"tool_choice": {"type": "none"}}),
        ("Anthropic", "auto", {"tool_choice": {"type": "auto"}}),
        ("Anthropic", "required", {"tool_choice": {"type": "any"}}),
        ("Anthropic", {"type": "any"}, {"tool_choice": {"type": "any"}}),
        ("Anthropic", "any", REFUSED),
        ("GoogleGenAI", "none", {"tool_config": {"function_calling_config": {"mode": "NONE"}}}),
        ("GoogleGenAI", "auto", {"tool_config": {"function_calling_config": {"mode": "AUTO"}}}),
        ("GoogleGenAI", "required", {"tool_config": {"function_calling_config": {"mode": "ANY"}}}),
        ("Cohere", "none", {"tool_choice": "NONE"}),
        ("Cohere", "auto", LEFT_OUT),
        ("Cohere", "required", {"tool_choice": "REQUIRED"}),
        ("Cohere", "REQUIRED", {"tool_choice": "REQUIRED"}),
        ("OpenAIResponses", "required", {"tool_choice": "required"}),
        ("OpenAIResponses", {"type": "allowed_tools"}, {"tool_choice": {"type": "allowed_tools"}}),
        ("Ollama", "auto", LEFT_OUT),
        ("Ollama", "required", REFUSED),
        ("Watsonx", "auto", LEFT_OUT),
        ("AmazonBedrock", "auto", LEFT_OUT),
        ("AmazonBedrock", "required", REFUSED),
        ("Anthropic", 5, REFUSED),
        ("Anthropic", ["auto"], REFUSED),
        ("Anthropic", {"type": "function", "function": {"name": 5}}, REFUSED),
        ("Anthropic", {"type": "function", "function": "weather"}, REFUSED),
    ],
)
def test_a_choice_of_tools_is_said_in_the_generators_words(
    generator: str, value: Any, sent: dict[str, Any] | None
) -> None:
    if sent is REFUSED:
        assert places_and_codes(translation(generator), {"tool_choice": value})[0][0] == "#/tool_choice"
    else:
        assert translation(generator).asked({"tool_choice": value}) == Asked(sent)


@pytest.mark.parametrize("generator", ["Ollama", "AmazonBedrock", "Watsonx"])
def test_tools_that_a_call_forbids_are_kept_from_a_generator_that_cannot_be_told(generator: str) -> None:
    assert translation(generator).asked({"tool_choice": "none"}) == Asked({}, without_tools=True)


@pytest.mark.parametrize(
    ("generator", "model", "efforts"),
    [
        ("Anthropic", "", {"none": "none", "minimal": "low", "low": "low", "xhigh": "xhigh", "5": REFUSED}),
        ("GoogleGenAI", "gemini-3", {"minimal": "minimal", "medium": "medium", "none": REFUSED}),
        ("GoogleGenAI", "gemini-2.5-pro", {"none": 0, "minimal": 1024, "medium": 8192, "xhigh": REFUSED}),
        ("Cohere", "", {"none": {"type": "disabled"}, "low": REFUSED}),
        ("OpenRouter", "", {"none": {"effort": "none"}, "xhigh": {"effort": "xhigh"}}),
    ],
)
def test_an_effort_is_said_in_the_generators_words(generator: str, model: str, efforts: dict[str, Any]) -> None:
    for effort, sent in efforts.items():
        call = {"reasoning_effort": effort}
        if sent is REFUSED:
            assert places_and_codes(translation(generator, model), call) == [
                ("#/reasoning_effort", "unsupported_parameter")
            ]
        else:
            assert list(translation(generator, model).asked(call).parameters.values()) == [sent]


@pytest.mark.parametrize(
    ("generator", "sent"),
    [
        ("GoogleGenAI", {"response_mime_type": "application/json"}),
        ("OpenAIResponses", {"text": {"format": {"type": "json_object"}}}),
        ("Cohere", {"response_format": {"type": "json_object"}}),
        ("HuggingFaceAPI", {"response_format": {"type": "json_object"}}),
        ("Mistral", {"response_format": {"type": "json_object"}}),
        ("Anthropic", REFUSED),
        ("AmazonBedrock", REFUSED),
    ],
)
def test_any_json_is_asked_for_where_a_generator_can_be(generator: str, sent: dict[str, Any] | None) -> None:
    call = {"response_format": {"type": "json_object"}}
    if sent is REFUSED:
        assert places_and_codes(translation(generator), call) == [("#/response_format", "unsupported_parameter")]
    else:
        assert translation(generator).asked(call) == Asked(sent)


def test_a_list_of_stops_stays_a_list() -> None:
    assert translation("Anthropic").asked({"stop": ["a", "b"]}) == Asked({"stop_sequences": ["a", "b"]})


def test_anthropics_metadata_is_the_user_alone() -> None:
    assert translation("Anthropic").asked({"metadata": {"user_id": "7"}}) == Asked({"metadata": {"user_id": "7"}})


# --- what the generators take ---


def _signature(method: Any) -> set[str]:
    return set(inspect.signature(method).parameters)


CLIENT = AsyncOpenAI(api_key="none")
CHAT = _signature(CLIENT.chat.completions.create)
RESPONSES = _signature(CLIENT.responses.create)


def _sent_by(generator: str, model: str = "") -> set[str]:
    """Every name that is ever sent: those of the samples, and those that go as they are."""
    dialect = dialect_of(f"{generator}ChatGenerator", model)
    rows = [sent for name, _, _, sent in ROWS if name == generator and sent is not REFUSED]
    as_it_is: set[str] = set() if isinstance(dialect.takes, AllBut) else {*dialect.takes}  # type: ignore[misc]
    return {name for sent in rows for name in sent} | as_it_is


def test_openais_names_are_those_of_its_sdk() -> None:
    of_the_connection = {"messages", "model", "tools", "stream", "stream_options", "timeout"}
    assert {name for name in CHAT - of_the_connection if not name.startswith("extra_")} == OPENAI_NAMES


def test_the_responses_sdk_takes_what_is_sent() -> None:
    component = OpenAIResponsesChatGenerator(model="m")
    sent: dict[str, Any] = {name: {} for name in _sent_by("OpenAIResponses")} | {
        "reasoning_effort": "low",
        "verbosity": "low",
    }
    sent |= {"include": [], "include_reasoning_encrypted_content": True}
    made = component._prepare_api_call(messages=[], generation_kwargs=sent)
    assert made.keys() - {"openai_endpoint"} <= RESPONSES


@pytest.mark.parametrize(
    ("generator", "takes"),
    [
        ("GoogleGenAI", accepted.GOOGLE),
        ("Cohere", accepted.COHERE),
        ("Ollama", accepted.OLLAMA),
        ("HuggingFaceAPI", accepted.HUGGING_FACE),
        ("Watsonx", accepted.WATSONX),
        ("Mistral", accepted.MISTRAL_API & (CHAT | accepted.MISTRAL_EXTRA)),
    ],
)
def test_the_generator_takes_what_is_sent(generator: str, takes: frozenset[str]) -> None:
    assert _sent_by(generator) - takes == set()


def test_anthropic_drops_nothing_that_is_sent() -> None:
    known = accepted.ANTHROPIC
    unknown = {name for name in _sent_by("Anthropic") - known if not name.startswith(accepted.ANTHROPIC_PREFIXES)}
    assert unknown == set()


def test_nothing_of_openais_reaches_the_additional_fields_of_bedrock() -> None:
    sent = {name for generator, _, _, sent in ROWS if generator == "AmazonBedrock" and sent for name in sent}
    assert sent - accepted.BEDROCK == {"top_k"}  # Bedrock has no name for it, but models do


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


# --- defaults ---


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


# --- the words of a refusal, and its cost ---


@pytest.mark.parametrize(("generator", "model"), list(EXPECTED))
def test_a_refusal_repeats_no_value(generator: str, model: str) -> None:
    for name in SAMPLES:
        try:
            translation(generator, model).asked({name: "zq-canary"})
        except Invalid as error:
            said = f"{error.message} {error.faults}"
            assert "canary" not in said and re.search(r"#/\w+", said)


def test_a_call_of_openais_family_costs_microseconds() -> None:
    model = translation(schema=of({"temperature": {"maximum": 2}}), defaults={"seed": 1})
    call = {"temperature": 0.5, "top_p": 0.9}
    plain, renamed = (
        min(timeit.repeat(lambda call=call: model.asked(call), number=200, repeat=20)) / 200  # type: ignore[misc]
        for call in (call, {**call, "max_completion_tokens": 5})
    )
    assert plain < 50e-6 and renamed < 100e-6


def test_a_dialect_is_one_object_however_many_models_speak_it() -> None:
    first: Dialect = dialect_of("OpenAIChatGenerator", "a")
    assert first is dialect_of("OpenAIChatGenerator", "b")

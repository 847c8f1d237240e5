"""OpenAI's parameters at every generator: what is sent, what is refused, in which words and at what cost."""

from __future__ import annotations

import re
import timeit
from functools import partial
from typing import Any

import pytest

from haymow.errors import Invalid
from haymow.generators import generators, refuses_generation_kwarg
from haymow.generators.dialects.rules import Dialect
from haymow.generators.dialects.translation import DIALECTS, Asked, dialect_of
from tests.generators.parameter_schemas import of
from tests.generators.translations import (
    EXPECTED,
    LEFT_OUT,
    REFUSED,
    ROWS,
    SAMPLES,
    names_in,
    places_and_codes,
    translation,
)

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
        known = {*dialect.meanings, *names_in(dialect.takes)}
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
        min(timeit.repeat(partial(model.asked, call), number=200, repeat=20)) / 200
        for call in (call, {**call, "max_completion_tokens": 5})
    )
    assert plain < 50e-6 and renamed < 100e-6


def test_a_dialect_is_one_object_however_many_models_speak_it() -> None:
    first: Dialect = dialect_of("OpenAIChatGenerator", "a")
    assert first is dialect_of("OpenAIChatGenerator", "b")

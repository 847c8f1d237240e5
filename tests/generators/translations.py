"""OpenAI's parameters, what each generator is sent for them, and a translation to ask."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

import pytest

from haymow.errors import Fault, Invalid
from haymow.generators.dialects.translation import Translation, dialect_of
from haymow.generators.parameters.checks import check_schema

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


def faults(translation: Translation, call: dict[str, Any]) -> list[Fault]:
    with pytest.raises(Invalid) as caught:
        translation.asked(call)
    return list(caught.value.faults)


def places_and_codes(translation: Translation, call: dict[str, Any]) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.code) for fault in faults(translation, call)]


def names_in(takes: Container[str]) -> set[str]:
    """What a dialect takes, as far as it is a list: of all but some names, none."""
    return set(takes) if isinstance(takes, Iterable) else set()

"""What is sent for OpenAI's parameters is what the generators and their SDKs take."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from haystack.components.generators.chat import OpenAIResponsesChatGenerator
from openai import AsyncOpenAI

from haymow.generators.dialects.rules import OPENAI_NAMES
from haymow.generators.dialects.translation import dialect_of
from tests.generators import accepted
from tests.generators.translations import REFUSED, ROWS, names_in


def _signature(method: Any) -> set[str]:
    return set(inspect.signature(method).parameters)


CLIENT = AsyncOpenAI(api_key="none")
CHAT = _signature(CLIENT.chat.completions.create)
RESPONSES = _signature(CLIENT.responses.create)


def _sent_by(generator: str, model: str = "") -> set[str]:
    """Every name that is ever sent: those of the samples, and those that go as they are."""
    dialect = dialect_of(f"{generator}ChatGenerator", model)
    rows = [sent for name, _, _, sent in ROWS if name == generator and sent is not REFUSED]
    return {name for sent in rows for name in sent} | names_in(dialect.takes)


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

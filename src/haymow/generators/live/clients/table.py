"""Which generator's clients are given by whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from haymow.generators.live.clients import anthropic, bedrock, cohere, google, ollama, openai
from haymow.generators.live.clients.settings import TakeOver
from haymow.generators.signatures import GeneratorInfo

_TAKE_OVERS: Final[dict[str, TakeOver]] = {
    "AmazonBedrockChatGenerator": bedrock.take_over,
    "AnthropicChatGenerator": anthropic.take_over,
    "AnthropicFoundryChatGenerator": anthropic.take_over_foundry,
    "CohereChatGenerator": cohere.take_over,
    "GoogleGenAIChatGenerator": google.take_over,
    "OllamaChatGenerator": ollama.take_over,
}
_REFUSALS: Final[dict[str, Callable[[Mapping[str, Any]], str | None]]] = {
    "AmazonBedrockChatGenerator": bedrock.refusal,
    "GoogleGenAIChatGenerator": google.refusal,
}


def take_over_of(info: GeneratorInfo) -> TakeOver | None:
    """How a generator's calls are led through the door; None when haymow knows no way."""
    return openai.take_over if speaks_openai(info) else _TAKE_OVERS.get(info.name)


def refusal_of(name: str, parameters: Mapping[str, Any]) -> str | None:
    """Why haymow calls no definition with these init parameters, whatever the generator; None when it does."""
    refusal = _REFUSALS.get(name)
    return None if refusal is None else refusal(parameters)


def speaks_openai(info: GeneratorInfo) -> bool:
    """Whether it calls through OpenAI's SDK: the generators that let one set up its clients, and one that does not."""
    return "http_client_kwargs" in info.schema["properties"] or info.name == "MetaLlamaChatGenerator"

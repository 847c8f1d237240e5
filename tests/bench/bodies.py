"""Bodies of 2 KB, as a person's definitions look. `%(n)010d` in them becomes a number that never comes again."""

from __future__ import annotations

import json
from typing import Any

BYTES = 2048
SECRET = "OPENAI_API_KEY"
N = "%(n)010d"

_OPENAI = "haystack.components.generators.chat.openai.OpenAIChatGenerator"
_FILLER = "What callers may set for this model, and what it does to the answers they get. "


def update() -> str:
    """A PATCH that changes provider, chat_generator_config and generation_kwargs."""
    return _filled({"provider": f"openai-{N}", **_documents()})


def new_model() -> str:
    """A POST of one more model."""
    return _filled({"name": f"Model {N}", "provider": "openai", **_documents()})


def chat(model: str, *, stream: bool = False, asking: str = "") -> str:
    """A chat completion of one short message, with parameters that haymow checks; `asking` is for the provider."""
    message = {"role": "user", "content": f"Say hello to number {N}. {asking}".strip()}
    asked = {"model": model, "messages": [message], "temperature": 0.2, "max_completion_tokens": 64}
    return json.dumps({**asked, "stream": True} if stream else asked)


def served_model(upstream: str) -> dict[str, Any]:
    """A model whose calls go to `upstream`."""
    return {
        "name": "bench-chat",
        "provider": "openai",
        "chat_generator_config": {
            "type": _OPENAI,
            "init_parameters": {"api_key": _secret("BENCH_KEY"), "model": "scripted-1", "api_base_url": upstream},
        },
        "generation_kwargs": _parameters("Seed"),
    }


def numbers_of(model: dict[str, Any]) -> set[int]:
    """The numbers in the three fields that an update changes; one number when they belong together."""
    config, kwargs = model["chat_generator_config"]["init_parameters"], model["generation_kwargs"]
    texts = (model["provider"], config["model"], kwargs["properties"]["seed"]["title"])
    return {int(text[-10:]) for text in texts}


def _documents() -> dict[str, Any]:
    return {
        "chat_generator_config": {
            "type": _OPENAI,
            "init_parameters": {
                "api_key": _secret(SECRET),
                "model": f"gpt-5-{N}",
                "timeout": 30.0,
                "max_retries": 2,
                "generation_kwargs": {"temperature": 0.2, "max_completion_tokens": 512, "seed": 7},
            },
        },
        "generation_kwargs": _parameters(f"Seed {N}"),
    }


def _parameters(seed_title: str) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "temperature": {"title": "Temperature", "type": "number", "minimum": 0, "maximum": 2},
            "top_p": {"title": "Top p", "type": "number", "exclusiveMinimum": 0, "maximum": 1},
            "max_completion_tokens": {"title": "Most tokens", "type": "integer", "minimum": 1, "maximum": 16384},
            "seed": {"title": seed_title, "type": "integer"},
            "stop": {"title": "Stop", "type": "array", "items": {"type": "string"}, "maxItems": 4},
            "reasoning_effort": {"title": "Effort", "enum": ["minimal", "low", "medium", "high"]},
            "frequency_penalty": {"title": "Frequency penalty", "type": "number", "minimum": -2, "maximum": 2},
            "presence_penalty": {"title": "Presence penalty", "type": "number", "minimum": -2, "maximum": 2},
        },
        "description": "",
    }


def _secret(name: str) -> dict[str, Any]:
    return {"type": "env_var", "env_vars": [name], "strict": True}


def _filled(body: dict[str, Any]) -> str:
    """The body as JSON of exactly BYTES, once its numbers are in."""
    missing = BYTES - len(json.dumps(body) % {"n": 0})
    body["generation_kwargs"]["description"] = (_FILLER * (missing // len(_FILLER) + 1))[:missing]
    return json.dumps(body)

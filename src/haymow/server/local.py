"""The local language model, as everyone sees it: a model of the platform whose key is a secret of the organization."""

from __future__ import annotations

import secrets as randomness
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

from haymow.egress import Allowance
from haymow.local_model import HOST, MODEL, LocalModel
from haymow.server.audit.rules import Actor
from haymow.server.registry.proposals import Change
from haymow.server.secrets.rules import SecretScope, SecretValue, entered
from haymow.server.secrets.service import Secrets
from haymow.server.settings import Settings

MODEL_ID = UUID("6d1b1f0c-6f6a-4c52-9d57-3f0e5d3a7c11")
SECRET_NAME = "LOCAL_MODEL_API_KEY"
OLLAMA_PORT = 11434

GENERATION_KWARGS = {
    "type": "object",
    "properties": {
        "temperature": {"title": "Temperature", "type": "number", "minimum": 0, "maximum": 2},
        "top_p": {"title": "Top p", "type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "max_tokens": {"title": "Most tokens", "type": "integer", "minimum": 1, "maximum": 2048},
        "seed": {"title": "Seed", "type": "integer"},
        "stop": {"title": "Stop", "type": ["string", "array"], "items": {"type": "string"}},
    },
}


@asynccontextmanager
async def running(
    settings: Settings, secrets: Secrets, operator: Actor, say: Callable[[str], None]
) -> AsyncIterator[dict[UUID, Change]]:
    """The local model running, when it is asked for, and the platform's models that there are with it."""
    if not settings.local_model:
        yield {}
        return
    key = await _key(settings, secrets, operator)
    model = await LocalModel.start(settings.local_model_port, key, say)
    try:
        yield {MODEL_ID: change(settings)}
    finally:
        await model.stop()


async def _key(settings: Settings, secrets: Secrets, operator: Actor) -> str:
    """The key that the organization has for it, made on the first start and when the port is another one."""
    scope, destination = SecretScope(operator.organization_id), f"{HOST}:{settings.local_model_port}"
    ref = (await secrets.named(scope, [SECRET_NAME])).get(SECRET_NAME)
    if ref is not None and ref.hosts == (destination,):
        return (await secrets.reveal([ref]))[SECRET_NAME].reveal()
    key = randomness.token_urlsafe(32)
    await secrets.put(operator, scope, SECRET_NAME, entered(SecretValue(key), [destination]))
    return key


def allowances(settings: Settings) -> frozenset[Allowance]:
    """Where models may be called on this machine: the local model, and Ollama where it usually is."""
    return frozenset({(HOST, settings.local_model_port), (HOST, OLLAMA_PORT), ("[::1]", OLLAMA_PORT)})


def change(settings: Settings) -> Change:
    """The definition of the local model."""
    return Change(
        name=MODEL,
        provider="local",
        chat_generator_config={
            "type": "haystack.components.generators.chat.openai.OpenAIChatGenerator",
            "init_parameters": {
                "api_key": {"type": "env_var", "env_vars": [SECRET_NAME], "strict": True},
                "model": MODEL,
                "api_base_url": f"http://{HOST}:{settings.local_model_port}/v1",
                "generation_kwargs": {"max_tokens": 512},  # it is small, and would ramble to the end of its context
            },
        },
        generation_kwargs=GENERATION_KWARGS,
    )

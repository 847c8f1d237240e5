"""A haymow with models that pipelines use: the real local one, and those of a scripted upstream."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from haystack import Pipeline
from haystack.dataclasses import ChatMessage
from haystack.utils import Secret

from haystack_integrations.components.generators.haymow import HaymowChatGenerator
from tests.running import RunningServer
from tests.server.access.people import unique
from tests.server.registry.shelf import Shelf, openai_config
from tests.upstream import Upstream

LOCAL = "SmolLM2-135M-Instruct"
SERVER_KEY = "sk-of-the-server-5b1f"
OWN_KEY = "sk-of-the-pipeline-90c2"
KEY_NAME = "SCRIPTED_API_KEY"
QUESTION = [
    ChatMessage.from_system("You are a helpful assistant."),
    ChatMessage.from_user("What is the capital of France?"),
]
LOGGER = "haystack_integrations.components.generators.haymow.kept"
"""Of what is said while the last good definition is used."""
GENERATOR = "haystack_integrations.components.generators.haymow.chat.chat_generator.HaymowChatGenerator"


@dataclass(frozen=True)
class House:
    """The server, a workspace of it with a secret for the upstream, and the upstream."""

    server: RunningServer
    client: httpx.Client
    workspace: str
    upstream: Upstream

    @property
    def shelf(self) -> Shelf:
        return Shelf(self.client, f"/api/v2/workspaces/{self.workspace}")

    @property
    def workspace_name(self) -> str:
        listed = self.client.get("/api/v1/workspaces").json()
        return next(str(one["name"]) for one in listed if one["workspace_id"] == self.workspace)

    @property
    def destination(self) -> str:
        return f"127.0.0.1:{self.upstream.port}"

    def model(self, name: str | None = None, schema: Mapping[str, Any] | None = None, **parameters: Any) -> Any:
        """A new model that calls the upstream."""
        config = openai_config(KEY_NAME, model="scripted", api_base_url=self.upstream.url, **parameters)
        name = name or unique("scripted")
        body = {"name": name, "provider": "scripted", "chat_generator_config": config}
        return self.shelf.made({**body, "generation_kwargs": schema or {}})

    def generator(self, model: str, **more: Any) -> HaymowChatGenerator:
        """The component, set up for this house."""
        given: dict[str, Any] = {"workspace": self.workspace, "api_base_url": self.server.url, **more}
        if given.get("mode") == "local":
            given.setdefault("local_hosts", {self.destination: [KEY_NAME]})
        return HaymowChatGenerator(model, **given)

    def settings(self, model: str, mode: str = "remote") -> dict[str, Any]:
        """The component's init parameters as a person would write them in YAML."""
        given = {"model": model, "workspace": self.workspace_name, "api_base_url": self.server.url, "mode": mode}
        return given | ({"local_hosts": {self.destination: [KEY_NAME]}} if mode == "local" else {})


def loaded(component: Mapping[str, Any]) -> Pipeline:
    """A pipeline of one component, `it`, by way of YAML that has been there and back."""
    text = json.dumps({"components": {"it": component}, "connections": []})  # JSON is YAML
    once = Pipeline.loads(text, allowed_modules=["tests.*"]).dumps()
    again = Pipeline.loads(once, allowed_modules=["tests.*"])
    assert again.dumps() == once
    return again


def awaited(asked: Any, *given: Any, **named: Any) -> dict[str, Any]:
    """What a component or a pipeline answers on an event loop of its own, closed before the loop ends.

    What is left to the garbage collector closes itself, perhaps in another test's loop.
    """

    async def answer() -> dict[str, Any]:
        try:
            return dict(await asked.run_async(*given, **named))
        finally:
            await asked.close_async()

    return asyncio.run(answer())


async def collected(answer: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """An answer; what nobody holds any more is collected before the loop ends, and says what it has to say."""
    result = await answer
    gc.collect()
    for _ in range(10):
        await asyncio.sleep(0)
    return result


def key(text: str) -> Secret:
    """An API key that is given, not named."""
    return Secret.from_token(text)

"""Models that call a scripted provider, on a whole haymow, and tests of their connections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from tests.server.access.people import unique
from tests.server.registry.shelf import Shelf, openai_config
from tests.upstream import Upstream

KEY = "sk-canary-probed-77c1"
SECRET = "PROBED_KEY"


@dataclass(frozen=True)
class Bench:
    """A workspace whose secret `PROBED_KEY` may go to `upstream`."""

    shelf: Shelf
    upstream: Upstream

    def enter(self) -> dict[str, Any]:
        """Enter the secret."""
        return self.shelf.enter(SECRET, KEY, hosts=[f"127.0.0.1:{self.upstream.port}"])

    def body(self, schema: Any = None, **parameters: Any) -> dict[str, Any]:
        """A definition that calls the provider with the secret."""
        config = openai_config(SECRET, model="scripted", api_base_url=self.upstream.url, **parameters)
        name, kwargs = unique("m"), schema or {}
        return {"name": name, "provider": "openai", "chat_generator_config": config, "generation_kwargs": kwargs}

    def made(self, schema: Any = None, **parameters: Any) -> dict[str, Any]:
        """A model of it."""
        return self.shelf.made(self.body(schema, **parameters))

    def ask(self, model_id: str, **more: Any) -> httpx.Response:
        return self.shelf.client.post(f"{self.shelf.models}/{model_id}/test", **more)

    def tested(self, model: dict[str, Any]) -> dict[str, Any]:
        """What a test of it says."""
        answer = self.ask(model["model_id"])
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def connected(self, model: dict[str, Any]) -> bool | None:
        """What GET says, after making sure that all other ways of asking say it too."""
        found: bool | None = self.shelf.read(model["model_id"]).json()["connected"]
        listed = {one["model_id"]: one["connected"] for one in self.shelf.page().json()["data"]}
        kept = {one["model_id"] for one in self.shelf.page(connected=str(bool(found)).lower()).json()["data"]}
        assert listed[model["model_id"]] == found
        assert (model["model_id"] in kept) is (found is not None)
        return found

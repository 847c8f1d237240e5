"""A workspace of one test, filled through the API with what the test then looks at in the browser."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

OPENAI = "haystack.components.generators.chat.openai.OpenAIChatGenerator"


@dataclass(frozen=True)
class Place:
    """The workspace, and a client with its administrator's token."""

    name: str
    workspace_id: str
    client: httpx.Client

    def screen(self, name: str) -> str:
        """The address of one of its screens."""
        return f"/w/{self.name}/{name}"

    def model(self, name: str, url: str = "https://api.openai.com/v1", key: str = "OPENAI_API_KEY", **more: Any) -> str:
        """A new model that calls `url` with the secret `key`; gives its id."""
        made = self._post("models/custom", {**definition(name, url, key), **more})
        return str(made["model_id"])

    def secret(self, name: str, value: str, *hosts: str) -> str:
        """A new secret; gives its id."""
        return str(self._post("secrets", {"name": name, "secret": value, "hosts": list(hosts) or None})["secret_id"])

    def change(self, model_id: str, **fields: Any) -> None:
        """What somebody else does to a model."""
        changed = self.client.patch(self._path(f"models/custom/{model_id}"), json=fields)
        assert changed.status_code == 200, changed.text

    def read(self, path: str, **query: Any) -> Any:
        answer = self.client.get(self._path(path), params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        made = self.client.post(self._path(path), json=body)
        assert made.status_code == 201, made.text
        return made.json()

    def _path(self, path: str) -> str:
        return f"/api/v2/workspaces/{self.workspace_id}/{path}"


def new_place(client: httpx.Client) -> Place:
    """A new, empty workspace."""
    name = f"team-{uuid.uuid4().hex[:8]}"
    made = client.post("/api/v1/workspaces", json={"name": name})
    assert made.status_code == 201, made.text
    return Place(name, str(made.json()["workspace_id"]), client)


def definition(name: str, url: str, key: str = "OPENAI_API_KEY") -> dict[str, Any]:
    """A model of OpenAI's generator, with a parameter of either kind."""
    parameters = {
        "model": "gpt-5",
        "api_key": {"type": "env_var", "env_vars": [key], "strict": True},
        "api_base_url": url,
        "timeout": 20,
        "max_retries": 0,
    }
    temperature = {"type": "number", "minimum": 0, "maximum": 2}
    return {
        "name": name,
        "provider": "openai",
        "chat_generator_config": {"type": OPENAI, "init_parameters": parameters},
        "generation_kwargs": {"type": "object", "properties": {"temperature": temperature}},
    }

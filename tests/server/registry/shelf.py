"""The models of a workspace or of the organization, as a client asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from tests.server.access.people import unique

UNKNOWN = "00000000-0000-4000-8000-000000000000"
GONE = "We couldn't find a model with this ID. Check the ID and try again."
TAKEN = "A model with this name already exists."
INVALID = "The model configuration is invalid."

ORGANIZATION = "/api/v2"


@dataclass(frozen=True)
class Shelf:
    """The models below one prefix; every method is one request."""

    client: httpx.Client
    prefix: str

    @property
    def models(self) -> str:
        return f"{self.prefix}/models"

    @property
    def custom(self) -> str:
        return f"{self.models}/custom"

    def create(self, body: Any, **headers: str) -> httpx.Response:
        return self.client.post(self.custom, json=body, headers=headers)

    def made(self, body: Any) -> dict[str, Any]:
        """A model that is there now."""
        made = self.create(body)
        assert made.status_code == 201, made.text
        return dict(made.json())

    def read(self, model_id: str) -> httpx.Response:
        return self.client.get(f"{self.models}/{model_id}")

    def patch(self, model_id: str, body: Any, **headers: str) -> httpx.Response:
        return self.client.patch(f"{self.custom}/{model_id}", json=body, headers=headers)

    def delete(self, model_id: str, **headers: str) -> httpx.Response:
        return self.client.delete(f"{self.custom}/{model_id}", headers=headers)

    def page(self, **parameters: Any) -> httpx.Response:
        return self.client.get(self.models, params=parameters)

    def names(self, **parameters: Any) -> list[str]:
        """The names on one page."""
        answer = self.page(**parameters)
        assert answer.status_code == 200, answer.text
        return [model["name"] for model in answer.json()["data"]]

    def pages(self, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Every page, until one says that it is the last."""
        for number in range(1, 1000):
            page = self.page(page_number=number, **parameters).json()
            yield page
            if not page["has_more"]:
                return

    def validate(self, body: Any, **headers: str) -> httpx.Response:
        return self.client.post(f"{self.models}/validate", json=body, headers=headers)

    def revisions(self, model_id: str, **parameters: Any) -> httpx.Response:
        return self.client.get(f"{self.models}/{model_id}/revisions", params=parameters)

    def revision(self, model_id: str, number: Any) -> httpx.Response:
        return self.client.get(f"{self.models}/{model_id}/revisions/{number}")

    def restore(self, model_id: str, number: Any, **headers: str) -> httpx.Response:
        return self.client.post(f"{self.models}/{model_id}/revisions/{number}/restore", headers=headers)

    def audit(self, model_id: str) -> list[dict[str, Any]]:
        """What the record says of one model, newest first."""
        page = self.client.get(f"{self.prefix}/audit").json()
        return [entry for entry in page["data"] if entry["subject_id"] == model_id]

    def enter(self, name: str, value: str = "sk-live-canary-81d2", **more: Any) -> dict[str, Any]:
        """A secret that is there now."""
        made = self.client.post(f"{self.prefix}/secrets", json={"name": name, "secret": value, **more})
        assert made.status_code == 201, made.text
        return dict(made.json())


def faults(response: httpx.Response) -> dict[str, str]:
    """Each fault's pointer and code."""
    return {fault["pointer"]: fault["code"] for fault in response.json()["details"]}


def secret_name() -> str:
    """A name without usual hosts that no other test has: the organization's secrets are everyone's."""
    return unique("KEY").replace("-", "_").upper()


def openai_config(secret: str = "OPENAI_API_KEY", **parameters: Any) -> dict[str, Any]:
    """A definition that names one secret."""
    key = {"type": "env_var", "env_vars": [secret], "strict": True}
    return {
        "type": "haystack.components.generators.chat.openai.OpenAIChatGenerator",
        "init_parameters": {"api_key": key, **parameters},
    }

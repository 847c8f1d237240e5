"""A model that abuse is tried on: nothing about it may change on the way to a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.conftest import definition

UNKNOWN = "00000000-0000-4000-8000-000000000000"
OPENAI = "haystack.components.generators.chat.openai.OpenAIChatGenerator"


def config(type: object = OPENAI, **parameters: Any) -> dict[str, Any]:
    """A `chat_generator_config`."""
    return {"type": type, "init_parameters": {"model": "gpt-5", **parameters}}


def named(*names: str, strict: bool = True) -> dict[str, Any]:
    """A Secret parameter that names secrets."""
    return {"type": "env_var", "env_vars": list(names), "strict": strict}


class Subject:
    """A registered model, the workspace around it, and what of them must stay as it is."""

    def __init__(self, client: httpx.Client, workspace: str, body: dict[str, Any] | None = None) -> None:
        self.client = client
        self.workspace = workspace
        self.home = f"/api/v2/workspaces/{workspace}"
        self.collection = f"{self.home}/models/custom"
        made = client.post(self.collection, json=body or definition())
        assert made.status_code == 201, made.text
        self.model: dict[str, Any] = made.json()
        self.id = str(self.model["model_id"])
        self.url = f"{self.collection}/{self.id}"
        self.read_url = f"{self.home}/models/{self.id}"

    def patch(self, body: Any, **headers: str) -> httpx.Response:
        return self.client.patch(self.url, json=body, headers=headers)

    def patch_raw(self, body: bytes, **headers: str) -> httpx.Response:
        """PATCH with these bytes, said to be JSON unless `headers` say otherwise."""
        return self.client.patch(self.url, content=body, headers={"content-type": "application/json", **headers})

    def patch_config(self, type: object = OPENAI, **parameters: Any) -> httpx.Response:
        return self.patch({"chat_generator_config": config(type, **parameters)})

    def chat(self, **more: Any) -> httpx.Response:
        body = {"model": self.model["name"], "messages": [{"role": "user", "content": "Hi"}], **more}
        return self.client.post(f"{self.home}/openai/v1/chat/completions", json=body)

    def state(self) -> list[Any]:
        """The model with its ETag, all models around it, and the audit record, in which every change shows."""
        model = self.client.get(self.read_url)
        around = ("models?include_shadowed=true", "audit")
        texts = [self.client.get(f"{self.home}/{part}").text for part in around]
        return [model.text, model.headers.get("etag"), *texts]

    @contextmanager
    def unharmed(self) -> Iterator[None]:
        """Within the block nothing may change."""
        before = self.state()
        yield
        assert self.state() == before


def refused(answer: httpx.Response, status: int) -> dict[str, str]:
    """Check that an answer is the problem it should be, and give its faults: pointer -> code."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem.keys() == {"type", "title", "status", "detail", "code", "request_id", "message", "details"}
    assert problem["status"] == status
    assert problem["type"] == f"/errors/{problem['code']}"
    assert problem["message"] == problem["detail"] != ""
    assert answer.headers["x-request-id"] == problem["request_id"]
    return {fault["pointer"]: fault["code"] for fault in problem["details"]}


def without_request_id(answer: httpx.Response) -> dict[str, Any]:
    """A problem without the one part that always differs."""
    return {key: value for key, value in answer.json().items() if key != "request_id"}


def attempts(home: str, model_id: str) -> list[tuple[str, str, Any]]:
    """Every verb on a model by its id, below the prefix `home`."""
    model = f"{home}/models/{model_id}"
    return [
        ("GET", model, None),
        ("PATCH", f"{home}/models/custom/{model_id}", {"name": "taken over"}),
        ("DELETE", f"{home}/models/custom/{model_id}", None),
        ("GET", f"{model}/revisions", None),
        ("GET", f"{model}/revisions/1", None),
        ("POST", f"{model}/revisions/1/restore", None),
        ("POST", f"{home}/models/validate", {"model_id": model_id, "name": "taken over"}),
    ]

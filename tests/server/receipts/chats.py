"""Chats with a scripted provider, which may be sent under keys."""

from __future__ import annotations

import httpx
from openai.types.chat import ChatCompletionUserMessageParam

from tests.abuse.subject import config, named
from tests.conftest import definition
from tests.server.access.people import new_secret, new_workspace
from tests.upstream import Upstream

HI: dict[str, list[ChatCompletionUserMessageParam]] = {"messages": [{"role": "user", "content": "Hi"}]}


class Chats:
    """Chats with a model of a workspace, under keys."""

    def __init__(self, client: httpx.Client, upstream: Upstream) -> None:
        self.client, self.upstream = client, upstream
        self.workspace = new_workspace(client)[1]
        self.home = f"/api/v2/workspaces/{self.workspace}"
        new_secret(client, self.workspace, "UPSTREAM_KEY", hosts=[f"http://127.0.0.1:{upstream.port}"])
        settings = config(api_key=named("UPSTREAM_KEY"), api_base_url=upstream.url, max_retries=0)
        made = client.post(
            f"{self.home}/models/custom", json=definition("m", chat_generator_config=settings, generation_kwargs={})
        )
        assert made.status_code == 201, made.text
        self.model_id = made.json()["model_id"]
        self.url = f"{self.home}/openai/v1/chat/completions"

    def send(self, key: str | None, client: httpx.Client | None = None, **more: object) -> httpx.Response:
        headers = {} if key is None else {"idempotency-key": key}
        return (client or self.client).post(self.url, json={"model": "m", **HI, **more}, headers=headers)

    def code(self, answer: httpx.Response, status: int) -> str:
        assert answer.status_code == status, answer.text
        return str(answer.json()["error"]["code"])

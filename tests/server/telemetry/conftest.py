"""A workspace with a model that calls a scripted provider, on a server of its own whose log tests read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import client_of, definition
from tests.running import RunningServer, running
from tests.server.telemetry.collector import Collector, collecting
from tests.upstream import Upstream
from tests.waiting import wait_until

KEY = "sk-canary-77aa01"


@dataclass(frozen=True)
class Place:
    """`client` is the administrator's; `model` is one that calls `upstream`, as haymow answers it."""

    server: RunningServer
    client: httpx.Client
    upstream: Upstream
    workspace: str
    model: Mapping[str, Any]

    @property
    def home(self) -> str:
        return f"/api/v2/workspaces/{self.workspace}"

    def chat(self, **more: Any) -> httpx.Response:
        asked = {"model": self.model["name"], "messages": [{"role": "user", "content": "canary-hi-77aa02"}], **more}
        return self.client.post(f"{self.home}/openai/v1/chat/completions", json=asked)

    def lines(self) -> list[dict[str, Any]]:
        """Every line of the log that is whole; each of them has to be JSON."""
        *whole, _ = self.server.log.read_bytes().split(b"\n")
        return [json.loads(line) for line in whole]

    def line(self, answer: httpx.Response) -> dict[str, Any]:
        """The line of a request, which comes when its answer is over."""
        request_id = answer.headers["x-request-id"]
        wait_until(lambda: any(one["message"] == "request" for one in self.of(request_id)))
        (found,) = [one for one in self.of(request_id) if one["message"] == "request"]
        return found

    def of(self, request_id: str) -> list[dict[str, Any]]:
        return [one for one in self.lines() if one.get("request_id") == request_id]


@contextmanager
def placed(data: Path, more: Mapping[str, str] | None = None, **parameters: Any) -> Iterator[Place]:
    with Upstream() as upstream, running(data, more=more) as server, client_of(server.url, server.token) as client:
        workspace = client.get("/api/v1/workspaces/default").json()["workspace_id"]
        hosts = [f"127.0.0.1:{upstream.port}"]
        secret = {"name": "OPENAI_API_KEY", "secret": KEY, "hosts": hosts}
        assert client.post(f"/api/v2/workspaces/{workspace}/secrets", json=secret).status_code == 201
        body = definition("calls")
        body["chat_generator_config"]["init_parameters"] |= {"api_base_url": upstream.url, **parameters}
        made = client.post(f"/api/v2/workspaces/{workspace}/models/custom", json=body)
        assert made.status_code == 201, made.text
        yield Place(server, client, upstream, workspace, made.json())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with placed(tmp_path_factory.mktemp("telemetry") / "data") as found:
        yield found


@pytest.fixture(scope="module")
def collector() -> Iterator[tuple[Collector, str]]:
    with collecting() as found:
        yield found


@pytest.fixture(autouse=True)
def _nothing_scripted(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "place" in request.fixturenames:
        request.getfixturevalue("place").upstream.reset()

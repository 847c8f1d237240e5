"""What abuse is tried on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.abuse.sink import Sink
from tests.abuse.subject import Subject
from tests.conftest import client_of
from tests.running import RunningServer, running
from tests.server.access.people import new_workspace
from tests.upstream import Upstream

ENVIRONMENT = {
    "DATABASE_URL": "postgres://env-canary-7c1e",
    "OPENAI_API_KEY": "sk-env-canary-7c1e",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/env-canary-7c1e",
    "OPENAI_ORG_ID": "org-env-canary-7c1e",
    "OPENAI_CUSTOM_HEADERS": "x-env-canary-7c1e: env-canary-7c1e",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
}
"""What a process is started with, and what no client may get at."""


@pytest.fixture
def subject(admin: httpx.Client, workspace: str) -> Subject:
    return Subject(admin, workspace)


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A place that no connection may be made to: the test fails when one was."""
    with Sink() as sink:
        yield sink
        assert not sink.was_reached


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as upstream:
        yield upstream


@dataclass(frozen=True)
class Exposed:
    """A server with secrets in its environment and a module of ours in its path, which leaves `trace` when imported."""

    server: RunningServer
    module: str
    trace: Path

    def subject(self) -> Subject:
        client = client_of(self.server.url, self.server.token)
        return Subject(client, new_workspace(client)[1])


@pytest.fixture(scope="session")
def exposed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exposed]:
    code, trace = tmp_path_factory.mktemp("code"), tmp_path_factory.mktemp("trace") / "imported"
    (code / "of_the_attacker.py").write_text(f"open({str(trace)!r}, 'w').close()\nclass Generator: pass\n")
    path = ":".join([*_python_path(), str(code)])
    with running(tmp_path_factory.mktemp("exposed"), more={**ENVIRONMENT, "PYTHONPATH": path}) as server:
        yield Exposed(server, "of_the_attacker", trace)


def _python_path() -> list[str]:
    return [part for part in os.environ.get("PYTHONPATH", "").split(":") if part]

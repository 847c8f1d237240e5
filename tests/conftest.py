"""What all tests share: a real server in a process of its own, and a client with its administrator's token."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings

from tests import databases
from tests.running import RunningServer, running

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "false"  # read when Haystack is imported, and the network is loopback

# A busy machine is slow at times, which Hypothesis would take for the fault of the example that it stood still in.
settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="what tests run on")
    parser.addoption("--thorough", action="store_true", help="also the tests that take minutes: `make faults`")


def pytest_configure(config: pytest.Config) -> None:
    databases.choose(config.getoption("--database"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long unless it is asked for; skip what is about the other database, and say why."""
    left_out = [item for item in items if item.get_closest_marker("thorough") and not config.getoption("--thorough")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
    other, name = ("embedded", "SQLite") if databases.is_shared() else ("shared", "PostgreSQL")
    for item in items:
        if marker := item.get_closest_marker(other):
            item.add_marker(pytest.mark.skip(reason=f"on {name} alone: {marker.args[0]}"))


@pytest.fixture
def anyio_backend() -> str:
    """The one that haymow runs on."""
    return "asyncio"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all tests that do not stop it; each test uses names of its own."""
    with running(tmp_path_factory.mktemp("data")) as started:
        yield started


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server of this test alone."""
    with running(tmp_path / "data") as started:
        yield started


@pytest.fixture
def admin(server: RunningServer) -> Iterator[httpx.Client]:
    """A client with the administrator's token."""
    with client_of(server.url, server.token) as client:
        yield client


@pytest.fixture
def workspace(admin: httpx.Client) -> str:
    """The id of a new, empty workspace."""
    made = admin.post("/api/v1/workspaces", json={"name": f"w-{uuid.uuid4().hex}"})
    assert made.status_code == 201, made.text
    return str(made.json()["workspace_id"])


def client_of(url: str, token: str) -> httpx.Client:
    """A client of a server on loopback; reading the certificates it does not need takes 40 ms."""
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30.0, verify=False)


def definition(name: str = "gpt-5", **changes: Any) -> dict[str, Any]:
    """A model as a person would register it."""
    key = {"type": "env_var", "env_vars": ["OPENAI_API_KEY"], "strict": True}
    return {
        "name": name,
        "provider": "openai",
        "chat_generator_config": {
            "type": "haystack.components.generators.chat.openai.OpenAIChatGenerator",
            "init_parameters": {"model": "gpt-5", "api_key": key},
        },
        "generation_kwargs": {
            "type": "object",
            "properties": {"temperature": {"type": "number", "minimum": 0, "maximum": 2}},
        },
        **changes,
    }

"""The organization's models, one model of a workspace's, and callers with fewer rights than its administrator."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.conftest import client_of, definition
from tests.running import RunningServer
from tests.server.access.people import unique
from tests.server.registry.registered import Registered
from tests.server.registry.shelf import ORGANIZATION, Shelf

Caller = Callable[..., httpx.Client]


@pytest.fixture
def organization(admin: httpx.Client) -> Shelf:
    """The organization's models; every test of the session sees the same, so names are `unique`."""
    return Shelf(admin, ORGANIZATION)


@pytest.fixture(params=["workspace", "organization"])
def either(request: pytest.FixtureRequest) -> Shelf:
    """What holds for the models of a workspace holds for the organization's."""
    found: Shelf = request.getfixturevalue("shelf" if request.param == "workspace" else "organization")
    return found


@pytest.fixture
def caller(admin: httpx.Client, server: RunningServer) -> Iterator[Caller]:
    """Makes clients with a token of less: a `role`, and with `workspace_id` for one workspace only."""
    clients: list[httpx.Client] = []

    def make(role: str, workspace_id: str | None = None) -> httpx.Client:
        body = {"name": unique("t"), "role": role, "workspace_id": workspace_id}
        made = admin.post("/api/v2/tokens", json=body)
        assert made.status_code == 201, made.text
        clients.append(client_of(server.url, made.json()["token"]))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def registered(admin: httpx.Client, workspace: str) -> Registered:
    """A new workspace's only model, for its administrator."""
    return Registered(admin, workspace, definition())

"""The access room, on a database of each test's own, and browsers on a whole haymow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.running import RunningServer
from tests.server.access.browsers import SESSION, browser
from tests.server.access.rooms import Rooms, open_rooms


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Rooms]:
    with open_rooms(tmp_path) as rooms:
        yield rooms


@pytest.fixture
def page(server: RunningServer) -> Iterator[httpx.Client]:
    """A browser that nobody is signed in with."""
    with browser(server) as client:
        yield client


@pytest.fixture
def signed_in(server: RunningServer, page: httpx.Client) -> httpx.Client:
    """A browser that the administrator is signed in with."""
    assert page.post(SESSION, json={"token": server.token}).status_code == 201
    return page

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.authority import Looping
from tests.server.serving.served import Served, openai_config
from tests.upstream import Upstream


@pytest.fixture(scope="session")
def server_upstream() -> Iterator[Upstream]:
    with Upstream() as upstream:
        yield upstream


@pytest.fixture(scope="session", params=[True, False], ids=["direct", "haystack"])
def server(request: pytest.FixtureRequest) -> Iterator[Served]:
    """A server for each lane, started once: starting and stopping takes longer than most tests."""
    with Served(direct=request.param) as served:
        yield served


@pytest.fixture
def upstream(server_upstream: Upstream) -> Upstream:
    server_upstream.reset()
    return server_upstream


@pytest.fixture
def served(upstream: Upstream, server: Served) -> Served:
    """A server with one model, `fast`, that calls the scripted upstream; every test runs in both lanes."""
    server.reset()
    server.add("fast", openai_config(upstream.url))
    return server


@pytest.fixture(scope="module")
def looping() -> Iterator[Looping]:
    """A loop for providers that are written by hand."""
    with Looping() as looping:
        yield looping

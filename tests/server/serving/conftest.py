from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.serving.served import Served, openai_config
from tests.upstream import Upstream


@pytest.fixture(scope="session")
def servers() -> Iterator[tuple[Upstream, Served]]:
    """Both servers, started once: starting and stopping takes longer than most tests."""
    with Upstream() as upstream, Served() as served:
        yield upstream, served


@pytest.fixture
def upstream(servers: tuple[Upstream, Served]) -> Upstream:
    servers[0].reset()
    return servers[0]


@pytest.fixture
def served(upstream: Upstream, servers: tuple[Upstream, Served]) -> Served:
    """A server with one model, `fast`, that calls the scripted upstream."""
    served = servers[1]
    served.reset()
    served.add("fast", openai_config(upstream.url))
    return served

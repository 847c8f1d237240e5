"""A whole haymow for each lane, the provider that its models call, and a bench to test their connections on."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.running import LOOPBACK, RunningServer, running
from tests.server.probes.bench import Bench
from tests.server.registry.shelf import Shelf
from tests.upstream import Upstream


@pytest.fixture(scope="session", params=["on", "off"], ids=["direct", "haystack"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    more = {**LOOPBACK, "HAYMOW_DIRECT_LANE": request.param}
    with running(tmp_path_factory.mktemp("probed"), more=more) as started:
        yield started


@pytest.fixture(scope="session")
def provider() -> Iterator[Upstream]:
    with Upstream() as upstream:
        yield upstream


@pytest.fixture
def upstream(provider: Upstream) -> Upstream:
    provider.reset()
    return provider


@pytest.fixture
def bench(admin: httpx.Client, workspace: str, upstream: Upstream) -> Bench:
    return Bench(Shelf(admin, f"/api/v2/workspaces/{workspace}"), upstream)

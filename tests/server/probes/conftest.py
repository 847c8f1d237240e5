"""A whole haymow for each lane, and the provider that its models call."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running import LOOPBACK, RunningServer, running
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

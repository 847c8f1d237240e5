from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.providers.cloud import Cloud
from tests.providers.known import KEY, SECRETS, Provider
from tests.server.serving.served import Served


@pytest.fixture(scope="session")
def running_cloud() -> Iterator[Cloud]:
    with Cloud() as cloud:
        yield cloud


@pytest.fixture
def cloud(running_cloud: Cloud) -> Cloud:
    running_cloud.reset()
    return running_cloud


@pytest.fixture(scope="session")
def server(running_cloud: Cloud) -> Iterator[Served]:
    """A server to which every provider is the scripted one; it calls those on OpenAI's protocol as it likes best."""
    with Served(egress=running_cloud.egress(), most=64) as served:
        yield served


@pytest.fixture
def served(server: Served, cloud: Cloud) -> Served:
    server.reset()
    enter(server)
    return server


def enter(served: Served, provider: Provider | None = None) -> None:
    """Enter the secrets of every provider, and those of one."""
    served.secrets.update(dict.fromkeys(SECRETS, (KEY, 1)))
    served.secrets.update({name: (value, 1) for name, value in (provider.secrets if provider else {}).items()})

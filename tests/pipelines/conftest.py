"""One haymow with its local model and one scripted upstream for all tests of pipelines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import client_of
from tests.pipelines.house import KEY_NAME, OWN_KEY, SERVER_KEY, House
from tests.pipelines.impostor import Impostor
from tests.ports import free_port
from tests.running import running
from tests.server.access.people import new_workspace
from tests.upstream import Upstream


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with Upstream() as upstream:
        ports = {"HAYMOW_LOCAL_MODEL_PORT": str(free_port())}
        allowed = {"HAYMOW_EGRESS_ALLOW": f"127.0.0.1:{upstream.port}"}
        data = tmp_path_factory.mktemp("pipelines")
        with (
            running(data, "--local-model", more={**ports, **allowed}) as server,
            client_of(server.url, server.token) as client,
        ):
            house = House(server, client, new_workspace(client)[1], upstream)
            house.shelf.enter(KEY_NAME, SERVER_KEY, hosts=[house.destination])
            yield house


@pytest.fixture
def house(built: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """The haymow, and in the pipeline's environment a token of haymow's and a provider's key of its own."""
    built.upstream.reset()
    monkeypatch.setenv("HAYMOW_API_KEY", built.server.token)
    monkeypatch.setenv(KEY_NAME, OWN_KEY)
    return built


@pytest.fixture
def impostor() -> Iterator[Impostor]:
    with Impostor() as impostor:
        yield impostor

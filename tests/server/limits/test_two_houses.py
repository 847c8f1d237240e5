"""Two whole servers on one PostgreSQL: the limits are those of both together, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests import databases
from tests.conftest import client_of
from tests.running import RunningServer, running
from tests.server.limits.test_over_http import SLOW, limited
from tests.server.receipts.test_chats import HI, Chats
from tests.upstream import Upstream, wait_until

REQUESTS = 50
LIMITS = {"HAYMOW_REQUESTS_PER_TOKEN": str(REQUESTS), "HAYMOW_CHATS_PER_TOKEN": "2"}


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[tuple[RunningServer, RunningServer, str]]:
    """Two servers and the administrator's token."""
    if not databases.is_shared():
        pytest.skip("SQLite's data folder is one server's alone: run this with --database=postgresql")
    one = tmp_path / "one"
    with running(one, more=LIMITS) as first:
        key = {"HAYMOW_MASTER_KEY_FILE": str(one / "master.key")}
        with running(tmp_path / "two", more={**databases.environ(one), **key, **LIMITS}) as second:
            yield first, second, first.token


def test_requests_of_both_are_as_many_as_the_limit(houses: tuple[RunningServer, RunningServer, str]) -> None:
    first, second, token = houses

    def ask(server: RunningServer) -> list[int]:
        with client_of(server.url, token) as client:
            return [client.get("/api/v2/me").status_code for _ in range(REQUESTS)]

    with ThreadPoolExecutor(2) as pool:
        statuses = [status for found in pool.map(ask, (first, second)) for status in found]
    assert set(statuses) == {200, 429}
    assert REQUESTS <= statuses.count(200) <= REQUESTS * 1.5  # it refills while it is asked


def test_chats_of_both_are_as_many_as_the_limit_until_a_server_dies(
    houses: tuple[RunningServer, RunningServer, str],
) -> None:
    first, second, token = houses
    with Upstream() as upstream, client_of(first.url, token) as here, client_of(second.url, token) as there:
        chats = Chats(here, upstream)
        body = {"model": "m", **HI, "stream": True}
        upstream.script(SLOW, SLOW)
        with here.stream("POST", chats.url, json=body) as one, here.stream("POST", chats.url, json=body) as other:
            parts = [one.iter_bytes(), other.iter_bytes()]
            assert [len(next(part)) > 0 for part in parts] == [True, True]
            limited(chats.send(None, there))
            first.process.kill()
            with pytest.raises(httpx.TransportError):
                list(parts[0])
        wait_until(lambda: chats.send(None, there).status_code == 200, 25)

"""Two whole servers on one PostgreSQL: the limits are those of both together, over real sockets."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests import databases
from tests.conftest import client_of, definition
from tests.ports import free_port
from tests.running import RunningServer, running
from tests.server.limits.test_over_http import SLOW, limited
from tests.server.receipts.chats import HI, Chats
from tests.upstream import Upstream
from tests.waiting import wait_until

pytestmark = pytest.mark.shared("a data folder is one server's")

REQUESTS = 50
LIMITS = {"HAYMOW_REQUESTS_PER_TOKEN": str(REQUESTS), "HAYMOW_CHATS_PER_TOKEN": "2"}


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[tuple[RunningServer, RunningServer, str]]:
    """Two servers and the administrator's token."""
    with two_houses(tmp_path, LIMITS, {}) as found:
        yield found


@contextmanager
def two_houses(
    folder: Path, limits: Mapping[str, str], more: Mapping[str, str]
) -> Iterator[tuple[RunningServer, RunningServer, str]]:
    """The same, with limits; the second server is told `more`."""
    one = folder / "one"
    with running(one, more=limits) as first:
        key = {"HAYMOW_MASTER_KEY_FILE": str(one / "master.key")}
        with running(folder / "two", more={**databases.environ(one), **key, **limits, **more}) as second:
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


@contextmanager
def full(chats: Chats) -> Iterator[Iterator[bytes]]:
    """As many chats as the limit lets in have begun and go on; what still comes of the first one."""
    chats.upstream.script(SLOW, SLOW)
    stream = partial(chats.client.stream, "POST", chats.url)
    body = {"model": "m", **HI, "stream": True}
    with stream(json=body) as one, stream(json=body) as other:
        parts = [one.iter_bytes(), other.iter_bytes()]
        assert [len(next(part)) > 0 for part in parts] == [True, True]
        yield parts[0]


def test_chats_of_both_are_as_many_as_the_limit_until_a_server_dies(
    houses: tuple[RunningServer, RunningServer, str],
) -> None:
    first, second, token = houses
    with Upstream() as upstream, client_of(first.url, token) as here, client_of(second.url, token) as there:
        chats = Chats(here, upstream)
        with full(chats) as part:
            limited(chats.send(None, there))
            first.process.kill()
            with pytest.raises(httpx.TransportError):
                list(part)
        wait_until(lambda: chats.send(None, there).status_code == 200, 40)


def test_chats_of_a_server_that_is_stopped_leave_their_places_with_it(
    houses: tuple[RunningServer, RunningServer, str],
) -> None:
    first, second, token = houses
    with Upstream() as upstream, client_of(first.url, token) as here, client_of(second.url, token) as there:
        chats = Chats(here, upstream)
        with full(chats):
            limited(chats.send(None, there))
            first.stop(signal.SIGTERM)
        assert chats.send(None, there).status_code == 200


def test_limits_and_claims_of_one_server_cost_the_other_nothing_that_it_remembers(tmp_path: Path) -> None:
    port = str(free_port())
    limits = {"HAYMOW_REQUESTS_PER_TOKEN": "100000", "HAYMOW_CHATS_PER_TOKEN": "100"}
    with (
        two_houses(tmp_path, limits, {"HAYMOW_METRICS_PORT": port}) as (first, second, token),
        Upstream() as upstream,
        client_of(first.url, token) as here,
        client_of(second.url, token) as there,
    ):
        chats, remembered = Chats(here, upstream), 0
        listed = f"{chats.home}/openai/v1/models"
        wait_until(lambda: not looks_of(port, lambda: there.get(listed)))
        for number in range(40):
            assert chats.send(f"k{number}").status_code == 200
            remembered += not looks_of(port, lambda: there.get(listed))
        assert remembered >= 35  # all, but for a look for news that was late
        there.post(f"{chats.home}/models/custom", json=definition("new")).raise_for_status()
        wait_until(lambda: "new" in here.get(listed).text)


def looks_of(port: str, ask: Callable[[], httpx.Response]) -> int:
    """How often a server looks into the database to answer."""

    def looks() -> int:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
        counts = re.findall(r'^haymow_database_unit_seconds_count\{kind="(?:read|scan)"\} (\S+)$', text, re.MULTILINE)
        return sum(int(float(count)) for count in counts)

    before = looks()
    assert ask().status_code == 200
    return looks() - before

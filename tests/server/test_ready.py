"""/readyz while the database hangs: it takes what it is sent and says nothing, as a machine does that is gone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from haymow.server.database.postgres import UNIT_SECONDS
from haymow.server.database.reachable import READY_SECONDS
from tests import databases
from tests.abuse.raw import ask
from tests.faults.lines import Line, Way, line_to
from tests.faults.place import through
from tests.running import RunningServer, running
from tests.waiting import wait_until

LATEST_SECONDS = UNIT_SECONDS - 0.5
"""The bound is 2 s. On a machine that is busy an answer may be late, but not as late as one without the bound."""
PROBES = 12
"""More than there are connections."""


@pytest.fixture(scope="module")
def line() -> Iterator[Line]:
    """The only way to the database."""
    with line_to(databases.postgresql().port) as found:
        yield found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, line: Line) -> Iterator[RunningServer]:
    url = through(databases.postgresql().make("ready"), line.port)
    more = {"HAYMOW_DATABASE_URL": url, "HAYMOW_UNSAFE_STORAGE": "on"}
    with running(tmp_path_factory.mktemp("ready") / "data", more=more) as started:
        yield started


@pytest.fixture
def hanging(line: Line) -> Iterator[None]:
    line.way = Way.HOLE
    yield
    line.way = Way.OPEN


def ready(server: RunningServer) -> tuple[httpx.Response, float]:
    """The answer, and how long it took."""
    answer = ask("GET", f"{server.url}/readyz")
    return answer, answer.elapsed.total_seconds()


@pytest.mark.usefixtures("hanging")
def test_it_is_503_after_two_seconds(server: RunningServer) -> None:
    answer, took = ready(server)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_failed")
    assert answer.json()["detail"] == "The database did not answer within 2 seconds."
    assert READY_SECONDS - 0.1 < took < LATEST_SECONDS


@pytest.mark.usefixtures("hanging")
def test_many_who_ask_at_once_wait_no_longer_and_haymow_is_alive(server: RunningServer) -> None:
    """What they left behind holds every connection for as long as a unit may take."""
    with ThreadPoolExecutor(PROBES) as pool:
        probes = [pool.submit(ready, server) for _ in range(PROBES)]
        alive = ask("GET", f"{server.url}/healthz")
        seen = [probe.result() for probe in probes]
    assert alive.status_code == 200
    assert alive.elapsed.total_seconds() < READY_SECONDS
    assert {answer.status_code for answer, _ in seen} == {503}
    assert max(took for _, took in seen) < LATEST_SECONDS


def test_it_is_200_again_by_itself(server: RunningServer, line: Line) -> None:
    line.way = Way.HOLE
    assert ready(server)[0].status_code == 503
    line.way = Way.OPEN
    wait_until(lambda: ready(server)[0].status_code == 200)

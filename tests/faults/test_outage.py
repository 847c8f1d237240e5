"""R10: a database that is away is a 503 within five seconds, and what it was is over five seconds after its return."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
import pytest
from sqlalchemy import make_url

from tests.beside import beside
from tests.conftest import client_of
from tests.faults.conftest import Figure
from tests.faults.lines import Line, Way, line_to
from tests.faults.place import Storage, made, migrated, seen_at, through
from tests.faults.test_audit import changes_of
from tests.running import RunningServer
from tests.server.access.people import somebody
from tests.waiting import wait_until

ANSWERED_SECONDS = 5.0
BACK_SECONDS = 5.0
AWAY_SECONDS = 7.0


@dataclass
class Asking:
    """Clients that read and change all the time. `answers`: when, how long it took, GET or PATCH, the status."""

    server: RunningServer
    address: str
    token: str
    answers: list[tuple[float, float, str, int]] = field(default_factory=list)
    acknowledged: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def ask(self, method: str) -> None:
        count = 0
        with client_of(self.server.url, self.token) as client:
            while not self.over.wait(0.02):
                begun = time.monotonic()
                count += 1
                if method == "GET":
                    answer = client.get(seen_at(self.address))
                else:
                    answer = client.patch(self.address, json={"provider": f"p{count}"})
                    self.acknowledged = count if answer.status_code == 200 else self.acknowledged
                self.answers.append((begun, time.monotonic() - begun, method, answer.status_code))

    def first(self, method: str, status: int, after: float) -> float:
        """How long after a time the first answer of this status had come."""
        found = [at + took for at, took, how, what in list(self.answers) if (how, what) == (method, status)]
        return min((at for at in found if at >= after), default=float("inf")) - after


@contextmanager
def asking(server: RunningServer, address: str, token: str) -> Iterator[Asking]:
    load = Asking(server, address, token)
    with beside(load.over, *(partial(load.ask, method) for method in ("GET", "GET", "PATCH"))):
        yield load


@pytest.fixture
def line(shared: Storage) -> Iterator[Line]:
    """The only way to the database, which is migrated."""
    migrated(shared.url, shared.folder)
    with line_to(make_url(shared.url).port or 0) as found:
        shared.url = through(shared.url, found.port)
        yield found


@pytest.mark.thorough
@pytest.mark.parametrize("way", [Way.CUT, Way.HOLE])
def test_an_outage_is_a_503_in_time_and_over_in_time(shared: Storage, line: Line, way: Way, figure: Figure) -> None:
    with shared.serving() as server, shared.client(server) as client:
        address = made(client)
        with asking(server, address, shared.token) as load:
            time.sleep(1)
            gone = time.monotonic()
            line.way = way
            if way is Way.CUT:
                line.reset()
            time.sleep(AWAY_SECONDS)
            assert client.get("/healthz").status_code == 200
            assert client.get("/readyz").status_code == 503
            back = time.monotonic()
            line.way = Way.OPEN
            time.sleep(BACK_SECONDS + 1)
        assert client.get("/readyz").status_code == 200
        provider = client.get(seen_at(address)).json()["provider"]
    figures = {method: (load.first(method, 503, gone), load.first(method, 200, back)) for method in ("GET", "PATCH")}
    slowest = max(took for _, took, _, _ in load.answers)
    for method, (refused, returned) in figures.items():
        figure(
            f"R10 {way.name.lower()}",
            f"{method}: 503 after {refused:.2f} s, 200 again {returned:.2f} s after its return (promised 5 s, 5 s)",
        )
        assert refused < ANSWERED_SECONDS
        assert returned < BACK_SECONDS
    figure(f"R10 {way.name.lower()}", f"the slowest of {len(load.answers)} answers took {slowest:.2f} s (promised 5 s)")
    assert slowest < ANSWERED_SECONDS
    assert {status for *_, status in load.answers} == {200, 503}
    assert int(provider.removeprefix("p")) >= load.acknowledged


@pytest.mark.parametrize("way", [Way.BEFORE_COMMIT, Way.AFTER_COMMIT])
def test_a_commit_that_is_cut_off_is_told_as_such_and_either_is_true(
    shared: Storage, line: Line, way: Way, figure: Figure
) -> None:
    times, told = 12, 0
    with shared.serving() as server, shared.client(server) as client:
        address = made(client)
        for number in range(times):
            assert client.patch(address, json={"provider": f"before{number}"}).status_code == 200
            caught, line.way = line.caught, way
            answer = client.patch(address, json={"provider": f"after{number}"})
            line.way = Way.OPEN
            assert line.caught > caught, "no COMMIT was seen: the test says nothing"
            told += require_told(answer)
            found = first_answer(client, seen_at(address))["provider"]
            assert found == (f"after{number}" if way is Way.AFTER_COMMIT else f"before{number}")
    truth = "the change was there" if way is Way.AFTER_COMMIT else "the change was not there"
    figure("R10 in mid COMMIT", f"{told} of {times} told as outcome_unknown; each time {truth}")


def test_nothing_can_fail_between_a_commit_and_its_answer(shared: Storage, line: Line) -> None:
    """The model is somebody else's, whose name is in the answer and nowhere in the server's memory."""
    with shared.serving("first") as server, shared.client(server) as client:
        author = somebody(client, "admin")
        with author.client as other:
            address = made(other)
    with shared.serving() as server, shared.client(server) as client:
        line.way = Way.ANSWERED
        answer = client.patch(address, json={"provider": "changed"})
        wait_until(lambda: line.caught == 1)  # the answer may be here before the line is cut
        assert (answer.status_code, answer.json().get("provider")) == (200, "changed"), answer.text
        assert answer.json()["created_by"]["user_id"] == author.user_id


def test_a_change_of_any_kind_is_answered_once_it_is_committed(shared: Storage, line: Line, figure: Figure) -> None:
    with shared.serving() as server, shared.client(server) as client:
        changes = changes_of(client, made(client))
        for what, change in changes.items():
            caught, line.way = line.caught, Way.ANSWERED
            answer = change()
            assert answer.is_success, f"{what}: {answer.text}"
            wait_until(lambda: line.caught == caught + 1)  # noqa: B023 - the answer may be here before the line is cut
            line.way = Way.OPEN
            first_answer(client, "/api/v2/me")
    figure("R10 after COMMIT", f"{len(changes)} kinds of changes are answered although the line is cut right after")


def require_told(answer: httpx.Response) -> int:
    assert (answer.status_code, answer.json()["code"]) == (503, "outcome_unknown"), answer.text
    assert "Nothing was changed" not in answer.text
    assert int(answer.headers["retry-after"]) > 0
    return 1


def first_answer(client: httpx.Client, path: str) -> dict[str, Any]:
    until = time.monotonic() + 30
    while True:
        answer = client.get(path)
        if answer.status_code == 200:
            return dict(answer.json())
        assert time.monotonic() < until, answer.text
        time.sleep(0.05)

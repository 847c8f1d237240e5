"""SIGTERM: not ready at once, then no more connections; whatever was accepted is answered."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection, HTTPException
from math import inf
from pathlib import Path

import httpx
import pytest

from haymow.server.http.protocol import IDLE_SECONDS
from tests.abuse.raw import RawAnswer, connect, read_answer, request
from tests.answers import Says
from tests.beside import beside
from tests.conftest import client_of, definition
from tests.ports import free_port
from tests.running import RunningServer, running
from tests.server.telemetry.conftest import placed
from tests.waiting import wait_until

CLIENTS = 10
PAUSE = 0.2
"""Ten clients that ask every fifth of a second are fifty requests a second."""
LATE_SECONDS = IDLE_SECONDS - 0.1
"""What comes on an idle connection that much later may find it closed."""


@dataclass
class Load:
    """What clients that keep their connections saw. `broken`: no answer on one that had given one.

    `late` are those of them that had rested for too long to be sure of one: on a busy machine they wake late.
    """

    answers: list[int] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    closed: int = 0
    late: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def ask(self, server: RunningServer, path: str) -> None:
        host, port = server.url.removeprefix("http://").split(":")
        connection = HTTPConnection(host, int(port), timeout=20)
        answered = inf  # when, by this connection: one that never was may not have been accepted
        while not self.over.is_set():
            rested = time.monotonic() - answered
            try:
                connection.request("GET", path, headers={"Authorization": f"Bearer {server.token}"})
                answer = connection.getresponse()
                answer.read()
            except ConnectionRefusedError:
                return  # it listens no more
            except (OSError, HTTPException) as error:
                self.broken += [repr(error)] if 0 <= rested < LATE_SECONDS else []
                self.late += rested >= LATE_SECONDS
                connection.close()
                answered = inf
                continue
            self.answers.append(answer.status)
            answered = inf if answer.will_close else time.monotonic()
            self.closed += answer.will_close
            time.sleep(PAUSE)


@contextmanager
def loaded(server: RunningServer, path: str) -> Iterator[Load]:
    load = Load()
    with beside(load.over, *(partial(load.ask, server, path) for _ in range(CLIENTS))):
        yield load


@pytest.mark.parametrize("drain", ["0", "1"])
def test_under_load_every_request_is_answered_or_was_never_accepted(tmp_path: Path, drain: str) -> None:
    with running(tmp_path / "data", more={"HAYMOW_DRAIN_SECONDS": drain}) as server:
        with loaded(server, "/api/v2/me") as load:
            wait_until(lambda: len(load.answers) > 50)
            assert server.stop(signal.SIGTERM) == 0
        assert load.broken == []
        assert set(load.answers) == {200}
        assert load.closed + load.late >= CLIENTS  # each was told that its connection ends


class TestTheDrain:
    @pytest.fixture
    def draining(self, tmp_path: Path) -> Iterator[RunningServer]:
        with running(tmp_path / "data", more={"HAYMOW_DRAIN_SECONDS": "30"}) as server:
            server.process.send_signal(signal.SIGTERM)
            wait_until(lambda: httpx.get(f"{server.url}/readyz").status_code == 503)
            yield server

    def test_is_not_ready_and_answers_all_the_same(self, draining: RunningServer) -> None:
        ready = httpx.get(f"{draining.url}/readyz")
        assert (ready.status_code, ready.json()["code"]) == (503, "stopping")
        assert int(ready.headers["retry-after"]) > 0
        assert httpx.get(f"{draining.url}/healthz").status_code == 200
        with client_of(draining.url, draining.token) as client:
            assert client.get("/api/v1/workspaces/default").status_code == 200
            workspace = client.get("/api/v1/workspaces/default").json()["workspace_id"]
            made = client.post(f"/api/v2/workspaces/{workspace}/models/custom", json=definition())
            assert made.status_code == 201
            assert made.headers["connection"] == "close"

    @pytest.mark.parametrize("again", [signal.SIGTERM, signal.SIGINT])
    def test_is_cut_short_by_another_signal(self, draining: RunningServer, again: int) -> None:
        begun = time.monotonic()
        assert draining.stop(again) == 0
        assert time.monotonic() - begun < 15

    def test_is_not_for_a_person_at_a_terminal(self, tmp_path: Path) -> None:
        with running(tmp_path / "data", more={"HAYMOW_DRAIN_SECONDS": "30"}) as server:
            begun = time.monotonic()
            assert server.stop(signal.SIGINT) == 0
            assert time.monotonic() - begun < 15


class TestTheGrace:
    def test_is_for_streams_too(self, tmp_path: Path) -> None:
        with placed(tmp_path / "data", {"HAYMOW_GRACE_SECONDS": "20"}) as place:
            place.upstream.script(Says("x" * 30, pieces=30, pause=0.1))
            asked = {"model": "calls", "messages": [{"role": "user", "content": "hi"}], "stream": True}
            path = f"{place.home}/openai/v1/chat/completions"
            with place.client.stream("POST", path, json=asked) as answer:
                parts = answer.iter_text()
                said = next(parts)
                place.server.process.send_signal(signal.SIGTERM)
                said += "".join(parts)
            assert said.endswith("data: [DONE]\n\n")
            assert place.server.process.wait(timeout=10) == 0

    def test_ends(self, tmp_path: Path) -> None:
        more = {"HAYMOW_GRACE_SECONDS": "1", "HAYMOW_METRICS_PORT": str(free_port())}
        with placed(tmp_path / "data", more) as place:
            place.upstream.script(Says("x" * 300, pieces=300, pause=0.1))
            asked = {"model": "calls", "messages": [{"role": "user", "content": "hi"}], "stream": True}
            path = f"{place.home}/openai/v1/chat/completions"
            begun = time.monotonic()
            with pytest.raises(httpx.RemoteProtocolError), place.client.stream("POST", path, json=asked) as answer:
                place.server.process.send_signal(signal.SIGTERM)
                answer.read()
            assert place.server.process.wait(timeout=10) == 0
            assert time.monotonic() - begun < 20  # the stream would take 30
            assert [line for line in place.lines() if line["level"] != "info"] == []  # it was asked for
            (chat,) = [line for line in place.lines() if line.get("upstream_host")]
            assert chat["broken_off"] is True


def test_a_request_that_was_on_its_way_to_an_idle_connection_is_answered(tmp_path: Path) -> None:
    """It comes after the server stopped to listen, and before its connection is closed."""
    tried = (answer_on_the_way(tmp_path / f"data {number}") for number in range(5))
    last = next(answer for answer in tried if answer is not None)
    assert (last.status, last.headers["connection"]) == (200, "close")


def answer_on_the_way(data: Path) -> RawAnswer | None:
    """None where the machine was too busy to ask in time."""
    with running(data) as server, closing(connect(server.url)) as connection:
        connection.sendall(request("GET", "/healthz"))
        assert "connection" not in read_answer(connection).headers
        server.process.send_signal(signal.SIGTERM)
        listened = stopped_listening(server)
        with suppress(ConnectionError):
            connection.sendall(request("GET", "/healthz"))
        return None if time.monotonic() - listened > LATE_SECONDS else read_answer(connection)


def stopped_listening(server: RunningServer) -> float:
    """Wait until it listens no more; when it was last seen to."""
    asked = [time.monotonic()]

    def is_deaf() -> bool:
        asked.append(time.monotonic())
        return not listens(server)

    wait_until(is_deaf)
    return asked[-2]


def listens(server: RunningServer) -> bool:
    try:
        connect(server.url).close()
    except (TimeoutError, ConnectionError):  # refused, or reset: it stopped just then
        return False
    return True

"""R8: servers are replaced one after the other, and no client behind the balancer sees anything of it."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection, HTTPException

import pytest

from tests.beside import beside
from tests.faults.balancer import Balancer, balanced
from tests.faults.conftest import Figure
from tests.faults.place import Storage, made, seen_at
from tests.running import RunningServer
from tests.waiting import wait_until

CLIENTS = 10
PAUSE = 0.2
"""Ten clients that ask every fifth of a second are fifty requests a second."""
DRAINED_SECONDS = 20.0
DRAINING = {"HAYMOW_DRAIN_SECONDS": "1", "HAYMOW_GRACE_SECONDS": "15"}


@dataclass
class Load:
    """What clients saw: every status, and every request that had no answer."""

    port: int
    token: str
    address: str
    statuses: list[int] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def ask(self, number: int) -> None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        due, count = time.monotonic(), 0
        while not self.over.wait(max(0.0, due - time.monotonic())):
            due, count = due + PAUSE, count + 1
            try:
                if number % 5:
                    connection.request("GET", seen_at(self.address), headers=headers)
                else:
                    body = f'{{"provider": "p{number}-{count}"}}'
                    connection.request("PATCH", self.address, body, headers)
                answer = connection.getresponse()
                answer.read()
                self.statuses.append(answer.status)
            except (OSError, HTTPException) as error:
                self.broken.append(repr(error))
                connection.close()
        connection.close()


@contextmanager
def loaded(balancer: Balancer, token: str, address: str) -> Iterator[Load]:
    load = Load(balancer.port, token, address)
    with beside(load.over, *(partial(load.ask, number) for number in range(CLIENTS))):
        yield load


@dataclass
class Place:
    """One of the servers, which is replaced by another one in the same place."""

    storage: Storage
    name: str
    stack: ExitStack = field(default_factory=ExitStack)

    def start(self) -> RunningServer:
        return self.stack.enter_context(self.storage.serving(self.name, DRAINING))

    def stop(self, server: RunningServer) -> float:
        """Ask it to go; how long it took."""
        begun = time.monotonic()
        assert server.stop(signal.SIGTERM) == 0
        self.stack.close()
        return time.monotonic() - begun


def roll(shared: Storage, restarts: int, figure: Figure) -> None:
    places = [Place(shared, "one"), Place(shared, "two")]
    drained: list[float] = []
    try:
        servers = [place.start() for place in places]
        with shared.client(servers[0]) as client:
            address = made(client)
        with balanced(*map(port_of, servers)) as balancer:
            wait_until(lambda: len(balancer.ready) == 2)
            begun = time.monotonic()
            with loaded(balancer, shared.token, address) as load:
                for number in range(restarts):
                    at = number % 2
                    drained.append(places[at].stop(servers[at]))
                    balancer.servers.discard(port_of(servers[at]))
                    servers[at] = places[at].start()
                    balancer.servers.add(port_of(servers[at]))
                    wait_until(lambda: len(balancer.ready) == 2)
            seconds = time.monotonic() - begun
    finally:
        for place in places:
            place.stack.close()
    figure(
        "R8 rolling SIGTERMs",
        f"{restarts} under {len(load.statuses) / seconds:.0f} requests/s: {len(load.broken)} of {len(load.statuses)} "
        f"broken, {sum(status != 200 for status in load.statuses)} not 200; gone {max(drained):.1f} s after the signal "
        "at most (promised 20 s)",
    )
    assert load.broken == []
    assert set(load.statuses) == {200}
    assert max(drained) < DRAINED_SECONDS


def port_of(server: RunningServer) -> int:
    return int(server.url.rpartition(":")[2])


@pytest.mark.thorough
@pytest.mark.timeout(400)
def test_twenty_sigterms_break_nothing(shared: Storage, figure: Figure) -> None:
    roll(shared, 20, figure)

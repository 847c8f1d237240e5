"""R2: what was acknowledged survives kill -9 of haymow, and of PostgreSQL, in the middle of everything."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial

import httpx
import pytest

from tests import postgres
from tests.beside import beside
from tests.conftest import client_of, definition
from tests.faults.conftest import Figure
from tests.faults.place import Storage, models_of, new_database, seen_at
from tests.running import RunningServer
from tests.waiting import wait_until

WRITERS = 6


@dataclass
class Writer:
    """One model and its owner, who gives it the next number again and again; and a new model now and then.

    `asked` is what it may be, `told` what it is at least. Both only grow, over all starts of the server.
    """

    number: int
    models: str = ""
    address: str = ""
    asked: int = 0
    told: int = 0
    named: set[str] = field(default_factory=set)
    refused: int = 0
    failed: list[BaseException] = field(default_factory=list)

    def write(self, url: str, token: str, over: threading.Event) -> None:
        with client_of(url, token) as client:
            while not over.is_set():
                try:
                    self._next(client)
                except httpx.TransportError:
                    return  # killed
                except BaseException as error:
                    self.failed.append(error)
                    raise

    def _next(self, client: httpx.Client) -> None:
        if not self.address or random.random() < 0.1:
            name = f"w{self.number}-{len(self.named)}-{random.getrandbits(32)}"
            answer = client.post(f"{self.models}/custom", json=definition(name, provider="p0"))
            assert answer.status_code in (201, 503), answer.text
            self.refused += answer.status_code == 503
            if answer.status_code == 201:
                self.named.add(name)
                self.address = self.address or f"{self.models}/custom/{answer.json()['model_id']}"
            return
        self.asked += 1
        answer = client.patch(self.address, json={"provider": f"p{self.asked}"})
        assert answer.status_code in (200, 503), answer.text
        self.refused += answer.status_code == 503
        if answer.status_code == 200:
            self.told = self.asked

    def check(self, client: httpx.Client) -> None:
        """All that was told is there, and nothing that was not asked for."""
        assert self.failed == []
        if self.address:
            model = client.get(seen_at(self.address)).json()
            assert self.told <= int(model["provider"].removeprefix("p")) <= self.asked
        for name in self.named:
            listed = client.get(self.models, params={"name": name}).json()
            assert listed["total"] == 1, name

    @property
    def acknowledged(self) -> int:
        return self.told + len(self.named)


@contextmanager
def writing(server: RunningServer, token: str, writers: list[Writer]) -> Iterator[None]:
    with client_of(server.url, token) as client:
        models = models_of(client)
    for one in writers:
        one.models = models
    over = threading.Event()
    with beside(over, *(partial(one.write, server.url, token, over) for one in writers)):
        yield


def kill_haymow(storage: Storage, kills: int, figure: Figure) -> None:
    writers = [Writer(number) for number in range(WRITERS)]
    for _ in range(kills):
        before = sum(writer.acknowledged for writer in writers)
        with storage.serving() as server, writing(server, storage.token, writers):
            wait_until(lambda: sum(writer.acknowledged for writer in writers) > before + 20, 60)  # noqa: B023
            time.sleep(random.uniform(0, 0.5))
            server.process.kill()
        with storage.serving() as server, storage.client(server) as client:
            for writer in writers:
                writer.check(client)
        storage.require_whole()
    total = sum(writer.acknowledged for writer in writers)
    figure("R2 kill -9 of haymow", f"{storage.kind}: {kills} kills, {total} acknowledged writes, none lost")


def test_nothing_acknowledged_is_lost_by_a_kill(storage: Storage, figure: Figure) -> None:
    kill_haymow(storage, 1, figure)


@pytest.mark.thorough
@pytest.mark.timeout(400)
def test_nothing_acknowledged_is_lost_by_many_kills(storage: Storage, figure: Figure) -> None:
    kill_haymow(storage, 12, figure)


@pytest.mark.thorough
@pytest.mark.timeout(400)
def test_nothing_acknowledged_is_lost_when_postgresql_crashes(
    tmp_path_factory: pytest.TempPathFactory, figure: Figure
) -> None:
    kills, took, writers = 6, [], [Writer(number) for number in range(WRITERS)]
    with ExitStack() as stack:
        database = postgres.create("")
        stack.callback(database.stop, "immediate")
        storage = Storage("postgresql", tmp_path_factory.mktemp("crashes"), new_database(database))
        server = stack.enter_context(storage.serving())
        client = stack.enter_context(storage.client(server))
        with writing(server, storage.token, writers):
            for _ in range(kills):
                before = sum(writer.acknowledged for writer in writers)
                wait_until(lambda: sum(writer.acknowledged for writer in writers) > before + 20, 60)  # noqa: B023
                time.sleep(random.uniform(0, 0.5))
                database.stop("immediate")
                time.sleep(0.5)
                database.start()
                back = time.monotonic()
                wait_until(lambda: client.get("/readyz").status_code == 200, 20)
                took.append(time.monotonic() - back)
        for writer in writers:
            writer.check(client)
    total, refused = sum(one.acknowledged for one in writers), sum(one.refused for one in writers)
    figure(
        "R2 crash of PostgreSQL",
        f"{kills} crashes under one server, {total} acknowledged writes, none lost, {refused} refused by 503; ready "
        f"{max(took):.2f} s after its start at most",
    )
    assert max(took) < 5

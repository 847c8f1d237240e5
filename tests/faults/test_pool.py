"""R9: with every connection in use, haymow says so after a second, and is alive."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psycopg

from tests.conftest import client_of
from tests.faults.conftest import Figure
from tests.faults.place import Storage, made, seen_at
from tests.waiting import wait_until

POOL = 2


def test_an_exhausted_pool_is_a_503_after_a_second(shared: Storage, figure: Figure, late: float) -> None:
    with (
        shared.serving(more={"HAYMOW_DATABASE_CONNECTIONS": str(POOL)}) as server,
        shared.client(server) as client,
    ):
        addresses = [made(client) for _ in range(POOL)]
        client.get(seen_at(addresses[0]))
        with locked(shared), changing(shared, server.url, addresses) as changes:
            wait_until(lambda: waiting(shared) == POOL)
            begun = time.monotonic()
            alive = client.get("/healthz")
            took_alive = time.monotonic() - begun
            answer = client.get(seen_at(addresses[0]))
            took = time.monotonic() - begun - took_alive
            assert (answer.status_code, answer.json()["code"]) == (503, "overloaded"), answer.text
            assert int(answer.headers["retry-after"]) > 0
            assert alive.status_code == 200
        # What held the connections was refused, too, and nobody has to be started again.
        assert {change.status_code for change in changes} == {503}
        assert client.get(seen_at(addresses[0])).status_code == 200
        assert client.patch(addresses[0], json={"provider": "again"}).status_code == 200
    figure("R9 pool of 2", f"503 overloaded after {took:.2f} s (promised about 1 s), /healthz in {took_alive:.3f} s")
    assert 0.9 < took < 2 * late
    assert took_alive < 0.5 * late


@contextmanager
def locked(storage: Storage) -> Iterator[None]:
    """Somebody else holds every model, for longer than a change waits."""
    with psycopg.connect(storage.url) as connection:
        connection.execute("SELECT 1 FROM models FOR UPDATE")
        yield


@contextmanager
def changing(storage: Storage, url: str, addresses: list[str]) -> Iterator[list[httpx.Response]]:
    """A change of each model, under way; their answers are there afterwards."""
    answers: list[httpx.Response] = []

    def change(address: str) -> None:
        with client_of(url, storage.token) as client:
            answers.append(client.patch(address, json={"provider": "held"}))

    threads = [threading.Thread(target=change, args=(address,)) for address in addresses]
    for thread in threads:
        thread.start()
    yield answers
    for thread in threads:
        thread.join()


def waiting(storage: Storage) -> int:
    """How many of the server's connections wait for a lock."""
    where = "wait_event_type = 'Lock' AND datname = current_database()"
    return int(storage.sql(f"SELECT count(*) FROM pg_stat_activity WHERE {where}")[0][0])

"""Another program writes to haymow's file: reading goes on, writing waits a little and then says so."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from tests.conftest import client_of, definition
from tests.running import RunningServer

AT_ONCE = 2.0
"""Seconds; what does not wait takes milliseconds; the lock would be waited for five seconds or more."""

PATH = "/api/v2/models/custom"


class Lock:
    """The lock of another program, until it is released."""

    def __init__(self, server: RunningServer) -> None:
        self._connection = sqlite3.connect(server.data / "haymow.db", isolation_level=None, check_same_thread=False)
        self._connection.execute("BEGIN IMMEDIATE")

    def release(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        self.release()
        self._connection.close()


@contextmanager
def held(server: RunningServer) -> Iterator[Lock]:
    lock = Lock(server)
    try:
        yield lock
    finally:
        lock.close()


@pytest.fixture
def client(fresh_server: RunningServer) -> Iterator[httpx.Client]:
    with client_of(fresh_server.url, fresh_server.token) as client:
        assert client.get("/api/v2/me").status_code == 200
        yield client


def reads_answer_at_once(client: httpx.Client) -> None:
    for path in ("/healthz", "/api/v2/me", "/api/v2/models", "/api/v1/workspaces", "/api/v2/audit"):
        begun = time.monotonic()
        assert client.get(path).status_code == 200, path
        assert time.monotonic() - begun < AT_ONCE, path


def test_reads_answer_while_a_write_waits_and_then_is_unavailable(
    fresh_server: RunningServer, client: httpx.Client
) -> None:
    with held(fresh_server), ThreadPoolExecutor() as pool, client_of(fresh_server.url, fresh_server.token) as other:
        begun = time.monotonic()
        writing = pool.submit(other.post, PATH, json=definition())
        while not writing.done():
            reads_answer_at_once(client)
        refused = writing.result()
        assert time.monotonic() - begun < 10
        assert (refused.status_code, refused.json()["code"]) == (503, "storage_failed")
        assert int(refused.headers["retry-after"]) >= 1
        reads_answer_at_once(client)
    assert client.get("/api/v2/models").json()["total"] == 0
    assert client.post(PATH, json=definition()).status_code == 201, "it comes back by itself"


def test_a_write_that_waits_is_done_when_the_lock_is_released(
    fresh_server: RunningServer, client: httpx.Client
) -> None:
    url, token = fresh_server.url, fresh_server.token
    with held(fresh_server) as lock, ThreadPoolExecutor() as pool, client_of(url, token) as other:
        writing = pool.submit(other.post, PATH, json=definition())
        reads_answer_at_once(client)
        assert not writing.done()
        lock.release()
        assert writing.result(timeout=10).status_code == 201
    assert client.get("/api/v2/models").json()["total"] == 1

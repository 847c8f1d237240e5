"""Another program writes to haymow's database: reading goes on, writing waits a little and then says so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from tests import databases, looking
from tests.conftest import client_of, definition
from tests.running import RunningServer

AT_ONCE = 2.0
"""Seconds; what does not wait takes milliseconds; the lock would be waited for five seconds or more."""

PATH = "/api/v2/models/custom"


LOCK, CODE = (
    (("BEGIN", "LOCK TABLE models IN EXCLUSIVE MODE"), "overloaded")
    if databases.is_shared()
    else (("BEGIN IMMEDIATE",), "storage_failed")
)


@contextmanager
def held(server: RunningServer) -> Iterator[Callable[[], None]]:
    """The lock of another program, until the block ends or what it is given is called."""
    with looking.connected(server.data) as connection:
        for statement in LOCK:
            connection.exec_driver_sql(statement)
        release = ExitStack()
        release.callback(connection.exec_driver_sql, "ROLLBACK")
        with release:
            yield release.close


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
        assert (refused.status_code, refused.json()["code"]) == (503, CODE)
        assert int(refused.headers["retry-after"]) >= 1
        reads_answer_at_once(client)
    assert client.get("/api/v2/models").json()["total"] == 0
    assert client.post(PATH, json=definition()).status_code == 201, "it comes back by itself"


def test_a_write_that_waits_is_done_when_the_lock_is_released(
    fresh_server: RunningServer, client: httpx.Client
) -> None:
    url, token = fresh_server.url, fresh_server.token
    with held(fresh_server) as release, ThreadPoolExecutor() as pool, client_of(url, token) as other:
        writing = pool.submit(other.post, PATH, json=definition())
        reads_answer_at_once(client)
        assert not writing.done()
        release()
        assert writing.result(timeout=10).status_code == 201
    assert client.get("/api/v2/models").json()["total"] == 1

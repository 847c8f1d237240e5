"""A workspace of many models is deleted: others write on, and it is gone, whoever is killed on the way."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import httpx
import pytest

from tests.beside import beside
from tests.conftest import client_of, definition
from tests.crowds import multiply_model
from tests.faults.conftest import Figure
from tests.faults.place import Storage, made
from tests.running import RunningServer

DELETE = "/api/v1/workspaces/crowd?force=true"
WRITERS = 8
GONE_SECONDS = 100.0


@dataclass
class Writers:
    """Change models over and over, each one its own: how long each change took, and what was answered."""

    addresses: list[str]
    took: list[float] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)

    def write(self, url: str, token: str, number: int, over: threading.Event) -> None:
        mine = self.addresses[number::WRITERS]
        with client_of(url, token) as client:
            for count in range(10**9):
                if over.is_set():
                    return
                begun = time.monotonic()
                answer = client.patch(mine[count % len(mine)], json={"provider": f"p-{number}-{count}"})
                self.took.append(time.monotonic() - begun)
                self.answers[answer.status_code] += 1


@contextmanager
def writing(servers: list[RunningServer], token: str, writers: Writers) -> Iterator[None]:
    over = threading.Event()
    works = [
        partial(writers.write, servers[number % len(servers)].url, token, number, over) for number in range(WRITERS)
    ]
    with beside(over, *works):
        yield


@contextmanager
def served(storage: Storage) -> Iterator[list[RunningServer]]:
    with ExitStack() as stack:
        names = ("one", "two") if storage.is_shared else ("data",)
        yield [stack.enter_context(storage.serving(name)) for name in names]


def crowded(storage: Storage, client: httpx.Client, models: int) -> tuple[UUID, list[str]]:
    """A workspace `crowd` with so many models, in thousands, and the addresses of a thousand."""
    workspace = client.post("/api/v1/workspaces", json={"name": "crowd"}).json()["workspace_id"]
    path = f"/api/v2/workspaces/{workspace}/models/custom"
    first = UUID(client.post(path, json=definition("first")).json()["model_id"])
    some: list[UUID] = []
    for _ in range(models // 1000):  # the server beside it need not wait for all of them
        with storage.engine().begin() as connection:
            some = multiply_model(connection, first, 1000)
    return UUID(workspace), [f"{path}/{model_id}" for model_id in some]


def left(storage: Storage, workspace: UUID) -> int:
    """Models and revisions that are still there."""
    name = str(workspace) if storage.is_shared else workspace.hex
    tables = ("models", "revisions", "model_secrets")
    counts = " + ".join(f"(SELECT count(*) FROM {table} WHERE scope_id = '{name}')" for table in tables)
    return int(storage.sql(f"SELECT {counts}")[0][0])


def until_gone(storage: Storage, workspace: UUID) -> None:
    until = time.monotonic() + GONE_SECONDS
    while left(storage, workspace) or storage.sql("SELECT * FROM deleted_workspaces"):
        assert time.monotonic() < until, "it is never gone"
        time.sleep(0.1)


@pytest.mark.timeout(400)
@pytest.mark.thorough
def test_others_write_on_while_a_large_workspace_is_deleted(storage: Storage, figure: Figure) -> None:
    """Seen in one transaction: on SQLite every other change waited for all of it."""
    models = 50_000
    with served(storage) as servers, storage.client(servers[0]) as client:
        writers = Writers([made(client) for _ in range(WRITERS)])
        workspace, _ = crowded(storage, client, models)
        with writing(servers, storage.token, writers):
            time.sleep(1)
            begun = time.monotonic()
            assert client.delete(DELETE).status_code == 204
            answered = time.monotonic() - begun
            until_gone(storage, workspace)
            gone = time.monotonic() - begun
    assert set(writers.answers) == {200}
    assert max(writers.took) < 2
    assert answered < 15
    figure(
        f"R18 {storage.kind}",
        f"{models} models: answered after {answered:.1f} s, all gone after {gone:.1f} s; elsewhere meanwhile "
        f"{len(writers.took)} changes, of which none failed and the slowest took {max(writers.took):.2f} s",
    )


@pytest.mark.timeout(400)
@pytest.mark.thorough
def test_a_workspace_that_is_being_worked_in_is_deleted(storage: Storage, figure: Figure) -> None:
    """Seen in one transaction: on PostgreSQL each change in it made the deletion begin anew, until it was given up."""
    models = 30_000
    with served(storage) as servers, storage.client(servers[0]) as client:
        workspace, addresses = crowded(storage, client, models)
        writers = Writers(addresses)
        with writing(servers, storage.token, writers):
            time.sleep(1)
            begun = time.monotonic()
            assert client.delete(DELETE).status_code == 204
            until_gone(storage, workspace)
            gone = time.monotonic() - begun
    assert set(writers.answers) == {200, 404}
    figure(
        f"R18 {storage.kind}",
        f"{models} models of which {WRITERS} clients change some meanwhile: all gone after {gone:.1f} s",
    )


def test_a_workspace_is_gone_when_its_server_is_killed_while_it_deletes_it(storage: Storage, figure: Figure) -> None:
    models = 4_000
    with served(storage) as servers:
        with storage.client(servers[0]) as client:
            workspace, addresses = crowded(storage, client, models)
        over = threading.Event()
        with beside(over, partial(delete_and_be_cut_off, servers[0].url, storage.token)):
            while not storage.sql("SELECT * FROM deleted_workspaces"):
                time.sleep(0.002)
            servers[0].process.kill()
    rows = left(storage, workspace)
    assert rows
    begun = time.monotonic()
    with storage.serving(servers[0].data.name) as server, storage.client(server) as client:
        assert client.get(addresses[0].replace("/custom/", "/")).status_code == 404
        assert client.get("/api/v1/workspaces/crowd").status_code == 404
        assert client.post("/api/v1/workspaces", json={"name": "crowd"}).status_code == 201
        until_gone(storage, workspace)
    figure(
        f"R18 {storage.kind}",
        f"killed while it deleted a workspace: {rows} rows were left, and gone {time.monotonic() - begun:.1f} s after "
        "the next start began; nobody saw one of them",
    )


def delete_and_be_cut_off(url: str, token: str) -> None:
    with client_of(url, token) as client, pytest.raises(httpx.TransportError):
        client.delete(DELETE)

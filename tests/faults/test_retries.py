"""R7: a POST that was committed and never answered is answered when it is sent again with its key, and made once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from sqlalchemy import make_url

from tests.conftest import definition
from tests.faults.conftest import Figure
from tests.faults.disks import tampered
from tests.faults.lines import Way, line_to
from tests.faults.place import Storage, migrated, models_of, through
from tests.running import RunningServer

TIMES = 3
KEY = "made-once"


@pytest.mark.thorough
def test_killed_between_commit_and_answer_on_sqlite(embedded: Storage, figure: Figure) -> None:
    for number in range(TIMES):
        with embedded.serving() as server, embedded.client(server) as client, killed_at_a_sync(server):
            never_answered(client, number)
        check_again(embedded, number)
    figure("R7 kill, then retry", f"sqlite: {TIMES} of {TIMES} were made once and answered the second time")


@pytest.mark.thorough
def test_killed_between_commit_and_answer_on_postgresql(shared: Storage, figure: Figure) -> None:
    migrated(shared.url, shared.folder)
    direct = shared.url
    with line_to(make_url(direct).port or 0) as line:
        for number in range(TIMES):
            shared.url, line.way = through(direct, line.port), Way.OPEN
            with shared.serving() as server, shared.client(server) as client:
                models_of(client)
                line.at_commit, line.way = server.process.kill, Way.AFTER_COMMIT
                never_answered(client, number)
            assert line.caught == number + 1
            shared.url = direct
            check_again(shared, number)
    figure("R7 kill, then retry", f"postgresql: {TIMES} of {TIMES} were made once and answered the second time")


def never_answered(client: httpx.Client, number: int) -> None:
    path = models_of(client)
    with pytest.raises(httpx.TransportError):
        client.post(f"{path}/custom", json=definition(f"m{number}"), headers={"Idempotency-Key": f"{KEY}-{number}"})


def check_again(storage: Storage, number: int) -> None:
    """The same request is answered as it was, and another one under its key is refused."""
    with storage.serving() as server, storage.client(server) as client:
        path, headers = models_of(client), {"Idempotency-Key": f"{KEY}-{number}"}
        listed = client.get(path, params={"name": f"m{number}"}).json()["data"]
        assert len(listed) == 1, "it was committed, or the test says nothing"
        again = client.post(f"{path}/custom", json=definition(f"m{number}"), headers=headers)
        assert (again.status_code, again.json()["model_id"]) == (201, listed[0]["model_id"]), again.text
        assert client.post(f"{path}/custom", json=definition("other"), headers=headers).status_code == 422
        assert client.get(path).json()["total"] == number + 1


@contextmanager
def killed_at_a_sync(server: RunningServer) -> Iterator[None]:
    """The server is killed when it begins to sync: its commit is in the file by then, its answer is not written."""
    with tampered("fdatasync,fsync:signal=KILL", server.process.pid):
        yield
    assert server.process.wait(timeout=10) == -9

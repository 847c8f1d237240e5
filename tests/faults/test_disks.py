"""R4 and R5: a full disk is said by its name and reads go on; what could not be synced is never acknowledged."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from haymow.server.database.writer import STUCK_SECONDS
from tests import postgres
from tests.conftest import definition
from tests.faults.conftest import Figure
from tests.faults.disks import fill, on_a_small_disk, tampered
from tests.faults.place import Storage, made, models_of, new_database, seen_at
from tests.waiting import wait_until

BACK_SECONDS = 5.0


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_full_disk_is_said_and_passes(kind: str, tmp_path: Path, figure: Figure) -> None:
    with on_a_small_disk(kind, tmp_path) as (storage, disk):  # noqa: SIM117 - the disk is looked at when the server is gone
        with storage.serving() as server, storage.client(server) as client:
            address = made(client)
            path, before = models_of(client), client.get(seen_at(address)).json()
            ballast = fill(disk)
            told, refused = until_refused(client, path)
            assert (refused.status_code, refused.json()["code"]) == (503, "storage_full"), refused.text
            assert int(refused.headers["retry-after"]) > 0
            assert client.get(seen_at(address)).json() == before
            assert client.get(path).json()["total"] == told + 1
            assert client.get("/healthz").status_code == 200
            ballast.unlink()
            begun = time.monotonic()
            wait_until(lambda: client.post(f"{path}/custom", json=large(f"after-{time.monotonic_ns()}")).is_success, 10)
            took = time.monotonic() - begun
    figure(
        "R4 full disk",
        f"{kind}: 503 storage_full, reads go on, a write is made {took:.2f} s after there is room (promised 5 s)",
    )
    assert took < BACK_SECONDS


def until_refused(client: httpx.Client, path: str) -> tuple[int, httpx.Response]:
    """How many models were made, and the answer to the first that was not."""
    for number in range(500):
        answer = client.post(f"{path}/custom", json=large(f"large-{number}"))
        if not answer.is_success:
            return number, answer
    raise AssertionError("the disk is never full")


def large(name: str) -> dict[str, object]:
    body = definition(name)
    body["generation_kwargs"]["description"] = "x" * 30_000
    return body


@pytest.mark.thorough
def test_a_failed_sync_is_not_acknowledged_on_sqlite(embedded: Storage, figure: Figure) -> None:
    """Killed right after, the file may have the change all the same: then nobody was told that it has not."""
    times, there, code = 5, 0, ""
    for number in range(times):
        with embedded.serving() as server, embedded.client(server) as client:
            address = made(client)
            with tampered("fdatasync,fsync:error=EIO", server.process.pid):
                answer = client.patch(address, json={"provider": "unsynced"})
                assert answer.status_code == 503, answer.text
            server.process.kill()
        with embedded.serving() as server, embedded.client(server) as client:
            found = client.get(seen_at(address)).json()["provider"]
            there += found == "unsynced"
            code = answer.json()["code"]
            assert found == "openai" or code == "outcome_unknown", answer.text
            assert client.patch(address, json={"provider": f"p{number}"}).status_code == 200
    figure("R5 failed sync", f"sqlite: {times} of {times} are 503 {code}; {there} of them were there after a kill")


@pytest.mark.thorough
def test_after_a_failed_sync_sqlite_goes_on(embedded: Storage) -> None:
    with embedded.serving() as server, embedded.client(server) as client:
        address = made(client)
        with tampered("fdatasync,fsync:error=EIO", server.process.pid):
            assert client.patch(address, json={"provider": "unsynced"}).status_code == 503
            assert client.get(seen_at(address)).json()["provider"] == "openai"
        assert client.patch(address, json={"provider": "synced"}).status_code == 200
        assert client.get(seen_at(address)).json()["provider"] == "synced"


@pytest.mark.thorough
def test_a_stuck_disk_keeps_nobody_waiting_for_ever_on_sqlite(embedded: Storage, figure: Figure) -> None:
    stuck = STUCK_SECONDS + 10
    with embedded.serving() as server, embedded.client(server) as client:
        address = made(client)
        with tampered(f"fdatasync,fsync:delay_enter={stuck * 1e6:.0f}", server.process.pid):
            begun = time.monotonic()
            answer = client.patch(address, json={"provider": "stuck"}, timeout=stuck)
            took = time.monotonic() - begun
            assert (answer.status_code, answer.json()["code"]) == (503, "outcome_unknown")
            assert client.patch(address, json={"provider": "refused"}).json()["code"] == "storage_failed"
            assert client.get(seen_at(address)).status_code == 200
            assert client.get("/readyz").status_code == 503
        wait_until(lambda: client.get("/readyz").status_code == 200, seconds=2 * stuck)
        assert client.patch(address, json={"provider": "synced"}).status_code == 200
    figure(
        "R5 stuck disk", f"sqlite: 503 {answer.json()['code']} after {took:.1f} s, not ready, and ready again by itself"
    )


@pytest.mark.thorough
def test_a_failed_sync_is_not_acknowledged_on_postgresql(tmp_path: Path, figure: Figure) -> None:
    with ExitStack() as stack:
        database = postgres.create("")
        stack.callback(database.stop, "immediate")
        storage = Storage("postgresql", tmp_path, new_database(database))
        server = stack.enter_context(storage.serving())
        client = stack.enter_context(storage.client(server))
        address = made(client)
        where = "datname = current_database() AND application_name = 'haymow'"
        pids = [int(pid) for (pid,) in storage.sql(f"SELECT pid FROM pg_stat_activity WHERE {where}")]
        with tampered("fdatasync,fsync:error=EIO", *pids):
            answer = client.patch(address, json={"provider": "unsynced"})
            assert answer.status_code == 503, answer.text
        begun = time.monotonic()
        wait_until(lambda: client.patch(address, json={"provider": "synced"}).status_code == 200)
        took = time.monotonic() - begun
    figure(
        "R5 failed sync",
        f"postgresql stops and recovers: 503 {answer.json()['code']}; the next change is made after {took:.2f} s",
    )

"""R13: a backup under load is one moment of it, is restored the same, and its secrets decrypt."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sqlalchemy import select

from haymow.server.database import open_database
from haymow.server.database.places import Place, looking, place_named
from haymow.server.registry.tables import models_table, revisions_table
from haymow.server.settings import Settings
from tests.conftest import client_of
from tests.faults.conftest import Figure
from tests.faults.disks import fill, on_a_small_disk, small_disk
from tests.faults.place import PLAIN, Storage, durable, made, new_database
from tests.running import RunningServer, environment, haymow_command
from tests.server.archive.stock import KEY, PASSPHRASE, chat, hashes, register
from tests.upstream import Upstream

MODELS = 200
WRITERS = 4
ROOM = 200_000
"""Bytes that are left on a disk: less than the rows take."""
_RATE = re.compile(r"([\d,]+) rows/s")


@dataclass
class Written:
    """What the servers acknowledged: updates of each model."""

    acknowledged: int = 0
    failures: list[str] = field(default_factory=list)


@contextmanager
def updating(server: RunningServer, token: str, addresses: list[str]) -> Iterator[Written]:
    """Clients that change models, each those of its own, without a pause."""
    over, written = threading.Event(), Written()

    def write(mine: list[str]) -> None:
        with client_of(server.url, token) as client:
            for number in range(1_000_000):
                if over.is_set():
                    return
                body = {"name": f"n-{number}-{mine[number % len(mine)][-12:]}"}
                answer = client.patch(mine[number % len(mine)], json=body)
                if answer.status_code == 200:
                    written.acknowledged += 1
                else:
                    written.failures.append(answer.text)

    threads = [threading.Thread(target=write, args=(addresses[part::WRITERS],)) for part in range(WRITERS)]
    for thread in threads:
        thread.start()
    try:
        yield written
    finally:
        over.set()
        for thread in threads:
            thread.join()


def told(storage: Storage) -> dict[str, str]:
    key = str(storage.folder / "master.key")
    return {**PLAIN, "HAYMOW_DATABASE_URL": storage.url, "HAYMOW_MASTER_KEY_FILE": key}


def admin(storage: Storage, *arguments: str) -> subprocess.Popen[str]:
    (storage.folder / "passphrase").write_text(PASSPHRASE)
    (storage.folder / "passphrase").chmod(0o600)
    secret = ("--passphrase-file", str(storage.folder / "passphrase")) if arguments[0] != "copy" else ()
    return subprocess.Popen(
        haymow_command("admin", *arguments, *secret), env=environment(storage.folder / "data", told(storage)),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def done(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    return out + err


def place(storage: Storage) -> Place:
    return place_named(storage.url or str(storage.folder / "data"), "SOURCE")


def empty(storage: Storage, name: str) -> Storage:
    """Another database of the same kind, without rows and without a key."""
    folder = storage.folder / name
    folder.mkdir()
    return Storage(storage.kind, folder, new_database(durable()) if storage.is_shared else "")


def filled(storage: Storage, server: RunningServer, upstream: Upstream) -> list[str]:
    """A secret, a model that uses it, and models to change."""
    with storage.client(server) as client:
        host = upstream.url.removesuffix("/v1")
        secret = {"name": "OPENAI_API_KEY", "secret": KEY, "hosts": [host, "api.openai.com"]}
        assert client.post("/api/v2/secrets", json=secret).status_code == 201
        workspace = client.get("/api/v1/workspaces/default").json()["workspace_id"]
        register(client, workspace, "m-0", upstream.url)
        return [made(client, f"u-{number}") for number in range(MODELS)]


def require_one_moment(at: Place) -> None:
    """Each model is at its newest revision, and has every one before it: no change is there in part."""
    with looking(at) as connection:
        models = connection.execute(select(models_table.c.model_id, models_table.c.revision)).all()
        revisions = connection.execute(select(revisions_table.c.model_id, revisions_table.c.revision)).all()
    assert len(models) > MODELS
    assert {(one, number) for one, newest in models for number in range(1, newest + 1)} == {
        tuple(one) for one in revisions
    }


@pytest.mark.timeout(300)
@pytest.mark.thorough
def test_a_backup_under_load_is_one_moment_and_comes_back_the_same(storage: Storage, figure: Figure) -> None:
    with ExitStack() as stack:
        upstream = stack.enter_context(Upstream())
        server = stack.enter_context(storage.serving())
        addresses = filled(storage, server, upstream)
        with updating(server, storage.token, addresses) as written:
            time.sleep(2)  # for a while there is load alone, so that the backup begins in the middle of it
            begun, before = time.monotonic(), written.acknowledged
            said = done(admin(storage, "backup", str(storage.folder / "b")))
            seconds, during = time.monotonic() - begun, written.acknowledged - before
        assert (written.failures, during > 10) == ([], True)
        target = empty(storage, "restored")
        done(admin(target, "restore", str(storage.folder / "b")))
        require_one_moment(place(target))
        again = hashes(place(target))
        assert again["models"][0] > MODELS
        with target.serving() as restored:
            assert chat(restored, storage.token).status_code == 200
            assert upstream.seen[-1].headers["authorization"] == f"Bearer {KEY}"
        figure(
            f"R13 {storage.kind}",
            f"{sum(rows for rows, _ in again.values())} rows backed up in {seconds:.1f} s with {during} updates "
            f"acknowledged meanwhile ({during / seconds:.0f}/s), 0 failed; restored whole, the secret decrypts",
        )
        assert "rows/s" in said


@pytest.mark.timeout(300)
@pytest.mark.thorough
def test_backups_and_restores_that_are_killed_leave_nothing_that_is_taken_for_one(
    storage: Storage, figure: Figure
) -> None:
    with Upstream() as upstream, storage.serving() as server:
        filled(storage, server, upstream)
    file, killed = storage.folder / "b", 0
    for lines in (1, 2, 4, 7):
        assert killed_after(admin(storage, "backup", str(file)), lines) and not file.exists()
        killed += 1
    done(admin(storage, "backup", str(file)))
    target = empty(storage, "restored")
    for lines in (1, 3, 6, 9, 14, 20):
        if killed_after(admin(target, "restore", str(file)), lines):
            killed += 1
            assert not any(rows for rows, _ in hashes(place(target)).values())
    done(admin(target, "restore", str(file)))
    assert hashes(place(target)) == hashes(place(storage))
    figure(f"R13 {storage.kind} killed", f"{killed} kills -9 of backup and restore: no file, no row; then the same")


def killed_after(process: subprocess.Popen[str], lines: int) -> bool:
    """Kill -9 behind so many lines of progress; False when it was done before."""
    assert process.stderr is not None
    for number, _ in enumerate(process.stderr, start=1):
        if number >= lines:
            process.send_signal(signal.SIGKILL)
            break
    process.communicate()
    return process.returncode == -signal.SIGKILL


@pytest.mark.timeout(300)
@pytest.mark.thorough
def test_a_full_disk_leaves_no_backup_and_stops_no_server(embedded: Storage, figure: Figure) -> None:
    """A disk of 8 KiB."""
    with small_disk("8k") as disk, Upstream() as upstream, embedded.serving() as server:
        filled(embedded, server, upstream)
        assert refused(admin(embedded, "backup", str(disk / "b"))) == (
            f"haymow: Cannot write {disk / 'b'} (No space left on device). "
            "Make room, or name a file where you may write."
        )
        assert list(disk.iterdir()) == []
        assert chat(server, embedded.token).status_code == 200
    figure("R13 full disk", "no file is left, the server answers")


@pytest.mark.timeout(300)
@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_full_disk_leaves_the_target_of_a_restore_empty(
    embedded: Storage, tmp_path: Path, kind: str, figure: Figure
) -> None:
    """There is room for its tables, and not for the rows. With more, the same command restores them all."""
    with Upstream() as upstream, embedded.serving() as server:
        filled(embedded, server, upstream)
    done(admin(embedded, "backup", str(tmp_path / "b")))
    with on_a_small_disk(kind, tmp_path, "64m") as (target, disk):
        target.folder = tmp_path / "target"
        target.folder.mkdir()
        (disk / "data").mkdir(mode=0o700)
        (target.folder / "data").symlink_to(disk / "data")
        migrated(target)
        ballast = fill(disk)
        os.truncate(ballast, ballast.stat().st_size - ROOM)
        said = refused(admin(target, "restore", str(tmp_path / "b")))
        assert said.endswith("Its disk is full, and no row was kept: make room, and try again."), said
        assert not any(rows for rows, _ in hashes(place(target)).values())
        ballast.unlink()
        done(admin(target, "restore", str(tmp_path / "b")))
        assert hashes(place(target)) == hashes(place(embedded))
    figure(f"R13 {kind} full target", "it is said, the target is empty; with room, the same command restores all")


def migrated(storage: Storage) -> None:
    """Its tables are there, and no row."""
    url = storage.url or None
    open_database(Settings(data=storage.folder / "data", database_url=url)).close()


def refused(process: subprocess.Popen[str]) -> str:
    """The one line of a command that could not do it."""
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1, said
    return said.splitlines()[-1]


@pytest.mark.timeout(300)
@pytest.mark.thorough
def test_a_copy_there_and_back_is_the_same(embedded: Storage, figure: Figure) -> None:
    with Upstream() as upstream, embedded.serving() as server:
        addresses = filled(embedded, server, upstream)
        with updating(server, embedded.token, addresses) as written:
            time.sleep(10)
    there, back = new_database(durable()), embedded.folder / "back"
    rates = []
    for source, target in ((str(embedded.folder / "data"), there), (there, str(back))):
        said = done(admin(replace(embedded, url=""), "copy", source, target))
        rates.append(max(int(rate.replace(",", "")) for rate in _RATE.findall(said)))
    before = hashes(place(embedded))
    assert hashes(place_named(there, "TARGET")) == before == hashes(place_named(str(back), "TARGET"))
    rows = sum(number for number, _ in before.values())
    figure(
        "R13 copy", f"{rows} rows after {written.acknowledged} updates: the same on PostgreSQL and back in SQLite, "
        f"up to {rates[0]} and {rates[1]} rows/s",
    )  # fmt: skip

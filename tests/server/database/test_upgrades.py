"""Going from one version to the next: ahead of the start, one server after the other, and back again (R12)."""

from __future__ import annotations

import subprocess
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from haymow.server.database.schema import HEAD
from tests import databases, looking
from tests.conftest import client_of, definition
from tests.running import RunningServer, environment, haymow_command, running
from tests.server.database.upgrades import NEXT, finished, next_version

IS_DONE = "The database has this version's schema now."


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder whose database has this version's schema."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    databases.open_in(folder).close()
    return folder


def refusal(data: Path, more: Mapping[str, str]) -> str:
    """The one line of a server that does not start."""
    done = subprocess.run(
        haymow_command("serve", "--port", "0"), env=environment(data, more), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    return [line for line in done.stderr.splitlines() if line.startswith("haymow: ")][-1]


def version(data: Path) -> str:
    return str(looking.rows(data, "SELECT version_num FROM alembic_version")[0][0])


def test_the_version_before_works_on_a_schema_that_only_grew(data: Path, tmp_path: Path) -> None:
    coming = next_version(tmp_path / "next")
    said = coming.migrate(data)
    assert f"{NEXT}: What the next version needs." in said
    assert IS_DONE in said
    assert "There was nothing to migrate." in coming.migrate(data)
    with running(data) as before, client_of(before.url, before.token) as client:
        assert client.post("/api/v2/models/custom", json=definition()).status_code == 201
    with running(data, more=coming.environ()) as after, client_of(after.url, before.token) as client:
        assert [model["name"] for model in client.get("/api/v2/models").json()["data"]] == [definition()["name"]]


def test_the_version_before_does_not_start_on_a_schema_that_it_cannot_work_with(data: Path, tmp_path: Path) -> None:
    next_version(tmp_path / "next", works_with=NEXT).migrate(data)
    assert f"was written by a newer haymow (schema {NEXT}, this one knows {HEAD})" in refusal(data, {})


def test_a_start_that_may_not_migrate_says_which_command_does(data: Path, tmp_path: Path) -> None:
    coming = next_version(tmp_path / "next")
    off = {**coming.environ(), "HAYMOW_MIGRATE": "off"}
    assert "Run `haymow admin migrate`" in refusal(data, off)
    assert version(data) == HEAD
    coming.migrate(data)
    with running(data, more=off):
        pass


def test_a_migration_that_is_killed_leaves_the_schema_before(data: Path, tmp_path: Path) -> None:
    slow, pause = next_version(tmp_path / "slow", then="pause()"), Pause(tmp_path)
    killed = slow.migrating(data, pause.environ)
    pause.has_begun(killed)
    killed.kill()
    killed.communicate()
    assert version(data) == HEAD
    assert IS_DONE in next_version(tmp_path / "next").migrate(data)
    assert looking.rows(data, "SELECT count(*) FROM novelties") == [(0,)]


@pytest.mark.shared("a file is one server's, which migrates when it starts")
def test_of_two_migrations_the_second_waits_and_finds_nothing_to_do(data: Path, tmp_path: Path) -> None:
    coming, pause = next_version(tmp_path / "next", then="pause()"), Pause(tmp_path)
    first = coming.migrating(data, pause.environ)
    pause.has_begun(first)
    second = coming.migrating(data, pause.environ)
    says(second, "Another migration is under way")
    pause.end()
    assert IS_DONE in finished(first)
    assert "There was nothing to migrate." in finished(second)


@pytest.mark.shared("a file is one server's")
def test_no_request_fails_while_one_version_follows_the_other(tmp_path: Path) -> None:
    """The schema is changed under load; then servers of both versions work side by side."""
    coming, key = next_version(tmp_path / "next"), {"HAYMOW_MASTER_KEY_FILE": str(tmp_path / "master.key")}
    with running(tmp_path / "one", more=key) as old, Load(old.url, old.token) as load:
        load.goes_on()
        with looking.connected(tmp_path / "one") as report:  # somebody's, which reads a table for a long time
            report.exec_driver_sql("BEGIN")
            report.exec_driver_sql("SELECT count(*) FROM models")
            migrating = coming.migrating(tmp_path / "one")
            says(migrating, "A table was in use")  # it let everybody else go on, and tries again
            report.exec_driver_sql("ROLLBACK")
        assert IS_DONE in finished(migrating)
        shared = {**key, **databases.environ(tmp_path / "one"), **coming.environ()}
        with running(tmp_path / "two", more=shared) as new, Load(new.url, old.token) as beside:
            load.goes_on()
            beside.goes_on()
            assert see_the_same(old, new, old.token)
    assert load.failed == beside.failed == Counter()


def see_the_same(one: RunningServer, other: RunningServer, token: str) -> bool:
    totals = []
    for server in (one, other):
        with client_of(server.url, token) as client:
            totals.append(client.get("/api/v2/models", params={"name": "only here"}).status_code)
    return totals == [200, 200]


def says(process: subprocess.Popen[str], words: str) -> None:
    """Return when a command says this."""
    assert process.stdout is not None
    assert any(words in line for line in process.stdout), process.wait()


class Pause:
    """Where a migration stands still, inside its transaction, until it may go on."""

    def __init__(self, folder: Path) -> None:
        self._begun, self._over = folder / "begun", folder / "over"
        self.environ = {"PAUSE_BEGUN": str(self._begun), "PAUSE_OVER": str(self._over)}

    def has_begun(self, process: subprocess.Popen[str]) -> None:
        while not self._begun.exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)

    def end(self) -> None:
        self._over.touch()


class Load:
    """Two who change a model of their own and read it back, as fast as they are answered, until the block ends."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url, token
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(2)]
        self.answered = 0
        self.failed: Counter[int] = Counter()

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def goes_on(self) -> None:
        """Return when fifty more requests were answered."""
        wanted, until = self.answered + 50, time.monotonic() + 30
        while self.answered < wanted:
            assert time.monotonic() < until
            time.sleep(0.01)

    def _work(self) -> None:
        name = f"m {threading.get_ident()} {self._url}"
        with client_of(self._url, self._token) as client:
            made = self._heard(client.post("/api/v2/models/custom", json=definition(name)))
            path, number = f"/api/v2/models/{made.json()['model_id']}", 0
            while not self._is_over.is_set():
                number += 1
                change = {"name": f"{name} {number}"}
                self._heard(client.patch(path.replace("/models/", "/models/custom/"), json=change))
                self._heard(client.get(path))

    def _heard(self, answer: httpx.Response) -> httpx.Response:
        self.answered += 1
        if answer.status_code >= 400:
            self.failed[answer.status_code] += 1
        return answer

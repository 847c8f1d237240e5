"""At its start haymow says what its storage promises, and does not start on one that would lose changes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from haymow.errors import StartFailed
from haymow.server.database import guarantees, sqlite
from tests import postgres
from tests.faults.conftest import Figure
from tests.faults.place import PLAIN, Storage, new_database
from tests.running import RunningServer, environment, haymow_command


@pytest.fixture(scope="module")
def careless() -> Iterator[postgres.Postgres]:
    """A PostgreSQL that syncs nothing."""
    with ExitStack() as stack:
        made = postgres.create("-F")
        stack.callback(made.stop, "immediate")
        yield made


def said(server: RunningServer) -> str:
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    (found,) = [line for line in lines if line["message"].startswith("the database's guarantees")]
    assert found["level"] == "info"
    return str(found["message"])


def test_what_is_promised_is_logged(storage: Storage, figure: Figure) -> None:
    with storage.serving() as server:
        found = said(server)
    wanted = {
        "sqlite": ("SQLite 3.", "synchronous=FULL", "journal_mode=wal", "file system "),
        "postgresql": ("fsync=on", "full_page_writes=on", "synchronous_commit=on"),
    }
    assert all(word in found for word in wanted[storage.kind]), found
    figure("R2 at start", found)


def test_a_postgresql_that_syncs_nothing_is_refused(careless: postgres.Postgres, tmp_path: Path) -> None:
    told = {**PLAIN, "HAYMOW_DATABASE_URL": new_database(careless)}
    done = subprocess.run(
        haymow_command("serve", "--port", "0"), env=environment(tmp_path / "data", told), capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "could lose changes that it acknowledged: fsync=off" in done.stderr
    assert "HAYMOW_UNSAFE_STORAGE=on" in done.stderr


def test_it_is_used_when_the_settings_say_so(careless: postgres.Postgres, tmp_path: Path) -> None:
    storage = Storage("postgresql", tmp_path, new_database(careless))
    with storage.serving(more={"HAYMOW_UNSAFE_STORAGE": "on"}) as server:
        assert "fsync=off" in said(server)


@pytest.mark.parametrize("setting", ["synchronous_commit = off", "synchronous_commit = local"])
def test_a_database_that_commits_later_is_refused(shared: Storage, setting: str) -> None:
    name = shared.url.rpartition("/")[2]
    shared.sql(f"ALTER DATABASE {name} SET {setting}")
    done = subprocess.run(
        haymow_command("serve", "--port", "0"),
        env=environment(shared.folder / "data", {**PLAIN, "HAYMOW_DATABASE_URL": shared.url}),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert setting.replace(" = ", "=") in done.stderr


class TestTheFileSystem:
    """What is mounted where is the system's to say: here it says what the test wants."""

    @pytest.fixture
    def mounts(self, tmp_path: Path) -> Path:
        return tmp_path / "mountinfo"

    def mounted(self, mounts: Path, *points: tuple[Path | str, str]) -> None:
        lines = [f"22 1 8:1 / {point} rw,relatime shared:1 - {kind} /dev/x rw" for point, kind in points]
        mounts.write_text("\n".join(lines) + "\n")

    @pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "9p", "fuse.sshfs"])
    def test_that_is_known_to_lose_changes_is_refused(self, tmp_path: Path, mounts: Path, kind: str) -> None:
        self.mounted(mounts, ("/", "ext4"), (tmp_path, kind))
        with pytest.raises(StartFailed) as caught:
            guarantees.check_file_system(tmp_path / "data", unsafe=False, mounts=mounts)
        assert kind in caught.value.message
        assert "HAYMOW_UNSAFE_STORAGE=on" in caught.value.message
        assert guarantees.check_file_system(tmp_path / "data", unsafe=True, mounts=mounts) == kind

    def test_is_that_of_the_nearest_mount_and_of_the_last_there(self, tmp_path: Path, mounts: Path) -> None:
        (tmp_path / "a b").mkdir()
        escaped = str(tmp_path / "a b").replace(" ", "\\040")
        self.mounted(mounts, (escaped, "nfs4"), (escaped, "xfs"), ("/", "nfs"), (f"{tmp_path}/a", "nfs"))
        assert guarantees.check_file_system(tmp_path / "a b" / "data", unsafe=False, mounts=mounts) == "xfs"

    def test_that_nobody_names_is_let_be(self, tmp_path: Path) -> None:
        assert guarantees.check_file_system(tmp_path, unsafe=False, mounts=tmp_path / "none") == "unknown"

    def test_that_a_restart_empties_is_said(
        self, tmp_path: Path, mounts: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        self.mounted(mounts, (tmp_path, "tmpfs"))
        guarantees.check_file_system(tmp_path, unsafe=False, mounts=mounts)
        assert "tmpfs" in caplog.text


def test_sqlite_that_was_given_less_than_was_asked_for_is_refused(tmp_path: Path) -> None:
    """In memory there is no write-ahead log, whatever is asked for: as on file systems that cannot share memory."""
    engine = sqlite.writing_engine(Path(":memory:"))
    with pytest.raises(StartFailed) as caught:
        guarantees.check_connection(engine, "ext4", unsafe=False)
    assert "journal_mode=memory" in caught.value.message
    guarantees.check_connection(engine, "ext4", unsafe=True)

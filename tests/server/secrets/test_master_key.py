"""The master key's file: made once, held to its database, refused in one line that says what to do."""

import os
import stat
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from threading import Barrier, Thread

import pytest

from haymow.errors import StartFailed
from haymow.server.secrets import key_file
from haymow.server.secrets.master_keys import MasterKeys, open_master_keys
from haymow.server.secrets.service import open_vault
from tests import databases
from tests.server.secrets.conftest import now

pytestmark = pytest.mark.anyio

NOBODY = 65534


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "master.key"


def failure(file: Path, *, database_is_new: bool = False) -> str:
    with pytest.raises(StartFailed) as caught:
        open_master_keys(file, database_is_new)
    message = caught.value.message
    assert "\n" not in message and str(file) in message
    return message


def test_a_new_database_gets_a_key_file_that_only_its_owner_reads(file: Path) -> None:
    before = os.umask(0)
    try:
        open_master_keys(file, database_is_new=True)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert os.listdir(file.parent) == [file.name]


def test_the_key_file_can_be_read_by_a_person(file: Path) -> None:
    open_master_keys(file, database_is_new=True)
    header, advice, key = file.read_text().splitlines()
    assert header.startswith("haymow-master-key-1 id=")
    assert advice.startswith("#") and "backup" in advice
    assert len(key) == 44


def test_the_file_is_the_same_key_every_time(file: Path) -> None:
    first = open_master_keys(file, database_is_new=True)
    again = open_master_keys(file, database_is_new=False)
    assert again.passes(first.check())


def test_two_files_are_two_keys(tmp_path: Path) -> None:
    first, second = (open_master_keys(tmp_path / name, database_is_new=True) for name in ("a", "b"))
    assert not second.passes(first.check())


def test_a_key_file_that_is_there_already_is_used_for_a_new_database(file: Path) -> None:
    first = open_master_keys(file, database_is_new=True)
    content = file.read_bytes()
    assert open_master_keys(file, database_is_new=True).passes(first.check())
    assert file.read_bytes() == content


def test_starts_at_the_same_time_agree_on_one_key(file: Path) -> None:
    barrier, keys = Barrier(8), list[MasterKeys]()

    def start() -> None:
        barrier.wait()
        keys.append(open_master_keys(file, database_is_new=True))

    threads = [Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert all(key.passes(keys[0].check()) for key in keys)
    assert os.listdir(file.parent) == [file.name]


def test_a_missing_file_is_not_made_for_a_database_that_needs_the_old_one(file: Path) -> None:
    message = failure(file)
    assert "missing" in message and "backup" in message and "HAYMOW_MASTER_KEY_FILE" in message
    assert not file.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666, 0o620])
def test_a_file_that_others_can_open_is_refused(file: Path, mode: int) -> None:
    open_master_keys(file, database_is_new=True)
    file.chmod(mode)
    assert f"chmod 600 {file}" in failure(file)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_that_is_the_owners_alone_is_accepted(file: Path, mode: int) -> None:
    made = open_master_keys(file, database_is_new=True)
    file.chmod(mode)
    assert open_master_keys(file, database_is_new=False).passes(made.check())


AS_NOBODY = f"""
import os, pathlib
from haymow.server.secrets.master_keys import open_master_keys
os.setgroups([]), os.setgid({NOBODY}), os.setuid({NOBODY})
open_master_keys(pathlib.Path("key"), False)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to root, and then be somebody else")
def test_a_file_of_roots_may_be_read_by_one_group_as_orchestrators_mount_secrets() -> None:
    """A Secret of Kubernetes with `fsGroup` is root's, 0440."""
    with tempfile.TemporaryDirectory(prefix="haymow-key-") as folder:  # a test's own is closed to others
        Path(folder).chmod(0o755)
        file = Path(folder) / "key"
        open_master_keys(file, database_is_new=True)
        os.chown(file, 0, NOBODY)

        def refused(mode: int) -> bool:
            file.chmod(mode)
            done = subprocess.run([sys.executable, "-c", AS_NOBODY], cwd=folder, capture_output=True, text=True)
            assert (done.returncode == 0) != (f"chmod 600 {file.name}" in done.stderr), done.stderr
            return done.returncode != 0

        assert [mode for mode in (0o440, 0o640, 0o444, 0o460, 0o441) if refused(mode)] == [0o444, 0o460, 0o441]


def test_the_file_of_a_new_key_can_be_made_for_elsewhere(file: Path) -> None:
    file.touch(0o600)
    file.write_text(key_file.new_text())
    first = open_master_keys(file, database_is_new=False)
    file.write_text(key_file.new_text())
    assert not open_master_keys(file, database_is_new=False).passes(first.check())


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[:-20],
        lambda text: "\n".join(text.splitlines()[1:]),
        lambda text: text.replace("key-1", "key-9"),
        lambda text: text + text,
        lambda text: text[:-10] + ("A" if text[-10] != "A" else "B") + text[-9:],
        lambda text: "\x00\xff" * 5000,
        lambda text: "-----BEGIN PRIVATE KEY-----\nMIIE\n",
    ],
)
def test_a_damaged_file_is_refused_and_nothing_of_it_is_shown(file: Path, damage: "type[str]") -> None:
    open_master_keys(file, database_is_new=True)
    text = file.read_text()
    file.write_text(damage(text), encoding="latin-1")
    with pytest.raises(StartFailed) as caught:
        open_master_keys(file, database_is_new=False)
    assert "damaged" in caught.value.message and "backup" in caught.value.message
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    key = text.splitlines()[-1]
    ours = shown[shown.index("in open_master_keys") :]
    assert key not in ours and key[:20] not in ours


def test_a_folder_in_the_place_of_the_file_is_refused(file: Path) -> None:
    file.mkdir()
    assert "Cannot use" in failure(file)


def test_a_place_where_nothing_can_be_made_is_refused(tmp_path: Path) -> None:
    assert "Cannot use" in failure(tmp_path / "nowhere" / "master.key", database_is_new=True)


# Held to the database


async def test_the_first_start_holds_the_database_to_its_key(tmp_path: Path, file: Path) -> None:
    database = databases.open_in(tmp_path)
    first = await open_vault(database, file, now)
    again = await open_vault(database, file, now)
    database.close()
    assert again.passes(first.check())


async def test_another_databases_key_is_refused(tmp_path: Path, file: Path) -> None:
    database = databases.open_in(tmp_path)
    await open_vault(database, file, now)
    os.remove(file)
    open_master_keys(file, database_is_new=True)
    with pytest.raises(StartFailed, match="does not belong to this database"):
        await open_vault(database, file, now)
    database.close()


async def test_a_database_with_a_key_does_not_start_without_its_file(tmp_path: Path, file: Path) -> None:
    database = databases.open_in(tmp_path)
    await open_vault(database, file, now)
    os.remove(file)
    with pytest.raises(StartFailed, match="missing"):
        await open_vault(database, file, now)
    assert "master.key" not in os.listdir(tmp_path)
    database.close()


async def test_a_first_start_that_was_cut_off_after_the_file_goes_on_with_it(tmp_path: Path, file: Path) -> None:
    key = open_master_keys(file, database_is_new=True)
    database = databases.open_in(tmp_path)
    assert (await open_vault(database, file, now)).passes(key.check())
    database.close()


def test_a_file_with_several_keys_is_whole_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    open_master_keys(path, database_is_new=True)
    key_file.add(path)
    key_file.add(path)
    assert [one.kind for one in key_file.read(path)] == [1, 2, 2]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["master.key"]
    lines = path.read_text().splitlines()
    for damaged in (lines[:-1], [*lines, lines[-1]], [*lines, *lines[-2:]], [*lines[:3], *lines[4:]]):
        path.write_text("\n".join(damaged))
        with pytest.raises(StartFailed, match="damaged"):
            key_file.read(path)

"""`haymow admin rotate-key`: beside a running server and without one, killed in the middle, and what it says."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from haymow.server.secrets import key_file
from tests import databases, looking
from tests.conftest import client_of
from tests.operating import admin_command
from tests.running import RunningServer, environment, haymow_command, running
from tests.server.archive.stock import KEY, chat, fill
from tests.upstream import Upstream
from tests.waiting import wait_until


def rotate(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return admin_command(data, "rotate-key", *arguments)


def rotated(data: Path, *arguments: str) -> str:
    """What the whole of it says: on PostgreSQL in two steps."""
    if databases.is_shared():
        assert rotate(data, "--prepare").returncode == 0
    done = rotate(data, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


def test_a_chat_has_its_key_before_and_after_and_the_old_key_can_go(tmp_path: Path, upstream: Upstream) -> None:
    with upstream:
        stock = fill(tmp_path / "data", upstream.url)
        with running(stock.folder) as server:
            assert "now (data keys: 2; values encrypted anew: 2)." in rotated(stock.folder, "--data-keys")
            assert chat(server, stock.token).status_code == 200
            assert rotate(stock.folder, "--forget-old").returncode == 0
            assert chat(server, stock.token, "m-1").status_code == 200
        assert len(key_file.read(stock.folder / "master.key")) == 1
        with running(stock.folder) as server:
            assert chat(server, stock.token).status_code == 200
        assert {seen.headers["authorization"] for seen in upstream.seen} == {f"Bearer {KEY}"}


def test_it_works_without_a_server_too_and_says_what_it_does(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        enter(server)
        assert server.stop() == 0
    assert "now (data keys: 1)." in rotated(tmp_path / "data")
    assert [one.kind for one in key_file.read(tmp_path / "data" / "master.key")] == [1, 2]
    with running(tmp_path / "data") as server:
        assert httpx.get(f"{server.url}/readyz", trust_env=False).status_code == 200


def test_a_key_that_is_prepared_is_not_prepared_again(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        enter(server)
        assert "not in use yet" in rotate(tmp_path / "data", "--prepare").stdout
        again = rotate(tmp_path / "data", "--prepare")
        assert (again.returncode, again.stdout) == (1, "")
        assert again.stderr == "haymow: A new master key is there already. Go on with: haymow admin rotate-key\n"
        assert rotate(tmp_path / "data", "--forget-old").returncode == 1
        done = rotate(tmp_path / "data")
        assert done.returncode == 0, done.stderr
        assert "rotated data keys: 1 of 1; " in done.stderr
        assert "--forget-old" in done.stdout


def test_the_key_file_of_a_running_server_is_told_whoever_asks(tmp_path: Path) -> None:
    key = str(tmp_path / "keys")
    with running(tmp_path / "data", more={"HAYMOW_MASTER_KEY_FILE": key}) as server:
        enter(server)
        assert f" is in {key} now, " in rotate(tmp_path / "data", "--prepare").stdout


@pytest.mark.shared("one server has one key file")
@pytest.mark.parametrize("named", [{}, {"HAYMOW_DATABASE_URL": ""}])
def test_on_a_database_that_servers_share_a_key_is_given_to_all_before_it_is_used(
    tmp_path: Path, named: dict[str, str]
) -> None:
    """Whether or not who asks a running server names its database."""
    with running(tmp_path / "data") as server:
        enter(server)
        done = admin_command(tmp_path / "data", "rotate-key", **named)
    assert done.returncode == 1
    assert "rotate-key --prepare" in done.stderr
    assert len(key_file.read(tmp_path / "data" / "master.key")) == 1


ROTATED = "SELECT count(*) FROM audit WHERE action = 'master_key.rotated'"


def ready_to_rotate(data: Path) -> Path:
    """The folder of a server that has values and has stopped; where servers share a database, with its next key."""
    with running(data) as server:
        enter(server)
        assert server.stop() == 0
    if databases.is_shared():
        assert rotate(data, "--prepare").returncode == 0
    return data


@pytest.mark.parametrize("arguments", [(), ("--data-keys",)])
@pytest.mark.parametrize("mute", ["stderr", "stdout"])
def test_one_that_was_killed_when_all_was_done_has_nothing_left_to_do(
    tmp_path: Path, mute: str, arguments: tuple[str, ...]
) -> None:
    """Behind the last step, whose line nobody reads, or behind the end, of which nobody is told."""
    data = ready_to_rotate(tmp_path / "data")
    before = looking.rows(data, "SELECT wrapped FROM data_keys")
    killed_when_mute(data, mute, lambda: looking.rows(data, "SELECT wrapped FROM data_keys") != before, arguments)
    again = rotate(data, *arguments)
    assert (again.returncode, again.stderr) == (0, "")
    assert "already, and nothing was done" in again.stdout
    assert [one.kind for one in key_file.read(data / "master.key")] == [1, 2]
    assert looking.rows(data, ROTATED) == [(1,)]


def test_one_that_was_killed_and_goes_on_with_data_keys_renews_what_it_had_done_too(tmp_path: Path) -> None:
    """Also when that is killed in its turn."""
    data = ready_to_rotate(tmp_path / "data")
    keys, values = "SELECT wrapped FROM data_keys", "SELECT ciphertext FROM secrets"
    (before, value), sealed = [looking.rows(data, one) for one in (keys, values)], "SELECT version FROM data_keys"
    killed_when_mute(data, "stderr", lambda: looking.rows(data, keys) != before, ())
    assert looking.rows(data, values) == value
    killed_when_mute(data, "stderr", lambda: True, ("--data-keys",))
    done = rotate(data, "--data-keys")
    assert "(data keys: 1; values encrypted anew: 1)" in done.stdout, done
    assert looking.rows(data, values) != value
    assert (looking.rows(data, sealed), looking.rows(data, ROTATED)) == ([(2,)], [(1,)])
    assert [one.kind for one in key_file.read(data / "master.key")] == [1, 2]


def test_who_asks_for_more_than_was_done_gets_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data) as server:
        enter(server)
        rotated(data)
        assert "(data keys: 1; values encrypted anew: 1)" in rotated(data, "--data-keys")
        assert "nothing was done" in rotate(data).stdout
        assert rotate(data, "--prepare").returncode == 0
        assert "now (data keys: 1)." in rotate(data).stdout
    assert len(key_file.read(data / "master.key")) == 4


def killed_when_mute(data: Path, mute: str, was_done: Callable[[], bool], arguments: tuple[str, ...]) -> None:
    """Kill -9 while it waits for somebody to read what it says in one of its streams."""
    reading, full = os.pipe()
    os.set_blocking(full, False)
    with suppress(BlockingIOError):
        while True:
            os.write(full, b"\0" * 4096)
    os.set_blocking(full, True)
    said: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, mute: full}
    command = haymow_command("admin", "rotate-key", *arguments)
    with subprocess.Popen(command, env=environment(data), **said) as process:
        wait_until(lambda: was_done() and (mute == "stderr" or looking.rows(data, ROTATED) == [(1,)]))
        assert process.poll() is None
        process.kill()
    os.close(full)
    os.close(reading)
    if mute == "stderr":
        assert looking.rows(data, ROTATED) == [(0,)]


def test_one_thing_at_a_time(tmp_path: Path) -> None:
    assert rotate(tmp_path / "data", "--prepare", "--forget-old").returncode == 2


def enter(server: RunningServer) -> None:
    with client_of(server.url, server.token) as admin:
        made = admin.post("/api/v2/secrets", json={"name": "OPENAI_API_KEY", "secret": KEY})
        assert made.status_code == 201, made.text

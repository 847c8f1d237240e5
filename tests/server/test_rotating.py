"""`haymow admin rotate-key`: beside a running server and without one, killed in the middle, and what it says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import httpx
import pytest

from haymow.server.secrets import key_file
from tests import databases
from tests.conftest import client_of
from tests.running import RunningServer, environment, haymow_command, running
from tests.server.archive.stock import KEY, chat, fill
from tests.upstream import Upstream


def rotate(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        haymow_command("admin", "rotate-key", *arguments), env=environment(data), capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip


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
            assert "2 data keys and 2 values were put under new ones" in rotated(stock.folder, "--data-keys")
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
    assert "1 data keys were put under new ones" in rotated(tmp_path / "data")
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
        assert "rotated 1 of 1 data keys" in done.stderr
        assert "--forget-old" in done.stdout


def test_on_a_database_that_servers_share_a_key_is_given_to_all_before_it_is_used(tmp_path: Path) -> None:
    if not databases.is_shared():
        pytest.skip("needs --database=postgresql: one server has one key file")
    with running(tmp_path / "data") as server:
        enter(server)
        done = rotate(tmp_path / "data")
    assert done.returncode == 1
    assert "rotate-key --prepare" in done.stderr
    assert len(key_file.read(tmp_path / "data" / "master.key")) == 1


def test_one_thing_at_a_time(tmp_path: Path) -> None:
    assert rotate(tmp_path / "data", "--prepare", "--forget-old").returncode == 2


def enter(server: RunningServer) -> None:
    with client_of(server.url, server.token) as admin:
        made = admin.post("/api/v2/secrets", json={"name": "OPENAI_API_KEY", "secret": KEY})
        assert made.status_code == 201, made.text

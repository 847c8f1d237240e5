"""`haymow admin token`: with a running server and without one, for whoever owns the data folder."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.conftest import client_of
from tests.running import RunningServer, environment, haymow_command, running

_ALONE = re.compile(r"hm_[0-9a-f]{8}_[A-Za-z0-9_-]{43}\n")


def asked(data: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        haymow_command("admin", "token"), env=environment(data, environ), capture_output=True, text=True, timeout=60
    )


def token(data: Path) -> str:
    """A token as it is printed: alone."""
    done = asked(data)
    assert (done.returncode, done.stderr) == (0, ""), done
    assert _ALONE.fullmatch(done.stdout)
    return done.stdout.strip()


def test_a_running_server_makes_one_that_works_at_once(fresh_server: RunningServer) -> None:
    made = token(fresh_server.data)
    assert made != fresh_server.token
    with client_of(fresh_server.url, made) as client:
        assert client.get("/api/v2/me").json()["role"] == "admin"
        listed = client.get("/api/v2/tokens").json()["data"]
        assert sorted(one["name"] for one in listed) == ["first start", "haymow admin token"]
        entry = client.get("/api/v2/audit").json()["data"][0]
        assert (entry["action"], entry["token_id"], entry["source"]) == ("token.create", None, "command line")


def test_many_may_ask_a_running_server_at_once(fresh_server: RunningServer) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(token, [fresh_server.data] * 4))) == 4


def test_without_a_server_it_opens_the_folder_itself(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        first = server.token
        assert server.stop() == 0
    made = token(tmp_path / "data")
    with running(tmp_path / "data") as server:
        for one in (first, made):
            with client_of(server.url, one) as client:
                assert client.get("/api/v2/me").json()["role"] == "admin"


def test_before_the_first_start_it_makes_what_that_would_make(tmp_path: Path) -> None:
    made = token(tmp_path / "data")
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    with running(tmp_path / "data") as server, client_of(server.url, made) as client:
        assert [one["name"] for one in client.get("/api/v1/workspaces").json()] == ["default"]


def test_it_fails_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    done = asked(tmp_path / "file" / "data")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("haymow: Cannot write to the data folder")
    assert done.stderr.count("\n") == 1


def test_a_server_that_is_stopping_or_stuck_is_said_in_one_line(fresh_server: RunningServer) -> None:
    """The folder is in use, and nobody opens the operator's door."""
    (fresh_server.data / "admin.sock").unlink()
    done = asked(fresh_server.data)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Cannot reach the haymow that uses" in done.stderr
    assert done.stderr.count("\n") == 1

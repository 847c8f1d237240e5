"""`haymow admin`: with a running server and without one, for whoever owns the data folder."""

from __future__ import annotations

import re
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import databases, looking
from tests.conftest import client_of
from tests.operating import admin_command, admin_link, sign_in
from tests.running import RunningServer, running

_ALONE = re.compile(r"hm_[0-9a-f]{8}_[A-Za-z0-9_-]{43}\n")


def token(data: Path) -> str:
    """A token as it is printed: alone."""
    done = admin_command(data, "token")
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
    done = admin_command(tmp_path / "data", "token")
    assert _ALONE.fullmatch(done.stdout)
    made = done.stdout.strip()
    (line,) = done.stderr.splitlines()
    assert line.startswith("There was no haymow in ") and "this is the first token of a new one" in line
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    with running(tmp_path / "data") as server, client_of(server.url, made) as client:
        assert [one["name"] for one in client.get("/api/v1/workspaces").json()] == ["default"]


def test_it_fails_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    done = admin_command(tmp_path / "file" / "data", "token")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("haymow: Cannot write to the data folder")
    assert done.stderr.count("\n") == 1


def test_a_server_that_is_stopping_or_stuck_is_said_in_one_line(fresh_server: RunningServer) -> None:
    """The folder is in use, and nobody opens the operator's door."""
    (fresh_server.data / "admin.sock").unlink()
    done = admin_command(fresh_server.data, "token")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Cannot reach the haymow that uses" in done.stderr
    assert done.stderr.count("\n") == 1


class TestALink:
    def test_of_a_running_server_leads_to_it_and_works_once(self, fresh_server: RunningServer) -> None:
        link = admin_link(fresh_server.data, HAYMOW_PORT="1")
        assert link.startswith(f"{fresh_server.url}/sign-in#")
        assert [sign_in(fresh_server, link) for _ in range(2)] == [201, 401]

    def test_leaves_others_alone(self, fresh_server: RunningServer) -> None:
        links = [fresh_server.link, *(admin_link(fresh_server.data) for _ in range(2))]
        assert [sign_in(fresh_server, link) for link in links] == [201, 201, 201]

    def test_is_recorded_as_the_operators(self, fresh_server: RunningServer) -> None:
        admin_link(fresh_server.data)
        with client_of(fresh_server.url, fresh_server.token) as client:
            entry = client.get("/api/v2/audit").json()["data"][0]
        assert (entry["action"], entry["token_id"], entry["source"]) == ("link.create", None, "command line")

    def test_without_a_server_is_for_the_next_start(self, tmp_path: Path) -> None:
        with running(tmp_path / "data") as server:
            assert server.stop() == 0
        link = admin_link(tmp_path / "data", HAYMOW_PORT="8317")
        assert link.startswith("http://127.0.0.1:8317/sign-in#")
        with running(tmp_path / "data") as server:
            assert sign_in(server, link) == 201

    def test_before_the_first_start_there_is_nobody_to_sign_in(self, tmp_path: Path) -> None:
        refused(tmp_path / "data", "link")


@pytest.mark.parametrize("arguments", [[], ["--prepare"], ["--forget-old"], ["--data-keys"]])
def test_no_key_is_made_where_there_is_no_haymow(tmp_path: Path, arguments: list[str]) -> None:
    """In the wrong place it would be given to every server, and fit none."""
    refused(tmp_path / "data", "rotate-key", *arguments)


@pytest.mark.parametrize("command", ["link", "rotate-key"])
def test_the_socket_of_a_server_that_was_killed_is_no_haymow(tmp_path: Path, command: str) -> None:
    """Its database was another one: by this one's name a new one would begin in the folder."""
    data = tmp_path / "data"
    data.mkdir(0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(data / "admin.sock"))
    refuses(data, command)
    assert [file.name for file in data.iterdir()] == ["admin.sock"]


@pytest.mark.parametrize("command", ["token", "link", "rotate-key"])
def test_a_server_is_not_asked_in_the_place_of_one_with_the_database_that_was_named(
    fresh_server: RunningServer, command: str
) -> None:
    done = admin_command(fresh_server.data, command, HAYMOW_DATABASE_URL="postgresql://me:pw@127.0.0.1:1/another")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert f"The haymow that uses {fresh_server.data} has its database in " in line
    assert "HAYMOW_DATABASE_URL names postgresql://me@127.0.0.1:1/another." in line


def refused(data: Path, *arguments: str) -> None:
    """The command says in a line that there is no haymow, and makes nothing."""
    refuses(data, *arguments)
    assert not data.exists()


def refuses(data: Path, *arguments: str) -> None:
    done = admin_command(data, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    by = "HAYMOW_DATABASE_URL" if databases.is_shared() else "HAYMOW_DATA or HAYMOW_DATABASE_URL"
    assert re.fullmatch(rf"haymow: \S+ holds no haymow yet\. .*, by {by}, .*", line), line
    if databases.is_shared():
        assert looking.rows(data, "SELECT * FROM vault") == []


@pytest.mark.embedded("on PostgreSQL one migrates beside servers")
def test_migrating_beside_a_server_says_that_there_is_nothing_to_do(fresh_server: RunningServer) -> None:
    """It said to stop the server first, which had migrated when it started."""
    done = admin_command(fresh_server.data, "migrate")
    assert (done.returncode, done.stdout, done.stderr) == (0, "There was nothing to migrate.\n", "")
    looking.execute(fresh_server.data, "UPDATE alembic_version SET version_num = '0006'")
    done = admin_command(fresh_server.data, "migrate")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Another haymow is using the data folder" in done.stderr and "Stop it first" in done.stderr


def test_migrating_says_where_it_begins_a_new_haymow(tmp_path: Path) -> None:
    """Somebody may have named the wrong place, and the next start would look well there."""
    data = tmp_path / "data"
    url = {"HAYMOW_DATABASE_URL": databases.postgresql().make("empty")} if databases.is_shared() else {}
    first, second = (admin_command(data, "migrate", **url) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first
    said = first.stdout.splitlines()
    assert re.fullmatch(r".*(haymow\.db|/empty) held no haymow: a new one begins there\. .*HAYMOW_DATA.*", said[0])
    assert said[1:] == ["The database has this version's schema now."]
    assert second.stdout.splitlines() == ["There was nothing to migrate."]

"""The first start, the second, and what each leaves in the data folder."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from pathlib import Path

import httpx
import psutil
import pytest

from tests import databases
from tests.conftest import client_of, definition
from tests.operating import admin_command, admin_link, sign_in
from tests.ports import free_port
from tests.running import RunningServer, environment, haymow_command, running


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


class TestTheFirstStart:
    def test_makes_a_folder_that_is_closed_to_others(self, fresh_server: RunningServer) -> None:
        assert mode(fresh_server.data) == 0o700
        assert {path.name: mode(path) & 0o077 for path in fresh_server.data.iterdir()} == dict.fromkeys(
            (path.name for path in fresh_server.data.iterdir()), 0
        )
        assert mode(fresh_server.data / "master.key") == 0o600

    def test_makes_the_folders_above_it_too(self, tmp_path: Path) -> None:
        with running(tmp_path / "a" / "b" / "data") as server:
            assert mode(server.data) == 0o700

    def test_has_an_organization_a_workspace_and_an_administrator(self, fresh_server: RunningServer) -> None:
        with client_of(fresh_server.url, fresh_server.token) as client:
            me = client.get("/api/v2/me").json()
            assert me["role"] == "admin"
            assert me["organization"]["name"]
            assert [one["name"] for one in client.get("/api/v1/workspaces").json()] == ["default"]

    def test_is_quick(self, tmp_path: Path) -> None:
        begun = time.monotonic()
        with running(tmp_path / "data") as server:
            assert time.monotonic() - begun < 40.0  # a busy machine lets it wait, but not work
            worked = psutil.Process(server.process.pid).cpu_times()
        assert worked.user + worked.system < 5.0

    def test_says_the_token_a_link_and_the_address_once(self, tmp_path: Path) -> None:
        said = whole_run(tmp_path / "data").splitlines()
        assert [re.sub(r"\d+\.\d+\.\d+ is|(?<=:)\d+|hm_\S+|(?<=#)\S{43}", "_", line) for line in said] == [
            "The administrator's API token, shown this once: _",
            "Open http://127.0.0.1:_/sign-in#_ to sign in (works once).",
            "haymow _ ready at http://127.0.0.1:_ - press Ctrl-C to stop it.",
            "haymow has stopped.",
        ]

    def test_says_neither_where_what_it_prints_is_kept(self, tmp_path: Path) -> None:
        with running(tmp_path / "data", more={"HAYMOW_START_LINK": "off"}) as server:
            assert (server.token, server.link) == ("", "")

    def test_writes_the_token_and_the_links_code_nowhere(self, fresh_server: RunningServer) -> None:
        for secret in (fresh_server.token.split("_", 2)[2], fresh_server.link.partition("#")[2]):
            assert len(secret) == 43
            kept = [path for path in fresh_server.data.iterdir() if path.is_file()]
            assert [path.name for path in kept if secret.encode() in path.read_bytes()] == []
            assert secret not in fresh_server.log.read_text()

    def test_has_a_page_at_its_root(self, fresh_server: RunningServer) -> None:
        answer = httpx.get(fresh_server.url, headers={"accept": "text/html"})
        assert answer.status_code == 200
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")


class TestTheSecondStart:
    def test_finds_everything_and_prints_no_token(self, tmp_path: Path) -> None:
        with running(tmp_path / "data") as first, client_of(first.url, first.token) as client:
            workspace = client.get("/api/v1/workspaces/default").json()["workspace_id"]
            where = f"/api/v2/workspaces/{workspace}"
            made = client.post(f"{where}/models/custom", json=definition()).json()
            secret = client.post(f"{where}/secrets", json={"name": "OPENAI_API_KEY", "secret": "sk-live-1"})
            assert secret.status_code == 201
            key = (first.data / "master.key").read_bytes()
            assert first.stop() == 0
        with running(tmp_path / "data") as second, client_of(second.url, first.token) as client:
            assert second.token == ""
            found = client.get(f"{where}/models/{made['model_id']}").json()
            assert found == {**made, "connected": True}
            assert (second.data / "master.key").read_bytes() == key

    def test_prints_a_new_link_and_the_unused_one_of_the_first_is_over(self, tmp_path: Path) -> None:
        with running(tmp_path / "data") as first:
            by_hand = admin_link(first.data)
            assert first.stop() == 0
        with running(tmp_path / "data") as second:
            assert second.link.startswith(f"{second.url}/sign-in#")
            assert [sign_in(second, link) for link in (first.link, second.link, by_hand)] == [401, 201, 201]

    def test_leaves_the_link_of_another_server_on_the_same_database(self, tmp_path: Path) -> None:
        one, two = tmp_path / "one", tmp_path / "two"
        shared = databases.on_postgresql(one).database_url
        assert shared is not None
        more = {"HAYMOW_DATABASE_URL": shared, "HAYMOW_UNSAFE_STORAGE": "on"}
        more["HAYMOW_MASTER_KEY_FILE"] = str(tmp_path / "master.key")
        with running(one, more=more) as first:
            with running(two, more=more) as second:
                assert second.stop() == 0
            with running(two, more=more) as again:
                links = (first.link, second.link, again.link)
                assert [sign_in(first, link) for link in links] == [201, 401, 201]

    def test_is_not_hindered_by_a_kill(self, tmp_path: Path) -> None:
        with running(tmp_path / "data") as first:
            first.process.kill()
            first.process.wait()
        with running(tmp_path / "data") as second:
            assert httpx.get(f"{second.url}/readyz").status_code == 200


class TestTheAddress:
    def test_is_loopback_alone_unless_told(self, fresh_server: RunningServer) -> None:
        port = int(fresh_server.url.rpartition(":")[2])
        with socket.socket() as probe, pytest.raises(OSError):
            probe.bind(("127.0.0.1", port))
        with socket.socket() as probe:  # the wildcard would have taken this one too
            probe.bind(("127.0.0.2", port))

    def test_may_be_told_by_the_environment(self, tmp_path: Path) -> None:
        port = free_port()
        said = whole_run(tmp_path / "data", "serve", HAYMOW_PORT=str(port), HAYMOW_HOST="localhost")
        assert f"http://localhost:{port}" in said

    def test_may_be_told_by_the_command_line_which_counts_more(self, tmp_path: Path) -> None:
        port = free_port()
        arguments = ("serve", "--port", str(port), "--host", "127.0.0.1")
        said = whole_run(tmp_path / "data", *arguments, HAYMOW_PORT="1", HAYMOW_HOST="192.0.2.1")
        assert f"http://127.0.0.1:{port}" in said

    def test_an_empty_one_is_not_every_address(self, tmp_path: Path) -> None:
        """What a shell makes of `--host "$HOST"` when HOST is not set."""
        command = haymow_command("serve", "--port", "0", "--host", "")
        run = subprocess.run(command, env=environment(tmp_path / "data"), capture_output=True, text=True, timeout=30)
        assert run.returncode != 0
        assert "The host to listen on is empty" in run.stderr
        assert "Traceback" not in run.stderr
        assert "is ready at" not in run.stdout

    def test_of_every_interface_is_this_machine_in_the_link(self, tmp_path: Path) -> None:
        said = whole_run(tmp_path / "data", "serve", "--port", "0", "--host", "0.0.0.0")
        assert "ready at http://0.0.0.0:" in said
        assert "Open http://127.0.0.1:" in said

    def test_may_be_of_version_six(self, tmp_path: Path) -> None:
        if not has_loopback_six():
            pytest.skip("this machine has no ::1")
        with running(tmp_path / "data", "--host", "::1") as server:
            assert server.url.startswith("http://[::1]:")
            assert server.link.startswith(server.url)
            assert httpx.get(f"{server.url}/healthz").status_code == 200


def test_nothing_of_the_environment_reaches_the_server(tmp_path: Path) -> None:
    """Libraries of providers look for keys, hosts and proxies there."""
    told = {"OPENAI_API_KEY": "sk-canary-1", "HTTPS_PROXY": "http://127.0.0.1:9", "AWS_PROFILE": "canary"}
    with running(tmp_path / "data", more=told) as server:
        with client_of(server.url, server.token) as client:
            workspace = client.get("/api/v1/workspaces/default").json()["workspace_id"]
            made = client.post(f"/api/v2/workspaces/{workspace}/models/custom", json=definition())
        assert made.json()["connected"] is False


def test_a_folder_name_may_have_blanks_and_be_long(tmp_path: Path) -> None:
    """Longer than a socket's address, which has 107 bytes, so the operator's door is reached another way."""
    data = tmp_path.joinpath(*["a folder with a rather long name"] * 5)
    with running(data) as server:
        assert len(str(data / "admin.sock")) > 107
        done = admin_command(data, "token")
        assert (done.returncode, done.stderr) == (0, "")
        with client_of(server.url, done.stdout.strip()) as client:
            assert client.get("/api/v2/me").status_code == 200


def whole_run(data: Path, *arguments: str, **environ: str) -> str:
    """Everything that a start and a stop print."""
    process = subprocess.Popen(
        haymow_command(*(arguments or ("serve", "--port", "0"))),
        env=environment(data, {"HAYMOW_LOG": "text", **environ}),  # as at a terminal
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            if "is ready at" in line:
                process.terminate()
        assert process.wait(timeout=10) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    return said


def has_loopback_six() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True

"""Stopping: within 5 seconds, with status 0, nothing left running, and no answer under way broken."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from haymow import local_model
from tests.conftest import client_of, definition
from tests.ports import free_port
from tests.running import RunningServer, environment, haymow_command, running

SIGNALS = [signal.SIGINT, signal.SIGTERM]
STOP_SECONDS = 5.0

with_the_local_model = pytest.mark.skipif(local_model.weights() is None, reason="the local model is not installed")


def children(server: RunningServer) -> list[psutil.Process]:
    return psutil.Process(server.process.pid).children(recursive=True)


def stopped(server: RunningServer, number: int) -> float:
    """Stop it as a person does, see status 0, and give the seconds it took."""
    begun = time.monotonic()
    assert server.stop(number) == 0
    return time.monotonic() - begun


@pytest.mark.parametrize("number", SIGNALS)
class TestASignal:
    def test_stops_an_idle_server(self, tmp_path: Path, number: int) -> None:
        with running(tmp_path / "data") as server:
            assert stopped(server, number) < STOP_SECONDS
            assert not (server.data / "admin.sock").exists()
            said = [json.loads(line)["message"] for line in server.log.read_text().splitlines()]
            assert said[-3:] == ["ready", "stopping", "stopped"]

    def test_stops_one_that_clients_hold_open(self, tmp_path: Path, number: int) -> None:
        """A connection kept alive, one that has sent half a request, and one whose body never comes."""
        with running(tmp_path / "data") as server, client_of(server.url, server.token) as client:
            client.get("/api/v2/me")
            with half_a_request(server, b"GET /healthz HTTP/1.1\r\nHost: a"), unfinished_body(server):
                assert stopped(server, number) < STOP_SECONDS

    @with_the_local_model
    def test_stops_the_local_model_too(self, tmp_path: Path, number: int) -> None:
        with local_server(tmp_path / "data") as server:
            (child,) = children(server)
            assert stopped(server, number) < STOP_SECONDS
            assert not child.is_running()


@with_the_local_model
class TestWithTheLocalModel:
    def test_a_kill_leaves_no_process(self, tmp_path: Path) -> None:
        with local_server(tmp_path / "data") as server:
            (child,) = children(server)
            server.process.kill()
            server.process.wait()
            _gone, alive = psutil.wait_procs([child], timeout=STOP_SECONDS)
            assert not alive

    @pytest.mark.parametrize("number", SIGNALS)
    def test_a_signal_while_it_loads_leaves_no_process(self, tmp_path: Path, number: int) -> None:
        process = started_with_local_model(tmp_path / "data")
        try:
            assert process.stdout is not None
            next(line for line in process.stdout if "Loading" in line)
            below = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(number)
            process.wait(timeout=STOP_SECONDS)
            assert psutil.wait_procs(below, timeout=STOP_SECONDS)[1] == []
            assert "Traceback" not in process.stdout.read()
        finally:
            end(process)


def test_an_answer_under_way_is_given(fresh_server: RunningServer) -> None:
    """Requests that were accepted before the signal are answered whole; the changes they say are there."""
    with client_of(fresh_server.url, fresh_server.token) as client:
        workspace = client.get("/api/v1/workspaces/default").json()["workspace_id"]
    path = f"/api/v2/workspaces/{workspace}/models/custom"
    answers: list[int] = []
    broken: list[Exception] = []

    def create(number: int) -> None:
        with client_of(fresh_server.url, fresh_server.token) as mine:
            for count in range(1000):
                try:
                    answers.append(mine.post(path, json=definition(f"m-{number}-{count}")).status_code)
                except httpx.ConnectError:
                    return  # it listens no more
                except httpx.TransportError as error:
                    broken.append(error)
                    return

    threads = [threading.Thread(target=create, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    while len(answers) < 40:
        time.sleep(0.005)
    assert fresh_server.stop(signal.SIGTERM) == 0
    for thread in threads:
        thread.join()
    assert set(answers) == {201}
    # Between two requests of one connection the server may close it; it never breaks an answer that has begun.
    assert {type(error) for error in broken} <= {httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError}
    with running(fresh_server.data) as again, client_of(again.url, fresh_server.token) as client:
        total = client.get(path.removesuffix("/custom"), params={"origin": "WORKSPACE"}).json()["total"]
    assert len(answers) <= total <= len(answers) + len(broken)


def test_a_second_server_may_start_at_once(tmp_path: Path) -> None:
    for _ in range(2):
        with running(tmp_path / "data") as server:
            assert server.stop(signal.SIGTERM) == 0


@contextmanager
def local_server(data: Path) -> Iterator[RunningServer]:
    with running(data, "--local-model", more={"HAYMOW_LOCAL_MODEL_PORT": str(free_port())}) as server:
        yield server


def started_with_local_model(data: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        haymow_command("serve", "--port", "0", "--local-model"),
        env=environment(data, {"HAYMOW_LOCAL_MODEL_PORT": str(free_port())}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    if process.stdout:
        process.stdout.close()


@contextmanager
def half_a_request(server: RunningServer, sent: bytes) -> Iterator[None]:
    host, _, port = server.url.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(sent)
        yield


def unfinished_body(server: RunningServer) -> AbstractContextManager[None]:
    """A request whose body was announced and does not come."""
    head = f"POST /api/v2/tokens HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {server.token}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    return half_a_request(server, head.encode())

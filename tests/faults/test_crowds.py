"""R15: two thousand clients that send nothing, or their headers a letter at a time, keep nobody else waiting."""

from __future__ import annotations

import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.faults.conftest import Figure
from tests.faults.place import Storage, made, missing, seen_at

IDLE = 2000
SLOW = 200
"""Of them: those that send a letter twice a second."""
READS = 400
P99_SECONDS = 0.5


@contextmanager
def crowd(url: str) -> Iterator[list[socket.socket]]:
    """Connections that are open, some of them in the middle of their headers."""
    host, port = url.removeprefix("http://").split(":")
    over = threading.Event()
    idle = [socket.create_connection((host, int(port)), timeout=10) for _ in range(IDLE)]

    def dribble() -> None:
        while not over.wait(0.5):
            for one in idle[:SLOW]:
                with suppress(OSError):
                    one.send(b"a")

    for one in idle[:SLOW]:
        one.send(b"GET /healthz HTTP/1.1\r\nHost: h\r\nX-Slow: ")
    thread = threading.Thread(target=dribble)
    thread.start()
    try:
        yield idle
    finally:
        over.set()
        thread.join()
        for one in idle:
            one.close()


@pytest.fixture
def many_files() -> Iterator[None]:
    """Both this process and the server it starts may have as many connections open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < IDLE + 500 and hard != resource.RLIM_INFINITY:
        missing(f"a process may open {hard} files here, and {IDLE + 500} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, IDLE + 500), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.thorough
@pytest.mark.usefixtures("many_files")
def test_a_crowd_of_slow_clients_keeps_nobody_waiting(storage: Storage, figure: Figure) -> None:
    with storage.serving() as server, storage.client(server) as client:
        address = made(client)
        with crowd(server.url):
            took, refused = [], 0
            for number in range(READS):
                begun = time.monotonic()
                answer = client.get(seen_at(address))
                took.append(time.monotonic() - begun)
                refused += answer.status_code != 200
                if number % 40 == 0:
                    assert client.patch(address, json={"provider": f"p{number}"}).status_code == 200
                time.sleep(0.005)
    p99 = sorted(took)[int(READS * 0.99) - 1]
    figure(
        "R15 slow clients",
        f"{storage.kind}: GET p99 {p99 * 1000:.0f} ms beside {IDLE} idle connections, {SLOW} of them with slow headers "
        "(promised 500 ms)",
    )
    assert refused == 0
    assert p99 < P99_SECONDS

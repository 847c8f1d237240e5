"""A tiny TCP balancer: connections go in turn to the servers whose /readyz is 200; it knows no other HTTP."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count

import httpx

_LOOK_SECONDS = 0.1


@dataclass
class Balancer:
    """`servers` are the ports that it may send to, and may be changed at any time; `ready` are those it does."""

    servers: set[int]
    port: int = 0
    ready: set[int] = field(default_factory=set)
    _turn: Iterator[int] = field(default_factory=count)
    _over: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        with httpx.Client(timeout=2) as client:
            while not self._over.wait(_LOOK_SECONDS):
                self.ready = {port for port in set(self.servers) if _is_ready(client, port)}

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(near,), daemon=True).start()

    def stop(self) -> None:
        self._over.set()

    def _pass(self, near: socket.socket) -> None:
        far = self._connected()
        if far is None:
            near.close()
            return
        threading.Thread(target=_pump, args=(far, near), daemon=True).start()
        _pump(near, far)

    def _connected(self) -> socket.socket | None:
        """A connection to the next server; one that refuses has accepted nothing, so another one is asked."""
        ports = sorted(self.ready)
        first = next(self._turn)
        for offset in range(len(ports)):
            with suppress(OSError):
                far = socket.create_connection(("127.0.0.1", ports[(first + offset) % len(ports)]), timeout=2)
                far.settimeout(None)
                return far
        return None


def _is_ready(client: httpx.Client, port: int) -> bool:
    try:
        return client.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for one in (sink, source):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


@contextmanager
def balanced(*ports: int) -> Iterator[Balancer]:
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        balancer = Balancer(set(ports), listener.getsockname()[1])
        for work in (balancer.look, lambda: balancer.serve(listener)):
            threading.Thread(target=work, daemon=True).start()
        try:
            yield balancer
        finally:
            balancer.stop()

"""HTTP by hand, for what polite clients do not send."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import httpx

SECONDS = 30.0


@dataclass(frozen=True)
class RawAnswer:
    """An answer; `headers` have lower-case names. `closed`: the server ended the connection after it."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def ask(method: str, url: str, **more: Any) -> httpx.Response:
    """One request of somebody without a token. No certificates are read: that would cost more than all the rest."""
    with httpx.Client(verify=False, timeout=SECONDS) as client:
        return client.request(method, url, **more)


def connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    assert parts.hostname is not None and parts.port is not None
    return socket.create_connection((parts.hostname, parts.port), timeout=SECONDS)


def read_answer(connection: socket.socket, method: str = "GET") -> RawAnswer:
    """The next answer on a connection. Raises http.client's exceptions when there is none."""
    answer = HTTPResponse(connection, method=method)
    answer.begin()
    return RawAnswer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


def send(url: str, request: bytes) -> RawAnswer:
    """Send these bytes and read one answer."""
    with closing(connect(url)) as connection:
        connection.sendall(request)
        return read_answer(connection, request.split(b" ", 1)[0].decode("ascii", "replace"))


def request(
    method: str,
    target: str,
    token: str = "",
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    host: str = "h",
) -> bytes:
    """A whole request; `host` "" leaves the Host header out, and nothing is checked or escaped."""
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"Host: {host}"] if host else []
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def was_closed(connection: socket.socket, seconds: float) -> bool:
    """Whether the server ends the connection within that time; what it still sends is read away."""
    connection.settimeout(seconds)
    try:
        while connection.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True

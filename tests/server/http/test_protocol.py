"""The connection: slow clients are let go, and none of them makes haymow keep what it will not use."""

from __future__ import annotations

import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from haymow.server.http import Call, Operation, calls, protocol
from haymow.server.http.answers import empty
from tests.abuse.raw import ask, connect, read_answer, request, was_closed
from tests.server.http.served import Served

MEGABYTE = 1024 * 1024
PATIENCE = 0.8
"""Seconds, in the place of the ten that a client usually gets."""

JSON = ("Content-Type", "application/json")


@pytest.fixture
def served() -> Iterator[Served]:
    with Served() as served:
        yield served


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A server with little patience."""
    monkeypatch.setattr(protocol, "HEADER_SECONDS", PATIENCE)
    monkeypatch.setattr(calls, "BODY_SECONDS", PATIENCE)
    with Served() as served:
        yield served


def test_g11_patience_ends_within_ten_seconds() -> None:
    assert protocol.HEADER_SECONDS <= 10
    assert calls.BODY_SECONDS <= 10


@pytest.mark.parametrize(
    "begun", [b"", b"G", b"GET /hello HTTP/1.1\r\n", b"GET /hello HTTP/1.1\r\nHost: h\r\nX-Slow: ", b"\r\n"]
)
def test_g11_a_client_that_does_not_finish_its_headers_is_let_go(hasty: Served, begun: bytes) -> None:
    with closing(connect(hasty.url)) as connection:
        connection.sendall(begun)
        assert was_closed(connection, PATIENCE + 5)


def test_g11_a_client_that_trickles_its_headers_is_let_go(hasty: Served) -> None:
    with closing(connect(hasty.url)) as connection:
        connection.sendall(b"GET /hello HTTP/1.1\r\nHost: h\r\n")
        assert _trickled_until_closed(connection, b"X-Slow: 1\r\n") < 5


def test_g11_the_same_for_a_second_request_on_a_connection(hasty: Served) -> None:
    with closing(connect(hasty.url)) as connection:
        connection.sendall(request("GET", "/hello"))
        assert read_answer(connection).status == 200
        connection.sendall(b"GET /hello HTTP/1.1\r\nX-Slow: ")
        assert was_closed(connection, PATIENCE + 5)


def test_a_connection_may_rest_between_requests(hasty: Served) -> None:
    with closing(connect(hasty.url)) as connection:
        connection.sendall(request("GET", "/hello"))
        assert read_answer(connection).status == 200
        assert not was_closed(connection, PATIENCE * 2)
        connection.settimeout(5)
        connection.sendall(request("GET", "/hello"))
        assert read_answer(connection).status == 200


@pytest.mark.parametrize("framing", [("Content-Length", "100"), ("Transfer-Encoding", "chunked")])
def test_g11_a_body_that_does_not_come_is_408_and_the_connection_ends(hasty: Served, framing: tuple[str, str]) -> None:
    with closing(connect(hasty.url)) as connection:
        connection.sendall(request("PATCH", "/echo", "t", [JSON, framing]))
        answer = read_answer(connection, "PATCH")
        assert answer.status == 408
        assert b'"code":"request_timeout"' in answer.body
        assert was_closed(connection, PATIENCE + 5)


def test_g11_a_body_that_trickles_is_408(hasty: Served) -> None:
    with closing(connect(hasty.url)) as connection:
        connection.sendall(request("PATCH", "/echo", "t", [JSON, ("Content-Length", "1000")]))
        assert _trickled_until_closed(connection, b" ") < 10


def _trickled_until_closed(connection: socket.socket, piece: bytes) -> float:
    """Send a piece every twentieth of a second, until the server ends the connection; the seconds it took."""
    began = time.monotonic()
    connection.settimeout(0.05)
    while time.monotonic() - began < 15:
        try:
            connection.sendall(piece)
            if not connection.recv(65536):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - began


@pytest.mark.parametrize("status", [401, 404, 413, 415])
def test_a_connection_ends_when_a_body_was_not_read(hasty: Served, status: int) -> None:
    """What follows could else be taken for the next request, or go on for ever."""
    token = "" if status == 401 else "t"
    kind = ("Content-Type", "text/plain" if status == 415 else "application/json")
    length = str(2 * MEGABYTE if status == 413 else 1000)
    target = "/nowhere" if status == 404 else "/echo"
    with closing(connect(hasty.url)) as connection:
        connection.sendall(request("PATCH", target, token, [kind, ("Content-Length", length)]) + b'{"a": ')
        assert read_answer(connection, "PATCH").status == status
        assert was_closed(connection, 10)


def test_what_a_refused_body_holds_is_not_taken_for_a_request(served: Served) -> None:
    hidden = request("GET", "/hello")
    with closing(connect(served.url)) as connection:
        connection.sendall(request("PATCH", "/echo", "", [JSON, ("Content-Length", str(len(hidden)))]) + hidden)
        assert read_answer(connection, "PATCH").status == 401
        connection.settimeout(1)
        with suppress(TimeoutError):
            assert b"world" not in connection.recv(65536)


def flood(url: str, head: bytes, pieces: Callable[[], bytes], most: int = 32 * MEGABYTE) -> int:
    """How many bytes the server lets a client send before it ends the connection."""
    sent = 0
    with closing(connect(url)) as connection:
        connection.settimeout(5)
        try:
            connection.sendall(head)
            while sent < most:
                piece = pieces()
                connection.sendall(piece)
                sent += len(piece)
        except OSError:
            pass
    return sent


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"GET /", b"a" * 65536),
        (b"GET /hello HTTP/1.1\r\nHost: h\r\nX-Long: ", b"a" * 65536),
        (b"GET /hello HTTP/1.1\r\nHost: h\r\n", b"X-Many: a\r\n" * 6000),
        (b"PATCH /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Trailer: a\r\n" * 5000),
        (b"PATCH /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;a=", b"b" * 65536),
    ],
    ids=["target", "one header", "headers", "trailers", "chunk extension"],
)
def test_what_has_no_end_is_cut_off_before_it_fills_the_memory(head: bytes, piece: bytes) -> None:
    """With all the patience there is: not time but size ends it. Much of it only gets into the system's buffers."""
    with Served() as served:
        assert flood(served.url, head, lambda: piece) < 16 * MEGABYTE
        assert ask("GET", f"{served.url}/hello").status_code == 200


def test_trailers_are_no_headers(served: Served) -> None:
    """A trailer comes after the token was asked for."""
    body = b"2\r\n{}\r\n0\r\nAuthorization: Bearer late\r\n\r\n"
    with closing(connect(served.url)) as connection:
        connection.sendall(request("PATCH", "/echo", "", [JSON, ("Transfer-Encoding", "chunked")]) + body)
        assert read_answer(connection, "PATCH").status == 401


def test_requests_in_a_row_are_answered_in_their_order(served: Served) -> None:
    with closing(connect(served.url)) as connection:
        connection.sendall(request("GET", "/hello") + request("GET", "/missing") + request("GET", "/hello"))
        assert [read_one(connection) for _ in range(3)] == [200, 404, 200]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how many packets with data came")
@pytest.mark.parametrize("target", ["/hello", "/missing"])
def test_an_answers_head_and_the_beginning_of_its_body_come_in_one_packet(served: Served, target: str) -> None:
    """A client that is woken by the head alone has to be woken again."""
    with closing(connect(served.url)) as connection:
        for times in range(1, 4):
            connection.sendall(request("GET", target))
            assert read_one(connection) in (200, 404)
            assert _packets_with_data(connection) == times


def _packets_with_data(connection: socket.socket) -> int:
    """How many came: `tcpi_data_segs_in` of the kernel's struct tcp_info."""
    (packets,) = struct.unpack_from("I", connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 156), 152)
    return int(packets)


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_an_answer_without_a_body_is_its_head(method: str) -> None:
    operation = Operation("GET", "/empty", _empty, "Empty", "Empty.", public=True)
    with Served([operation]) as served, closing(connect(served.url)) as connection:
        for _ in range(2):
            connection.sendall(request(method, "/empty"))
            assert connection.recv(65536).startswith(b"HTTP/1.1 204 ")


async def _empty(_: Call[Any]) -> Response:
    return empty()


def test_a_client_is_told_to_go_on_before_anything_is_answered(served: Served) -> None:
    headers = [JSON, ("Content-Length", "2"), ("Expect", "100-continue")]
    with closing(connect(served.url)) as connection:
        connection.sendall(request("PATCH", "/echo", "token", headers))
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_an_answer_that_breaks_off_after_its_head_has_come_so_far() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-told", b"yes")]})
        raise OSError("the disk is gone")

    with Served(otherwise=broken) as served, closing(connect(served.url)) as connection:
        connection.sendall(request("GET", "/page"))
        connection.settimeout(5)
        came = b"".join(iter(lambda: connection.recv(65536), b""))
        assert came.startswith(b"HTTP/1.1 200 ") and b"x-told: yes\r\n" in came and came.endswith(b"\r\n\r\n")


def read_one(connection: socket.socket) -> int:
    """The status of the next answer, read byte by byte so that the ones behind it stay."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while length:
        length -= len(connection.recv(length))
    return int(head.split(b" ", 2)[1])


@pytest.mark.parametrize("upgrade", ["websocket", "h2c", "TLS/1.0"])
def test_an_upgrade_is_not_taken(served: Served, upgrade: str) -> None:
    headers = [("Connection", "Upgrade"), ("Upgrade", upgrade), ("Sec-WebSocket-Key", "x"), ("HTTP2-Settings", "x")]
    with closing(connect(served.url)) as connection:
        connection.sendall(request("GET", "/hello", headers=headers))
        assert read_answer(connection).status == 200

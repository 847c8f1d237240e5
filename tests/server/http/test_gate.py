"""The gate: what is refused before any room hears of it, and what every answer carries. On a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import NoReturn

import pytest

from haymow.server.http.operations import Operation
from tests.abuse.raw import RawAnswer, ask, connect, read_answer, request, send
from tests.server.http.served import ECHO, HELLO, Served

KIB = 1024


async def failing(call: object) -> NoReturn:
    canary = "canary-3d1f"
    raise RuntimeError(f"a secret is {canary}")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Served([ECHO, HELLO, Operation("GET", "/fail", failing, "Fail", "Fail.", public=True)]) as served:
        yield served.url


def problem(answer: RawAnswer, status: int) -> str:
    """Check that an answer is a problem with this status, and give its code."""
    assert answer.status == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    content = json.loads(answer.body)
    assert content["status"] == status
    return str(content["code"])


@pytest.mark.parametrize("path", ["/hello", "/missing", "/echo", "/fail"])
def test_every_answer_has_an_id_is_kept_by_nobody_and_is_what_it_says(url: str, path: str) -> None:
    seen = set()
    for _ in range(2):
        answer = ask("GET", url + path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        seen.add(answer.headers["x-request-id"])
    assert len(seen) == 2


def test_what_nobody_expected_is_a_500_that_tells_nothing(url: str) -> None:
    answer = send(url, request("GET", "/fail"))
    assert problem(answer, 500) == "internal"
    for told in ("canary", "RuntimeError", "Traceback", "failing", ".py"):
        assert told not in answer.text
    assert ask("GET", f"{url}/hello").status_code == 200


@pytest.mark.parametrize(
    "host", ["h", "h.example", "h.example:8000", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8000", "a_b", "a-b.c"]
)
def test_a_host_is_a_name_or_an_address(url: str, host: str) -> None:
    assert send(url, request("GET", "/hello", host=host)).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example/path",
        "evil.example?x",
        "evil.example#x",
        "user@evil.example",
        "evil.example:port",
        "evil.example:999999",
        "evil.example:",
        "evil example",
        "evil.example,other",
        "evil.example\\x",
        "[::1",
        "[evil]",
        "<script>",
        "-x",
        ".x",
        "%00",
        "\u00e9.example",
        "a" * 300,
    ],
)
def test_e12_a_malformed_host_is_400(url: str, host: str) -> None:
    answer = send(url, request("GET", "/hello", host=host))
    assert problem(answer, 400) == "malformed_host"
    assert "evil" not in answer.text


def test_e12_a_missing_or_doubled_or_empty_host_is_400(url: str) -> None:
    for head in (
        b"GET /hello HTTP/1.1\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nHost:\r\n\r\n",
    ):
        assert problem(send(url, head), 400) == "malformed_host"


def test_a_client_of_http_1_0_needs_no_host(url: str) -> None:
    assert send(url, b"GET /hello HTTP/1.0\r\n\r\n").status == 200


@pytest.mark.parametrize(
    "target",
    [
        "//hello",
        "/hello//",
        "/x/../hello",
        "/./hello",
        "/hello/.",
        "/hello/..",
        "/%2e%2e/hello",
        "/%2E/hello",
        "/x%2fhello",
        "/x%2Fhello",
        "/x%5chello",
        "/x\\hello",
        "/hello;x=1",
        "/hello%00",
        "/hello/",
        "/HELLO",
        "/hello%20",
    ],
)
def test_e13_an_ambiguous_address_is_nowhere(url: str, target: str) -> None:
    answer = send(url, request("GET", target))
    assert problem(answer, 404) == "not_found"
    assert "location" not in answer.headers


@pytest.mark.parametrize("target", ["http://h/hello", "http://evil.example/hello", "HTTP://h/hello"])
def test_an_absolute_address_is_taken_by_its_path(url: str, target: str) -> None:
    """As RFC 9112, 3.2.2 asks of a server; nothing of it is used but the path."""
    answer = send(url, request("GET", target))
    assert answer.status in (200, 400, 404)
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    "target", ["*", "hello", "h:80", "?x", "#x", "/hel lo", "/\x7f", "/\xff", "/hello HTTP/1.1 x", "/%"]
)
def test_what_is_no_address_is_refused(url: str, target: str) -> None:
    assert send(url, request("GET", target)).status in (400, 404)


def test_an_address_of_more_than_8_kib_is_414(url: str) -> None:
    long = "/hello?" + "a" * (8 * KIB - len("/hello"))
    assert send(url, request("GET", long)).status == 200
    assert problem(send(url, request("GET", long + "a")), 414) == "uri_too_long"
    assert problem(send(url, request("GET", "/" + "a" * 9 * KIB)), 414) == "uri_too_long"


def test_headers_of_more_than_32_kib_are_431(url: str) -> None:
    assert send(url, request("GET", "/hello", headers=[("X", "a" * 31 * KIB)])).status == 200
    assert problem(send(url, request("GET", "/hello", headers=[("X", "a" * 33 * KIB)])), 431) == "headers_too_large"
    many = [(f"X{n}", "a" * 400) for n in range(90)]
    assert problem(send(url, request("GET", "/hello", headers=many)), 431) == "headers_too_large"


def test_more_than_100_headers_are_431(url: str) -> None:
    assert send(url, request("GET", "/hello", headers=[("X", "a")] * 99)).status == 200
    assert problem(send(url, request("GET", "/hello", headers=[("X", "a")] * 100)), 431) == "headers_too_large"


@pytest.mark.parametrize("length", [1024 * KIB + 1, 10 * 1024 * KIB, 10**17, 10**20, 10**400])
def test_a_content_length_beyond_a_megabyte_is_refused_before_anybody_is_asked_who_they_are(
    url: str, length: int
) -> None:
    answer = send(url, request("PATCH", "/echo", headers=[("Content-Length", str(length))]))
    assert answer.status in (400, 413)
    if length < 10**17:
        assert problem(answer, 413) == "too_large"


def test_a_content_length_of_a_megabyte_is_not(url: str) -> None:
    body = b'{"a":"' + b"x" * 1000 + b'"}' + b" " * (1024 * KIB - 1008)
    answer = send(url, request("PATCH", "/echo", "t", [("Content-Type", "application/json")], body))
    assert answer.status == 200, answer.text


@pytest.mark.parametrize(
    "line",
    [
        b"GET /hello HTTP/9.9",
        b"GET /hello HTTP/x",
        b"/hello",
        b"GET\t/hello\tHTTP/1.1",
        b"GE\x00T /hello HTTP/1.1",
        b"PRI * HTTP/2.0",
        b"\x16\x03\x01",
    ],
)
def test_what_is_no_request_line_is_400_and_the_end(url: str, line: bytes) -> None:
    with closing(connect(url)) as connection:
        connection.sendall(line + b"\r\nHost: h\r\n\r\n")
        connection.settimeout(5)
        try:
            answer = connection.recv(65536)
        except ConnectionResetError:
            return
        assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer
        assert b"Traceback" not in answer


@pytest.mark.parametrize(
    "header", [b"X : a", b" X: a", b"X\x00: a", b"X: a\x00b", b"X\r\n: a", b": a", b"X", b"X: a\r\n b", b"(X): a"]
)
def test_a_header_that_hides_another_is_refused_or_harmless(url: str, header: bytes) -> None:
    answer = send(url, b"GET /hello HTTP/1.1\r\nHost: h\r\n" + header + b"\r\n\r\n")
    assert answer.status in (200, 400)


def test_head_has_no_body(url: str) -> None:
    with closing(connect(url)) as connection:
        connection.sendall(request("HEAD", "/hello") + request("GET", "/hello"))
        assert read_answer(connection, "HEAD").body == b""

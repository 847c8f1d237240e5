"""Input: requests that are too large, too slow, packed, ambiguous or made to mislead whoever reads them later."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.abuse.raw import ask, connect, read_answer, request, send, was_closed
from tests.abuse.subject import Subject, refused
from tests.running import RunningServer
from tests.server.access.people import unique

JSON = ("Content-Type", "application/json")
MEGABYTE = 1024 * 1024


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def test_g10_ten_megabytes_by_content_length_are_refused_before_anything_is_read(
    subject: Subject, server: RunningServer
) -> None:
    for token in ("", server.token):
        head = request("PATCH", subject.url, token, [JSON, ("Content-Length", str(10 * MEGABYTE))])
        with subject.unharmed(), closing(connect(server.url)) as connection:
            connection.sendall(head)  # and nothing of the body
            answer = read_answer(connection, "PATCH")
        assert answer.status == 413
        assert json.loads(answer.body)["code"] == "too_large"


def test_g10_an_endless_chunked_body_is_cut_off(subject: Subject, server: RunningServer) -> None:
    head = request("PATCH", subject.url, server.token, [JSON, ("Transfer-Encoding", "chunked")])
    sent = 0
    with subject.unharmed(), closing(connect(server.url)) as connection:
        connection.sendall(head + chunk(b'{"name": "'))
        try:
            while sent < 64 * MEGABYTE:
                connection.sendall(chunk(b"x" * 65536))
                sent += 65536
        except OSError:
            pass  # the server has ended the connection
    assert sent < 32 * MEGABYTE


@pytest.mark.parametrize("size", [MEGABYTE - 12, MEGABYTE + 1])
def test_g10_a_chunked_body_has_the_limit_of_any_body(subject: Subject, server: RunningServer, size: int) -> None:
    body = b'{"name":"' + b"x" * size + b'"}'
    pieces = b"".join(chunk(body[at : at + 50_000]) for at in range(0, len(body), 50_000))
    head = request("PATCH", subject.url, server.token, [JSON, ("Transfer-Encoding", "chunked")])
    with subject.unharmed():
        answer = send(server.url, head + pieces + b"0\r\n\r\n")
    assert answer.status == (413 if size > MEGABYTE else 422)


@pytest.mark.parametrize(
    "coding", ["gzip", "deflate", "br", "zstd", "compress", "x-gzip", "gzip, identity", "identity, gzip", "nonsense"]
)
def test_g10_a_packed_body_is_415(subject: Subject, coding: str) -> None:
    bomb = {"gzip": gzip.compress(b'{"name":"' + b"x" * (4 * MEGABYTE)), "deflate": zlib.compress(b'{"name": "n"}')}
    with subject.unharmed():
        answer = subject.patch_raw(bomb.get(coding, b'{"name": "n"}'), **{"content-encoding": coding})
        refused(answer, 415)
    assert answer.headers["accept-encoding"] == "identity"


def test_g10_a_packed_transfer_is_refused(subject: Subject, server: RunningServer) -> None:
    body = gzip.compress(b'{"name": "n"}')
    for coding in ("gzip, chunked", "gzip", "chunked, gzip", "chunked, chunked", "identity", "xchunked", " chunked"):
        head = request("PATCH", subject.url, server.token, [JSON, ("Transfer-Encoding", coding)])
        with subject.unharmed():
            answer = send(server.url, head + chunk(body) + b"0\r\n\r\n")
            assert 400 <= answer.status < 500, coding


@pytest.mark.parametrize(
    "lengths",
    [
        [("Content-Length", "13"), ("Transfer-Encoding", "chunked")],
        [("Content-Length", "13"), ("Content-Length", "5")],
        [("Content-Length", "13, 5")],
        [("Content-Length", "-1")],
        [("Content-Length", "+13")],
        [("Content-Length", "0x0d")],
        [("Content-Length", "1e1")],
        [("Content-Length", "9" * 30)],
        [("Content-Length", "")],
        [("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "identity")],
    ],
    ids=range(10),
)
def test_g10_a_body_of_two_lengths_is_refused(
    subject: Subject, server: RunningServer, lengths: list[tuple[str, str]]
) -> None:
    """Whoever stands in front could take another length than haymow does, and so smuggle a second request in."""
    smuggled = request("DELETE", subject.url, server.token)
    head = request("PATCH", subject.url, server.token, [JSON, *lengths])
    with subject.unharmed():
        answer = send(server.url, head + b'{"name": "n"}' + smuggled)
        assert 400 <= answer.status < 500


@pytest.mark.parametrize(
    "target", ["/api/v2/me/", "//evil.example/api/v2/me", "/api/v2/me//", "/api/v2/workspaces/", "/docs/", "/healthz/"]
)
def test_g15_nothing_redirects_least_of_all_to_a_host_of_the_clients_choice(server: RunningServer, target: str) -> None:
    answer = send(server.url, request("GET", target, server.token, host="evil.example"))
    assert answer.status in (400, 404)
    assert "location" not in answer.headers
    assert "evil" not in answer.text


MARKUP = [
    "<img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "</script><script>alert(1)</script>",
    "\"onload='x'",
    "<!--",
    "&lt;b&gt;",
]


@pytest.mark.parametrize("text", MARKUP)
def test_x1_markup_is_inert(subject: Subject, text: str) -> None:
    changed = subject.patch({"name": text})
    assert changed.status_code == 200
    for answer in (changed, subject.client.get(subject.read_url), subject.client.get(f"{subject.home}/audit")):
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.json()


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "invalid<b>", "%3Cscript%3E", "..%5c", "invalid'"])
def test_x1_no_page_repeats_an_address(server: RunningServer, text: str) -> None:
    answer = ask("GET", f"{server.url}/errors/{text}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "<" not in answer.text


@pytest.mark.parametrize("path", ["/docs", "/errors/invalid"])
def test_x1_pages_run_no_scripts_and_stand_in_no_frame(server: RunningServer, path: str) -> None:
    page = ask("GET", server.url + path)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in page.text


MISLEADING = {
    "line": "two\r\nlines-Qx6bz2f",
    "line feed": "two\nlines-Qx6bz2f",
    "escape": "\x1b[31mred-Qx6bz2f\x1b[0m",
    "bell": "ding\x07-Qx6bz2f",
    "turned": "\u202egnp.Qx6bz2f",
    "zero width": "a\u200bQx6bz2f",
    "line separator": "a\u2028b-Qx6bz2f",
    "mark": "\ufeffQx6bz2f",
    "unassigned": "a\u0378-Qx6bz2f",
}


@pytest.fixture(params=MISLEADING)
def misleading(request: pytest.FixtureRequest, server: RunningServer) -> Iterator[str]:
    """A text that shows as another one; it must not get into the log either."""
    yield MISLEADING[request.param]
    assert "Qx6bz2f" not in _log(server.log)


def _log(path: Path) -> str:
    return path.read_text(errors="replace")


def test_x3_a_models_name_does_not_mislead(subject: Subject, misleading: str) -> None:
    with subject.unharmed():
        assert "#/name" in refused(subject.patch({"name": misleading}), 422)
        assert "#/provider" in refused(subject.patch({"provider": misleading}), 422)


def test_x3_a_workspaces_name_does_not_mislead(admin: httpx.Client, misleading: str) -> None:
    refused(admin.post("/api/v1/workspaces", json={"name": misleading}), 422)


def test_x3_a_tokens_name_does_not_mislead(admin: httpx.Client, misleading: str) -> None:
    refused(admin.post("/api/v2/tokens", json={"name": misleading}), 422)


@pytest.mark.parametrize("field", ["given_name", "family_name", "email"])
def test_x3_a_persons_name_and_address_do_not_mislead(admin: httpx.Client, misleading: str, field: str) -> None:
    person = {"given_name": "A", "family_name": "B", "email": f"{unique('x')}@example.com", "role": "user"}
    assert f"#/{field}" in refused(admin.post("/api/v2/members", json={**person, field: misleading}), 422)


def test_x3_a_secrets_name_does_not_mislead(admin: httpx.Client, subject: Subject, misleading: str) -> None:
    with subject.unharmed():
        refused(admin.post(f"{subject.home}/secrets", json={"name": misleading, "secret": "v"}), 422)


def test_x3_an_address_is_not_written_into_the_log_as_it_is(server: RunningServer) -> None:
    before = len(_log(server.log).splitlines())
    for target in ("/x%0d%0aFAKE-Qx6bz2f", "/x%1b[31mQx6bz2f", "/%e2%80%aeQx6bz2f"):
        assert send(server.url, request("GET", target, server.token)).status == 404
    assert send(server.url, b"GET /\x1b[31mQx6bz2f HTTP/1.1\r\nHost: h\r\n\r\n").status in (400, 404)
    assert send(server.url, b"\x16\x03\x01Qx6bz2f\r\n\r\n").status == 400
    written = _log(server.log).splitlines()[before:]
    assert "Qx6bz2f" not in "".join(written)


def test_the_connection_ends_after_a_body_that_was_not_read(subject: Subject, server: RunningServer) -> None:
    """Else what follows could be taken for the next request, or be sent for ever."""
    head = request("PATCH", subject.url, "wrong", [JSON, ("Content-Length", "1000000")])
    with subject.unharmed(), closing(connect(server.url)) as connection:
        connection.sendall(head + b'{"name": "')
        assert read_answer(connection, "PATCH").status == 401
        assert was_closed(connection, 12)

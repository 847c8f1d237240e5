"""Authentication: what is no valid token of ours is 401, whatever it is made to look like."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from tests.abuse.raw import ask, request, send
from tests.abuse.sink import Sink
from tests.abuse.subject import Subject, refused
from tests.running import RunningServer
from tests.server.access.people import let_in, somebody


def jwt(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


ADMIN = {"sub": "admin", "role": "admin", "exp": 9_999_999_999, "iss": "haymow", "aud": "haymow"}


def forged(sink: Sink) -> list[str]:
    return [
        jwt({"alg": "none"}, ADMIN),
        jwt({"alg": "None", "typ": "JWT"}, ADMIN),
        jwt({"alg": "HS256"}, ADMIN, b"\0" * 32),
        jwt({"alg": "HS256", "crit": ["exp"]}, ADMIN, b"x"),
        jwt({"alg": "RS256", "jku": f"{sink.url}/keys"}, ADMIN, b"x"),
        jwt({"alg": "RS256", "x5u": f"{sink.url}/certificate"}, ADMIN, b"x"),
        jwt({"alg": "HS256", "kid": "../../../../dev/null"}, ADMIN),
        jwt({"alg": "RS256"}, {**ADMIN, "iss": sink.url}, b"x"),
    ]


def test_f1_a_json_web_token_is_no_token_of_ours(subject: Subject, server: RunningServer, sink: Sink) -> None:
    with subject.unharmed():
        for token in forged(sink):
            for headers in ({"authorization": f"Bearer {token}"}, {"x-api-key": token}):
                answer = ask("PATCH", server.url + subject.url, json={"name": "n"}, headers=headers)
                refused(answer, 401)
                assert answer.headers["www-authenticate"].startswith("Bearer")
                assert token not in answer.text


HOSTILE: list[bytes] = [
    b"' OR '1'='1",
    b"Bearer ' OR 1=1 --",
    b"Bearer hm_' UNION SELECT digest FROM tokens --",
    b"Bearer " + b"a" * 8192,
    b"Bearer " + b"\xff\xfe\x80",
    b"Bearer \xe2\x80\x93",
    b"Bearer %00",
    b"Bearer",
    b"Bearer ",
    b"Bearer a b",
    b"bearer\thm_x",
    b"",
    b",",
    b"Basic YWRtaW46YWRtaW4=",
    b"Bearer null",
    b"Bearer undefined",
    b"Bearer {{token}}",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_f3_hostile_authorization_headers_are_401(subject: Subject, server: RunningServer, value: bytes) -> None:
    with subject.unharmed():
        for name in (b"Authorization", b"X-Api-Key"):
            head = (
                f"PATCH {subject.url} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 12\r\n"
            )
            answer = send(server.url, head.encode() + name + b": " + value + b'\r\n\r\n{"name":"n"}')
            assert answer.status == 401, answer.text
            assert json.loads(answer.body)["code"] == "unauthenticated"


@pytest.mark.parametrize("value", [b"Bearer a\x00b", b"Bearer a\rb", b"Bearer a\x7fb"])
def test_f3_control_characters_in_headers_are_refused(server: RunningServer, value: bytes) -> None:
    answer = send(server.url, b"GET /api/v2/me HTTP/1.1\r\nHost: h\r\nAuthorization: " + value + b"\r\n\r\n")
    assert answer.status in (400, 401)


def test_f3_two_authorization_headers_do_not_add_up(subject: Subject, server: RunningServer) -> None:
    for first, second, status in (("wrong", server.token, 401), ("", server.token, 401)):
        headers = [("Authorization", f"Bearer {first}"), ("Authorization", f"Bearer {second}")]
        assert send(server.url, request("GET", subject.read_url, headers=headers)).status == status


def test_f4_nothing_shorter_longer_or_otherwise_spelled_than_the_token_is_the_token(server: RunningServer) -> None:
    """The digest of the whole is what is looked up, so no part of a right token brings anybody nearer."""
    token = server.token
    near = [
        token[:-1],
        token + "a",
        token[:-1] + ("a" if token[-1] != "a" else "b"),
        token.upper(),
        token.lower(),
        token.rpartition("_")[2],
        token[: len("hm_") + 8],
        f'"{token}"',
        f"{token},{token}",
        f"{token}\u00a0",
    ]
    for one in near:
        answer = send(server.url, request("GET", "/api/v2/me", one))
        assert answer.status == 401, one
        assert json.loads(answer.body)["code"] == "unauthenticated"
    assert send(server.url, request("GET", "/api/v2/me", f"  {token}  ")).status == 200


@pytest.mark.parametrize(
    "word", ["admin", "haymow", "token", "password", "changeme", "default", "test", "sk-1234", "hm_", "first start"]
)
def test_f6_no_default_credentials_work(server: RunningServer, word: str) -> None:
    basic = base64.b64encode(f"{word}:{word}".encode()).decode()
    admin_basic = base64.b64encode(f"admin:{word}".encode()).decode()
    for headers in (
        {"authorization": f"Bearer {word}"},
        {"x-api-key": word},
        {"authorization": f"Basic {basic}"},
        {"authorization": f"Basic {admin_basic}"},
    ):
        refused(ask("GET", f"{server.url}/api/v2/me", headers=headers), 401)


def test_f6_the_first_token_is_another_one_for_every_installation(server: RunningServer, exposed: Any) -> None:
    assert server.token != exposed.server.token
    assert server.token.split("_")[1] != exposed.server.token.split("_")[1]
    answer = ask("GET", f"{exposed.server.url}/api/v2/me", headers={"authorization": f"Bearer {server.token}"})
    refused(answer, 401)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None]
)
def test_f7_what_a_foreign_page_can_send_is_refused(subject: Subject, server: RunningServer, kind: str | None) -> None:
    """A page of another site sends cookies and these media types without asking first (CORS)."""
    foreign = {"origin": "https://evil.example", "referer": "https://evil.example/", "cookie": f"token={server.token}"}
    headers = foreign | ({"content-type": kind} if kind else {})
    with subject.unharmed():
        for method, path in (("POST", subject.collection), ("PATCH", subject.url)):
            answer = ask(method, server.url + path, content=b'{"name": "n"}', headers=headers)
            refused(answer, 401)
            signed = {**headers, "authorization": f"Bearer {server.token}"}
            answer = ask(method, server.url + path, content=b'{"name": "n"}', headers=signed)
            refused(answer, 415)


def test_f7_no_answer_lets_another_site_read_it(subject: Subject, server: RunningServer) -> None:
    asking = {"origin": "https://evil.example", "access-control-request-method": "PATCH",
              "access-control-request-headers": "authorization"}  # fmt: skip
    preflight = ask("OPTIONS", server.url + subject.url, headers=asking)
    answer = subject.client.get(subject.read_url, headers=asking)
    for one in (preflight, answer):
        assert not [name for name in one.headers if name.startswith("access-control-")]
    assert preflight.status_code == 405


@pytest.mark.parametrize(
    "path", ["/metrics", "/debug", "/debug/pprof", "/admin", "/_debug", "/api/v2/metrics", "/.env", "/server-status"]
)
def test_z2_nothing_about_the_inside_is_answered_without_a_token(server: RunningServer, path: str) -> None:
    assert ask("GET", server.url + path).status_code in (401, 404)


def test_e8_a_token_is_the_same_in_either_header_and_none_anywhere_else(
    admin: httpx.Client, subject: Subject, server: RunningServer
) -> None:
    reader = somebody(admin)
    let_in(admin, subject.workspace, reader.user_id, "user")
    token, url = reader.token, server.url + subject.read_url
    reader.client.close()
    change: dict[str, Any] = {"json": {"name": "n"}, "url": server.url + subject.url}
    with subject.unharmed():
        for headers in (
            {"authorization": f"Bearer {token}"},
            {"authorization": f"bearer  {token}"},
            {"x-api-key": token},
        ):
            assert ask("GET", url, headers=headers).status_code == 200
            assert ask("PATCH", **change, headers=headers).status_code == 403
        refused(ask("GET", url, headers={"authorization": "Bearer wrong", "x-api-key": token}), 401)
        for name in ("token", "api_key", "access_token", "key", "authorization", "x-api-key"):
            refused(ask("GET", url, params={name: token}), 401)
            refused(ask("GET", url, headers={"cookie": f"{name}={token}"}), 401)
        for scheme in ("Basic", "Token", "Digest", "ApiKey", "Negotiate"):
            refused(ask("GET", url, headers={"authorization": f"{scheme} {token}"}), 401)
        refused(ask("PATCH", **{**change, "json": {"token": token, "api_key": token}}), 401)

"""Authorization: headers of proxies and other spellings of an address change nothing about who asks for what."""

from __future__ import annotations

import pytest

from tests.abuse.raw import request, send
from tests.abuse.subject import Subject
from tests.conftest import definition
from tests.running import RunningServer
from tests.server.access.people import unique


@pytest.mark.parametrize(
    "header",
    [
        ("X-Forwarded-For", "10.9.8.7"),
        ("X-Real-IP", "10.9.8.7"),
        ("Forwarded", "for=10.9.8.7;proto=https;host=evil.example"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Prefix", "/evil"),
        ("X-Original-URL", "/healthz"),
        ("X-Rewrite-URL", "/healthz"),
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-Method-Override", "DELETE"),
        ("X-Forwarded-User", "admin"),
        ("X-Remote-User", "admin"),
        ("X-Request-ID", "chosen-by-the-client"),
    ],
)
def test_e12_headers_of_proxies_change_nothing(
    subject: Subject, server: RunningServer, header: tuple[str, str]
) -> None:
    without = send(server.url, request("GET", subject.read_url, headers=[header]))
    assert without.status == 401
    assert without.headers["x-request-id"] != header[1]
    changed = subject.patch({"name": unique("n")}, **dict([header]))
    assert changed.status_code == 200
    newest = subject.client.get(f"{subject.home}/audit").json()["data"][0]
    assert (newest["action"], newest["source"]) == ("model.update", "127.0.0.1")
    made = subject.client.post(subject.collection, json=definition(unique("m")), headers=dict([header]))
    assert made.headers["location"] == f"{subject.home}/models/{made.json()['model_id']}"


AMBIGUOUS = [
    "/{0}",
    "//evil.example{0}",
    "{0}/",
    "{0}//",
    "{0};x=1",
    "{0}%3b",
    "{0}%20",
    "{0}%00",
    "{0}%0a",
    "{0}.json",
    "{0}/..",
    "{0}/.",
    "{0}/%2e",
    "{0}/%2e%2e/",
    "{0}%2f",
    "{0}%5c",
    "{0}\\",
    "/./{0}",
    "/x/..{0}",
    "/x/%2e%2e{0}",
    "/x/.%2E{0}",
    "/%2e{0}",
    "/%2f{0}",
    "{1}%2fmodels/{2}",
    "{1}/%6d%6f%64%65%6c%73%2f{2}",
    "{1}//models/{2}",
    "{1};a/models/{2}",
    "{1}/./models/{2}",
    "{1}/models/x/../{2}",
    "{1}/MODELS/{2}",
    "{3}/models/{2}",
    "{1}/models/%25{2}",
    "{1}/models/{2}%252f",
]


@pytest.mark.parametrize("shape", AMBIGUOUS)
def test_e13_an_address_has_one_spelling(subject: Subject, server: RunningServer, shape: str) -> None:
    target = shape.format(subject.read_url, subject.home, subject.id, subject.home.upper())
    with subject.unharmed():
        for method in ("GET", "PATCH", "DELETE"):
            answer = send(server.url, request(method, target, server.token, host="127.0.0.1"))
            assert answer.status in (400, 404, 405, 422), (method, target, answer.status)
            assert "location" not in answer.headers
            assert "evil.example" not in answer.text

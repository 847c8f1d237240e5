"""Authorization: whose model it is, who is calling, and what no header, address or body can change about it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy import inspect

from tests import looking
from tests.abuse.raw import ask, request, send
from tests.abuse.subject import UNKNOWN, Subject, config, named, refused, without_request_id
from tests.conftest import client_of, definition
from tests.running import RunningServer
from tests.server.access.people import Somebody, let_in, new_secret, new_token, new_workspace, somebody, unique
from tests.upstream import Hangs, Says, Upstream, wait_until

PLATFORM = uuid.UUID(int=1)


def attempts(home: str, model_id: str) -> list[tuple[str, str, Any]]:
    """Every verb on a model by its id, below the prefix `home`."""
    model = f"{home}/models/{model_id}"
    return [
        ("GET", model, None),
        ("PATCH", f"{home}/models/custom/{model_id}", {"name": "taken over"}),
        ("DELETE", f"{home}/models/custom/{model_id}", None),
        ("GET", f"{model}/revisions", None),
        ("GET", f"{model}/revisions/1", None),
        ("POST", f"{model}/revisions/1/restore", None),
        ("POST", f"{home}/models/validate", {"model_id": model_id, "name": "taken over"}),
    ]


def chat_by_id(client: httpx.Client, home: str, model_id: str) -> httpx.Response:
    body = {"model": model_id, "messages": [{"role": "user", "content": "Hi"}]}
    return client.post(f"{home}/openai/v1/chat/completions", json=body)


def test_e1_another_workspaces_model_is_as_if_it_did_not_exist(admin: httpx.Client, subject: Subject) -> None:
    other = Subject(admin, new_workspace(admin)[1])
    with subject.unharmed(), other.unharmed():
        for (method, path, body), (_, unknown, other_body) in zip(
            attempts(subject.home, other.id), attempts(subject.home, UNKNOWN), strict=True
        ):
            answer = admin.request(method, path, json=body)
            refused(answer, 404)
            if other_body and "model_id" in other_body:
                other_body = {**other_body, "model_id": UNKNOWN}
            made_up = admin.request(method, unknown, json=other_body)
            assert without_request_id(answer) == without_request_id(made_up), (method, path)
        assert chat_by_id(admin, subject.home, other.id).status_code == 404


def test_e1_nor_is_it_named_listed_or_searched_for(admin: httpx.Client, subject: Subject) -> None:
    name = unique("hidden")
    Subject(admin, new_workspace(admin)[1], definition(name))
    for query in ({}, {"name": name}, {"q": name}, {"include_shadowed": "true"}, {"origin": "WORKSPACE"}):
        listed = admin.get(f"{subject.home}/models", params={"limit": "100", **query})
        assert name not in listed.text
    assert name not in admin.get(f"{subject.home}/openai/v1/models").text
    assert chat_by_id(admin, subject.home, name).status_code == 404


def test_e1_a_workspace_one_is_not_in_is_404_for_every_verb(admin: httpx.Client, subject: Subject) -> None:
    outsider = somebody(admin)
    let_in(admin, new_workspace(admin)[1], outsider.user_id, "admin")
    with outsider.client as client, subject.unharmed():
        for method, path, body in attempts(subject.home, subject.id):
            refused(client.request(method, path, json=body), 404)
        assert chat_by_id(client, subject.home, subject.id).status_code == 404


@pytest.fixture
def platform_model(server: RunningServer, subject: Subject) -> Iterator[str]:
    """The id of a model of the platform: a copy of the subject, put where only haymow itself puts models."""
    model_id, name = uuid.uuid4(), unique("platform")
    with looking.connected(server.data) as connection:
        columns = [column["name"] for column in inspect(connection).get_columns("models")]
    new = {"scope_id": PLATFORM, "model_id": model_id, "name": name, "name_key": name}
    values = ", ".join({"organization_id": "NULL"}.get(one, f":{one}" if one in new else one) for one in columns)
    copy = f"INSERT INTO models SELECT {values} FROM models WHERE model_id = :copied"
    assert looking.execute(server.data, copy, copied=uuid.UUID(subject.id), **new) == 1
    yield str(model_id)
    looking.execute(server.data, "DELETE FROM models WHERE model_id = :model", model=model_id)


def test_e2_a_model_of_the_platform_is_read_and_never_changed(
    admin: httpx.Client, subject: Subject, platform_model: str
) -> None:
    for home in (subject.home, "/api/v2"):
        before = admin.get(f"{home}/models/{platform_model}")
        assert before.json()["origin"] == "PLATFORM"
        for method, path, body in attempts(home, platform_model):
            if method != "GET":
                refused(admin.request(method, path, json=body), 404)
        after = admin.get(f"{home}/models/{platform_model}")
        assert (after.text, after.headers["etag"]) == (before.text, before.headers["etag"])


def test_e2_a_model_of_the_organization_is_not_changed_through_a_workspace(
    admin: httpx.Client, subject: Subject
) -> None:
    made = admin.post("/api/v2/models/custom", json=definition(unique("org")))
    model_id, etag = made.json()["model_id"], made.headers["etag"]
    with subject.unharmed():
        for method, path, body in attempts(subject.home, model_id):
            if method != "GET":
                refused(admin.request(method, path, json=body), 404)
    assert admin.get(f"/api/v2/models/{model_id}").headers["etag"] == etag


def test_e2_a_workspaces_model_is_not_seen_from_the_organization(admin: httpx.Client, subject: Subject) -> None:
    with subject.unharmed():
        for method, path, body in attempts("/api/v2", subject.id):
            refused(admin.request(method, path, json=body), 404)
    assert subject.id not in admin.get("/api/v2/models", params={"limit": "100"}).text


OURS_TO_SAY: dict[str, Any] = {
    "workspace_id": UNKNOWN,
    "organization_id": UNKNOWN,
    "scope_id": UNKNOWN,
    "model_id": UNKNOWN,
    "origin": "PLATFORM",
    "connected": True,
    "revision": 99,
    "tag": "x",
    "deleted_at": "2026-01-01T00:00:00Z",
    "destination": "evil.example:443",
    "requirements": "[]",
    "created_by": {"user_id": UNKNOWN, "given_name": "E", "family_name": "V"},
    "last_updated_by": UNKNOWN,
    "created_at": "2001-01-01T00:00:00Z",
    "updated_at": "2001-01-01T00:00:00Z",
}


@pytest.mark.parametrize("field", OURS_TO_SAY)
def test_e3_what_haymow_says_is_not_taken_from_a_body(subject: Subject, field: str) -> None:
    with subject.unharmed():
        assert subject.patch({field: OURS_TO_SAY[field]}).status_code == 200
        refused(subject.patch({field: OURS_TO_SAY[field]}, prefer="handling=strict"), 422)
        validated = subject.client.post(
            f"{subject.home}/models/validate", json={**definition("v"), field: OURS_TO_SAY[field]}
        )
        assert validated.status_code == (404 if field == "model_id" else 200), validated.text


def test_e3_a_create_never_updates(subject: Subject) -> None:
    before = subject.client.get(subject.read_url).text
    body = {**OURS_TO_SAY, **definition("second"), "model_id": subject.id}
    made = subject.client.post(subject.collection, json=body).json()
    assert made["model_id"] not in (subject.id, UNKNOWN)
    assert made["origin"] == "WORKSPACE"
    assert made["connected"] is False
    assert made["created_by"] == subject.model["created_by"]
    assert made["created_at"] > subject.model["created_at"]
    with subject.unharmed():
        refused(
            subject.client.post(
                subject.collection, json={**body, "name": "third"}, headers={"prefer": "handling=strict"}
            ),
            422,
        )
        refused(subject.client.post(subject.collection, json={**definition("GPT-5"), "model_id": subject.id}), 409)
    assert subject.client.get(subject.read_url).text == before


def test_e8_a_token_is_the_same_in_either_header_and_none_anywhere_else(
    admin: httpx.Client, subject: Subject, server: RunningServer
) -> None:
    reader = somebody(admin)
    let_in(admin, subject.workspace, reader.user_id, "user")
    token, url = reader.token, server.url + subject.read_url
    reader.client.close()
    change = {"json": {"name": "n"}, "url": server.url + subject.url}
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


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_e9_a_chat_with_a_foreign_workspace_is_404(admin: httpx.Client, subject: Subject, method: str) -> None:
    outsider = somebody(admin)
    path = "models" if method == "GET" else "chat/completions"
    body = {"model": subject.id, "messages": [{"role": "user", "content": "Hi"}]}
    with outsider.client as client:
        for workspace in (subject.workspace, UNKNOWN):
            address = f"/api/v2/workspaces/{workspace}/openai/v1/{path}"
            answer = client.request(method, address, json=body if method == "POST" else None)
            assert answer.status_code == 404, answer.text
            assert answer.json()["error"]["code"] == "workspace_not_found"


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


def test_e14_a_revoked_token_is_dead_when_the_answer_arrives(
    admin: httpx.Client, subject: Subject, server: RunningServer
) -> None:
    made = new_token(admin)
    with client_of(server.url, made["token"]) as client:
        assert client.get(subject.read_url).status_code == 200
        assert admin.delete(f"/api/v2/tokens/{made['token_id']}").status_code == 204
        with subject.unharmed():
            for method, path, body in attempts(subject.home, subject.id):
                refused(client.request(method, path, json=body), 401)


def _chatting(admin: httpx.Client, subject: Subject, upstream: Upstream) -> Somebody:
    """Somebody who may chat with the model, which calls `upstream`."""
    secret = new_secret(admin, subject.workspace, hosts=[f"127.0.0.1:{upstream.port}"])
    subject.patch(
        {
            "chat_generator_config": config(api_base_url=upstream.url, api_key=named(secret["name"])),
            "generation_kwargs": {},
        }
    )
    reader = somebody(admin)
    let_in(admin, subject.workspace, reader.user_id, "user")
    return reader


@pytest.mark.parametrize("end", ["token", "membership"])
def test_e14_a_whole_answer_ends_when_the_right_to_it_ends(
    admin: httpx.Client, subject: Subject, upstream: Upstream, end: str
) -> None:
    reader = _chatting(admin, subject, upstream)
    upstream.script(Hangs())
    with ThreadPoolExecutor(1) as threads, reader.client as client:
        body = {"model": subject.model["name"], "messages": [{"role": "user", "content": "Hi"}]}
        asking = threads.submit(client.post, f"{subject.home}/openai/v1/chat/completions", json=body, timeout=30.0)
        wait_until(lambda: bool(upstream.seen))
        assert admin.delete(_of(admin, subject, reader.user_id, end)).status_code == 204
        assert asking.result(10).status_code == (401 if end == "token" else 404)
    wait_until(lambda: upstream.abandoned == 1)


@pytest.mark.parametrize("end", ["token", "membership"])
def test_e14_a_stream_is_cut_when_the_right_to_it_ends(
    admin: httpx.Client, subject: Subject, upstream: Upstream, end: str
) -> None:
    reader = _chatting(admin, subject, upstream)
    upstream.script(Says("x" * 120, pieces=120, pause=0.1))
    body = {"model": subject.model["name"], "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    address = f"{subject.home}/openai/v1/chat/completions"
    with reader.client as client, client.stream("POST", address, json=body, timeout=30.0) as answer:
        assert answer.status_code == 200
        lines = answer.iter_lines()
        next(lines)
        assert admin.delete(_of(admin, subject, reader.user_id, end)).status_code == 204
        received = [line for line in _until_it_ends(lines) if line]
    assert len(received) < 70  # five seconds are fifty pieces
    assert "data: [DONE]" not in received


def _of(admin: httpx.Client, subject: Subject, user_id: str, end: str) -> str:
    """What to DELETE, to end a person's right to chat."""
    if end == "token":
        tokens = admin.get("/api/v2/tokens").json()["data"]
        return next(f"/api/v2/tokens/{token['token_id']}" for token in tokens if token["user_id"] == user_id)
    return f"{subject.home}/members/{user_id}"


def _until_it_ends(lines: Iterator[str]) -> Iterator[str]:
    try:
        yield from lines
    except httpx.HTTPError:
        return


LIMITS = [
    {"name": "x" * 256},
    {"name": ""},
    {"provider": "x" * 65},
    {"chat_generator_config": config(model="x" * (64 * 1024 + 1))},
    {"generation_kwargs": {"type": "object", "properties": {f"p{n}": {} for n in range(10_001)}}},
    {"generation_kwargs": {"description": "x" * (64 * 1024 + 1)}},
]


@pytest.mark.parametrize("part", LIMITS, ids=lambda part: next(iter(part)))
def test_e15_an_update_has_the_limits_of_a_create(subject: Subject, part: dict[str, Any]) -> None:
    with subject.unharmed():
        update = subject.patch(part)
        create = subject.client.post(subject.collection, json={**definition("new"), **part})
        validate = subject.client.post(f"{subject.home}/models/validate", json={**part, "model_id": subject.id})
        for answer in (update, create, validate):
            assert all(pointer.startswith(("#", f"#/{next(iter(part))}")) for pointer in refused(answer, 422))
    assert update.json()["details"] == create.json()["details"] == validate.json()["details"]


def test_e15_a_body_of_a_megabyte_is_too_large_for_both(subject: Subject) -> None:
    body = json.dumps({**definition("big"), "padding": ["x" * 60_000] * 18}).encode()
    json_type = {"content-type": "application/json"}
    with subject.unharmed():
        refused(subject.client.patch(subject.url, content=body, headers=json_type), 413)
        refused(subject.client.post(subject.collection, content=body, headers=json_type), 413)

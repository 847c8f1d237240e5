"""Authorization: whose model it is, who is calling, and what no body can change about it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import inspect

from tests import looking
from tests.abuse.subject import UNKNOWN, Subject, attempts, refused, without_request_id
from tests.conftest import definition
from tests.running import RunningServer
from tests.server.access.people import let_in, new_workspace, somebody, unique

PLATFORM = uuid.UUID(int=1)


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

"""Idempotency-Key: a create that is sent again is answered as it was, and made once. Over HTTP on a real server."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.abuse.subject import refused
from tests.conftest import client_of, definition
from tests.running import RunningServer
from tests.server.access.people import let_in, new_workspace, somebody


def key() -> dict[str, str]:
    return {"idempotency-key": uuid.uuid4().hex}


@pytest.fixture
def collection(workspace: str) -> str:
    return f"/api/v2/workspaces/{workspace}/models/custom"


def total(client: httpx.Client, collection: str) -> int:
    """How many models of its own the workspace has."""
    return int(client.get(collection.removesuffix("/custom"), params={"origin": "WORKSPACE"}).json()["total"])


def told(answer: httpx.Response) -> tuple[int, str, str, str]:
    return answer.status_code, answer.text, answer.headers["etag"], answer.headers["location"]


def test_the_same_request_again_is_answered_as_it_was(admin: httpx.Client, collection: str) -> None:
    headers = key()
    first = admin.post(collection, json=definition(), headers=headers)
    assert first.status_code == 201
    for _ in range(3):
        assert told(admin.post(collection, json=definition(), headers=headers)) == told(first)
    assert total(admin, collection) == 1
    audit = admin.get(collection.removesuffix("/models/custom") + "/audit").json()["data"]
    assert [entry["action"] for entry in audit].count("model.create") == 1


def test_it_is_answered_as_it_was_also_when_the_model_has_changed_since(admin: httpx.Client, collection: str) -> None:
    headers = key()
    first = admin.post(collection, json=definition(), headers=headers)
    one = f"{collection}/{first.json()['model_id']}"
    assert admin.patch(one, json={"name": "renamed"}).status_code == 200
    assert told(admin.post(collection, json=definition(), headers=headers)) == told(first)
    assert admin.delete(one).status_code == 204
    assert told(admin.post(collection, json=definition(), headers=headers)) == told(first)
    assert total(admin, collection) == 0


@pytest.mark.parametrize(
    "other", [definition("other"), {**definition(), "provider": "azure"}, {**definition(), "generation_kwargs": {}}]
)
def test_a_key_with_another_body_is_refused(admin: httpx.Client, collection: str, other: dict[str, object]) -> None:
    headers = key()
    assert admin.post(collection, json=definition(), headers=headers).status_code == 201
    answer = admin.post(collection, json=other, headers=headers)
    assert refused(answer, 422) == {"#": "idempotency_key_reused"}
    assert answer.json()["code"] == "idempotency_key_reused"
    assert total(admin, collection) == 1


def test_without_a_key_a_create_is_a_new_one(admin: httpx.Client, collection: str) -> None:
    assert admin.post(collection, json=definition("a")).status_code == 201
    refused(admin.post(collection, json=definition("a")), 409)
    assert admin.post(collection, json=definition("b")).status_code == 201


def test_two_keys_are_two_creates(admin: httpx.Client, collection: str) -> None:
    assert admin.post(collection, json=definition(), headers=key()).status_code == 201
    refused(admin.post(collection, json=definition(), headers=key()), 409)


def test_what_was_refused_is_tried_again(admin: httpx.Client, collection: str) -> None:
    headers = key()
    refused(admin.post(collection, json={**definition(), "provider": "Bad"}, headers=headers), 422)
    assert admin.post(collection, json=definition(), headers=headers).status_code == 201


def test_of_many_at_once_one_is_made_and_all_are_answered_alike(
    server: RunningServer, admin: httpx.Client, collection: str
) -> None:
    headers = key()

    def create(_: int) -> tuple[int, str, str, str]:
        with client_of(server.url, server.token) as client:
            return told(client.post(collection, json=definition(), headers=headers))

    with ThreadPoolExecutor(12) as pool:
        answers = set(pool.map(create, range(12)))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 201
    assert total(admin, collection) == 1


def test_a_key_is_of_one_person_and_one_address(admin: httpx.Client, workspace: str, collection: str) -> None:
    headers, editor = key(), somebody(admin)
    let_in(admin, workspace, editor.user_id, "editor")
    first = admin.post(collection, json=definition(), headers=headers).json()["model_id"]
    with editor.client as client:
        refused(client.post(collection, json=definition(), headers=headers), 409)
    elsewhere = f"/api/v2/workspaces/{new_workspace(admin)[1]}/models/custom"
    assert admin.post(elsewhere, json=definition(), headers=headers).json()["model_id"] != first


def test_an_answer_is_not_given_to_who_may_no_longer_see_it(
    admin: httpx.Client, workspace: str, collection: str
) -> None:
    headers, editor = key(), somebody(admin)
    let_in(admin, workspace, editor.user_id, "editor")
    with editor.client as client:
        assert client.post(collection, json=definition(), headers=headers).status_code == 201
        let_in(admin, workspace, editor.user_id, "user")
        refused(client.post(collection, json=definition(), headers=headers), 403)
        assert admin.delete(f"/api/v2/workspaces/{workspace}/members/{editor.user_id}").status_code == 204
        refused(client.post(collection, json=definition(), headers=headers), 404)


@pytest.mark.parametrize("value", ["", "x" * 256, "caf\u00e9", "a\tb"])
def test_a_key_that_is_none_is_refused(admin: httpx.Client, collection: str, value: str) -> None:
    answer = admin.post(collection, json=definition(), headers=[(b"idempotency-key", value.encode("latin-1"))])
    assert refused(answer, 422) == {"#/headers/idempotency-key": "idempotency_key"}
    assert total(admin, collection) == 0


def test_two_keys_in_a_request_are_refused(admin: httpx.Client, collection: str) -> None:
    headers = [("idempotency-key", "one"), ("idempotency-key", "two")]
    assert refused(admin.post(collection, json=definition(), headers=headers), 422) == {
        "#/headers/idempotency-key": "idempotency_key"
    }
    assert total(admin, collection) == 0


@pytest.mark.parametrize("value", ["x", "x" * 255, '"quoted"', "a b", "~!@#$%^&*()"])
def test_a_key_is_any_printable_text(admin: httpx.Client, collection: str, value: str) -> None:
    for _ in range(2):
        assert admin.post(collection, json=definition(), headers={"idempotency-key": value}).status_code == 201
    assert total(admin, collection) == 1


def test_models_of_the_organization_are_created_once_too(admin: httpx.Client) -> None:
    headers, body = key(), definition(f"once-{uuid.uuid4().hex}")
    first = admin.post("/api/v2/models/custom", json=body, headers=headers)
    assert told(admin.post("/api/v2/models/custom", json=body, headers=headers)) == told(first)
    assert first.status_code == 201

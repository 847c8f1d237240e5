"""A change and its audit record are one: when the record cannot be written, the change did not happen."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.abuse.subject import Subject
from tests.conftest import client_of, definition
from tests.looking import refusing
from tests.running import RunningServer, running
from tests.server.access.people import let_in, new_member, new_secret, new_token, new_workspace

CANARY = "canary-5e0b"


@pytest.fixture(scope="module")
def unlucky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose database these tests put triggers into."""
    with running(tmp_path_factory.mktemp("unlucky")) as server:
        yield server


class Everything:
    """Something of each kind, and every request that would change it."""

    def __init__(self, admin: httpx.Client) -> None:
        self.admin = admin
        self.name, workspace = new_workspace(admin)
        self.subject = Subject(admin, workspace)
        assert self.subject.patch({"provider": "other"}).status_code == 200
        self.deleted = Subject(admin, workspace, definition("deleted"))
        assert admin.delete(self.deleted.url).status_code == 204
        self.secret = f"{self.subject.home}/secrets/{new_secret(admin, workspace)['secret_id']}"
        self.person, self.member = new_member(admin), new_member(admin)
        let_in(admin, workspace, self.member, "user")
        self.token = str(new_token(admin)["token_id"])

    def changes(self) -> list[tuple[str, str, Any]]:
        home, unique = self.subject.home, uuid.uuid4().hex
        person = {"given_name": "A", "family_name": "B", "email": f"{unique}@example.com", "role": "user"}
        return [
            ("POST", self.subject.collection, definition(f"new {unique}")),
            ("PATCH", self.subject.url, {"name": f"renamed {unique}"}),
            ("DELETE", self.subject.url, None),
            ("POST", f"{self.subject.read_url}/revisions/1/restore", None),
            ("POST", f"{self.deleted.read_url}/revisions/1/restore", None),
            ("POST", "/api/v2/models/custom", definition(f"new {unique}")),
            ("POST", f"{home}/secrets", {"name": f"S{unique}", "secret": "a value"}),
            ("PUT", self.secret, {"secret": "another value", "hosts": ["api.example.com"]}),
            ("DELETE", self.secret, None),
            ("PUT", "/api/v1/model_registry_tokens/openai", {"token": "a value"}),
            ("POST", "/api/v1/workspaces", {"name": f"w {unique}"}),
            ("DELETE", f"/api/v1/workspaces/{self.name}?force=true", None),
            ("POST", "/api/v2/members", person),
            ("PUT", "/api/v2/members", {"user_id": self.person, "role": "editor"}),
            ("DELETE", f"/api/v2/members/{self.person}", None),
            ("PUT", f"{home}/members", {"user_id": self.member, "role": "admin"}),
            ("DELETE", f"{home}/members/{self.member}", None),
            ("POST", "/api/v2/tokens", {"name": "t"}),
            ("DELETE", f"/api/v2/tokens/{self.token}", None),
        ]

    def state(self) -> list[str]:
        home = self.subject.home
        paths = [
            self.subject.read_url,
            f"{self.subject.read_url}/revisions",
            f"{self.deleted.read_url}/revisions",
            f"{home}/models",
            f"{home}/secrets",
            f"{home}/members",
            f"{home}/audit",
            "/api/v1/workspaces",
            "/api/v2/members",
            "/api/v2/tokens",
            "/api/v2/audit",
            "/api/v2/models",
            "/api/v2/secrets",
            "/api/v1/model_registry_tokens",
        ]
        return [self.admin.get(path).text for path in paths]


@pytest.mark.parametrize("raising", ["ABORT", "FAIL", "ROLLBACK"])
def test_a_change_whose_record_cannot_be_written_does_not_happen(unlucky: RunningServer, raising: str) -> None:
    with client_of(unlucky.url, unlucky.token) as admin:
        everything = Everything(admin)
        before = everything.state()
        for method, path, body in everything.changes():
            with refusing(unlucky.data, "audit", raising=raising, words=CANARY):
                answer = admin.request(method, path, json=body)
            assert answer.status_code in (500, 503), (method, path, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
            for told in (CANARY, "sqlite", "psycopg", "INSERT", "Traceback"):
                assert told not in answer.text
            assert everything.state() == before, (method, path)
        for method, path, body in everything.changes():
            if method != "DELETE":
                assert admin.request(method, path, json=body).is_success, (method, path)


@pytest.mark.parametrize("raising", ["ABORT", "ROLLBACK"])
def test_a_change_of_a_model_whose_revision_cannot_be_written_does_not_happen(
    unlucky: RunningServer, raising: str
) -> None:
    with client_of(unlucky.url, unlucky.token) as admin:
        everything = Everything(admin)
        before = everything.state()
        for method, path, body in everything.changes()[:5]:
            with refusing(unlucky.data, "revisions", raising=raising, words=CANARY):
                assert admin.request(method, path, json=body).status_code in (500, 503)
            assert everything.state() == before, (method, path)


def test_a_create_whose_receipt_cannot_be_written_does_not_happen(unlucky: RunningServer) -> None:
    with client_of(unlucky.url, unlucky.token) as admin:
        everything = Everything(admin)
        before, key = everything.state(), {"idempotency-key": uuid.uuid4().hex}
        path, body = everything.subject.collection, definition("kept once")
        with refusing(unlucky.data, "receipts", words=CANARY):
            assert admin.post(path, json=body, headers=key).status_code in (500, 503)
        assert everything.state() == before
        assert admin.post(path, json=body, headers=key).status_code == 201


def test_a_change_beside_one_that_fails_is_made_all_the_same(unlucky: RunningServer) -> None:
    """They may share a transaction; each has a savepoint of its own."""
    with client_of(unlucky.url, unlucky.token) as admin:
        everything = Everything(admin)
        with refusing(unlucky.data, "audit", when="NEW.subject_name = 'unlucky'", words=CANARY):
            assert everything.subject.patch({"name": "unlucky"}).status_code in (500, 503)
            assert everything.subject.patch({"name": "lucky"}).status_code == 200
        assert admin.get(everything.subject.read_url).json()["name"] == "lucky"

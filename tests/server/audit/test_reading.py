"""The audit record as it is read: newest first, page by page, by those who may. Over HTTP on a real server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.abuse.raw import ask
from tests.abuse.subject import UNKNOWN, Subject, refused
from tests.conftest import client_of, definition
from tests.server.access.people import let_in, new_secret, new_token, new_workspace, somebody, unique

FIELDS = {
    "number",
    "at",
    "action",
    "workspace_id",
    "subject_id",
    "subject_name",
    "revision",
    "changes",
    "user_id",
    "user",
    "token_id",
    "source",
}


def read(client: httpx.Client, path: str, **query: Any) -> dict[str, Any]:
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


@pytest.fixture
def changed(admin: httpx.Client, workspace: str) -> Subject:
    """A model that was created and then renamed eleven times."""
    subject = Subject(admin, workspace)
    for number in range(11):
        assert subject.patch({"name": f"name {number}"}).status_code == 200
    return subject


def test_it_is_newest_first_and_grows(changed: Subject, admin: httpx.Client) -> None:
    page = read(admin, f"{changed.home}/audit")
    numbers = [entry["number"] for entry in page["data"]]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == len(numbers)
    times = [entry["at"] for entry in page["data"]]
    assert times == sorted(times, reverse=True)
    assert [entry["subject_name"] for entry in page["data"]][:11] == [
        f"name {number}" for number in reversed(range(11))
    ]


def test_a_record_says_who_did_what_to_what_when_and_from_where(changed: Subject, admin: httpx.Client) -> None:
    entry = read(admin, f"{changed.home}/audit", limit=1)["data"][0]
    me = admin.get("/api/v2/me").json()
    assert entry.keys() == FIELDS
    assert entry["action"] == "model.update"
    assert entry["workspace_id"] == changed.workspace
    assert entry["subject_id"] == changed.id
    assert entry["revision"] == 12
    assert entry["changes"] == ["name"]
    assert entry["user_id"] == me["user_id"]
    assert entry["user"] == {key: me[key] for key in ("user_id", "given_name", "family_name")}
    assert entry["token_id"] is not None
    assert entry["source"] == "127.0.0.1"
    assert entry["at"].endswith("Z")
    assert abs((datetime.now(UTC) - datetime.fromisoformat(entry["at"])).total_seconds()) < 60


@pytest.mark.parametrize("limit", [1, 2, 5, 12, 13, 100])
def test_the_pages_together_are_the_whole_each_record_once(changed: Subject, admin: httpx.Client, limit: int) -> None:
    path = f"{changed.home}/audit"
    whole = read(admin, path)["data"]
    collected: list[dict[str, Any]] = []
    page = read(admin, path, limit=limit)
    while page["has_more"]:
        assert len(page["data"]) == limit
        assert page["next_cursor"] == page["data"][-1]["number"]
        collected += page["data"]
        page = read(admin, path, limit=limit, before=page["next_cursor"])
    assert page["next_cursor"] is None
    assert [*collected, *page["data"]] == whole


def test_a_page_stays_the_same_while_new_records_come(changed: Subject, admin: httpx.Client) -> None:
    path = f"{changed.home}/audit"
    first = read(admin, path, limit=5)
    second = read(admin, path, limit=5, before=first["next_cursor"])
    changed.patch({"name": "another"})
    assert read(admin, path, limit=5, before=first["next_cursor"]) == second
    assert read(admin, path, limit=5)["data"][1:] == first["data"][:4]


def test_before_the_first_there_is_nothing(changed: Subject, admin: httpx.Client) -> None:
    for before in (0, 1):
        page = read(admin, f"{changed.home}/audit", before=before)
        assert page == {"data": [], "has_more": False, "next_cursor": None}


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"before": "-1"}, {"before": "x"},
                                   {"before": str(2**63)}, {"before": "1.5"}, {"before": "9" * 400}])  # fmt: skip
def test_a_query_that_makes_no_sense_is_422(changed: Subject, admin: httpx.Client, query: dict[str, str]) -> None:
    for path in (f"{changed.home}/audit", "/api/v2/audit"):
        assert list(refused(admin.get(path, params=query), 422)) == [f"#/query/{next(iter(query))}"]


def test_a_workspaces_record_is_of_that_workspace_alone(changed: Subject, admin: httpx.Client) -> None:
    other = Subject(admin, new_workspace(admin)[1])
    organizations = admin.post("/api/v2/models/custom", json=definition(unique("o"))).json()["model_id"]
    subjects = {entry["workspace_id"] for entry in read(admin, f"{changed.home}/audit")["data"]}
    assert subjects == {changed.workspace}
    whole = [entry["subject_id"] for entry in read(admin, "/api/v2/audit")["data"]]
    assert {other.id, organizations, changed.id} <= set(whole)


def test_an_editor_reads_the_workspaces_and_an_administrator_all_of_it(changed: Subject, admin: httpx.Client) -> None:
    path = f"{changed.home}/audit"
    person = somebody(admin)
    with person.client as client:
        refused(client.get(path), 404)
        for role, own in (("user", 403), ("editor", 200), ("admin", 200)):
            let_in(admin, changed.workspace, person.user_id, role)
            assert client.get(path).status_code == own
            refused(client.get("/api/v2/audit"), 403)
    limited = new_token(admin, workspace_id=changed.workspace)["token"]
    with client_of(str(admin.base_url), limited) as client:
        assert client.get(path).status_code == 200
        refused(client.get("/api/v2/audit"), 403)
    refused(ask("GET", str(admin.base_url.join(path))), 401)


def test_what_is_refused_or_changes_nothing_is_not_recorded(changed: Subject, admin: httpx.Client) -> None:
    before = read(admin, "/api/v2/audit", limit=1)
    name = changed.client.get(changed.read_url).json()["name"]
    for answer, status in (
        (changed.patch({"name": name}), 200),
        (changed.patch({"name": " bad"}), 422),
        (changed.patch({"name": "x"}, **{"if-match": '"none"'}), 412),
        (changed.client.post(f"{changed.home}/models/validate", json=definition("v")), 200),
        (changed.client.delete(f"{changed.collection}/{UNKNOWN}"), 404),
        (admin.post("/api/v1/workspaces", json={"name": ""}), 422),
        (admin.post(f"{changed.home}/secrets", json={"name": "a-b", "secret": "v"}), 422),
    ):
        assert answer.status_code == status, answer.text
    assert read(admin, "/api/v2/audit", limit=1) == before


def test_every_change_of_anything_is_recorded(admin: httpx.Client) -> None:
    name, workspace = new_workspace(admin)
    subject, person = Subject(admin, workspace), somebody(admin)
    person.client.close()
    secret = new_secret(admin, workspace)
    token = new_token(admin)["token_id"]
    one = f"{subject.home}/secrets/{secret['secret_id']}"
    let_in(admin, workspace, person.user_id, "editor")
    for method, path, body in (
        ("PATCH", subject.url, {"provider": "other"}),
        ("POST", f"{subject.read_url}/revisions/1/restore", None),
        ("DELETE", subject.url, None),
        ("POST", f"{subject.read_url}/revisions/1/restore", None),
        ("PUT", one, {"secret": "another value"}),
        ("DELETE", one, None),
        ("PUT", "/api/v2/members", {"user_id": person.user_id, "role": "editor"}),
        ("DELETE", f"{subject.home}/members/{person.user_id}", None),
        ("DELETE", f"/api/v2/members/{person.user_id}", None),
        ("DELETE", f"/api/v2/tokens/{token}", None),
        ("DELETE", f"/api/v1/workspaces/{name}?force=true", None),
    ):
        answer = admin.request(method, path, json=body)
        assert answer.status_code in (200, 204), (method, path, answer.text)
    actions = [entry["action"] for entry in read(admin, "/api/v2/audit")["data"]]
    assert list(reversed(actions[:18])) == [
        "workspace.create",
        "model.create",
        "member.create",
        "token.create",
        "secret.create",
        "token.create",
        "member.update",
        "model.update",
        "model.restore",
        "model.delete",
        "model.restore",
        "secret.replace",
        "secret.delete",
        "member.update",
        "member.delete",
        "member.delete",
        "token.delete",
        "workspace.delete",
    ]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_record_is_only_added_to(changed: Subject, admin: httpx.Client, method: str) -> None:
    for path in (f"{changed.home}/audit", "/api/v2/audit"):
        answer = admin.request(method, path, json={})
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD"

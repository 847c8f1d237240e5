"""People and roles, over HTTP on a real server."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.abuse.subject import UNKNOWN, Subject, refused
from tests.conftest import client_of
from tests.server.access.people import let_in, new_member, new_token, somebody, unique, with_token_of

MEMBERS, TOKENS, ME = "/api/v2/members", "/api/v2/tokens", "/api/v2/me"


def person(**changes: object) -> dict[str, object]:
    return {"given_name": "Ada", "family_name": "L", "email": f"{unique('p')}@example.com", "role": "user", **changes}


def test_a_new_member_is_answered_listed_and_read(admin: httpx.Client) -> None:
    body = person(role="editor")
    made = admin.post(MEMBERS, json=body)
    assert made.status_code == 201
    content = made.json()
    assert content == {**body, "user_id": content["user_id"]}
    assert content in admin.get(MEMBERS).json()["data"]
    seen = admin.get(f"/api/v1/users/{content['user_id']}").json()
    assert seen == {name: content[name] for name in ("user_id", "given_name", "family_name", "email")}


def test_an_address_counts_once_whatever_its_case(admin: httpx.Client) -> None:
    body = person(email=f"{unique('Ada')}@Example.com")
    assert admin.post(MEMBERS, json=body).status_code == 201
    answer = admin.post(MEMBERS, json={**body, "email": str(body["email"]).upper()})
    refused(answer, 409)
    assert answer.json()["code"] == "email_taken"


@pytest.mark.parametrize(
    "changes",
    [
        {"role": "owner"},
        {"role": "ADMIN"},
        {"role": 3},
        {"role": None},
        {"email": ""},
        {"email": "nobody"},
        {"email": "a@b@c"},
        {"given_name": ""},
        {"family_name": "x" * 300},
        {"email": f"{'x' * 300}@b.c"},
        {"given_name": 5},
    ],
)
def test_a_person_that_cannot_be_is_refused(admin: httpx.Client, changes: dict[str, object]) -> None:
    before = admin.get(MEMBERS).json()["total"]
    assert list(refused(admin.post(MEMBERS, json=person(**changes)), 422)) == [f"#/{next(iter(changes))}"]
    assert admin.get(MEMBERS).json()["total"] == before


def test_e7_nobody_changes_or_removes_themselves(admin: httpx.Client, workspace: str) -> None:
    me = admin.get(ME).json()["user_id"]
    here = f"/api/v2/workspaces/{workspace}/members"
    for role in ("user", "editor", "admin"):
        for path in (MEMBERS, here):
            answer = admin.put(path, json={"user_id": me, "role": role})
            assert refused(answer, 422) == {"#/user_id": "own_role"}
    for path in (MEMBERS, here):
        assert refused(admin.delete(f"{path}/{me}"), 422) == {"#/user_id": "own_role"}
    other = somebody(admin)
    let_in(admin, workspace, other.user_id, "admin")
    with other.client as client:
        assert refused(client.put(here, json={"user_id": other.user_id, "role": "user"}), 422) == {
            "#/user_id": "own_role"
        }
    assert admin.get(ME).json()["role"] == "admin"


def test_a_role_in_a_workspace_is_set_changed_and_taken(admin: httpx.Client, subject: Subject) -> None:
    reader = somebody(admin)
    here = f"{subject.home}/members"
    with reader.client as client:
        for role, writing in (("user", 403), ("editor", 200), ("admin", 200), ("user", 403)):
            put = admin.put(here, json={"user_id": reader.user_id, "role": role})
            assert put.json()["role"] == role
            assert [one["role"] for one in admin.get(here).json()["data"]] == [role]
            assert client.patch(subject.url, json={"name": unique("n")}).status_code == writing
            assert client.get(ME).json()["role"] == "user"  # in the organization
        assert admin.delete(f"{here}/{reader.user_id}").status_code == 204
        assert client.get(subject.read_url).status_code == 404
    refused(admin.delete(f"{here}/{reader.user_id}"), 404)


@pytest.fixture
def subject(admin: httpx.Client, workspace: str) -> Subject:
    return Subject(admin, workspace)


def test_a_workspaces_administrator_gives_no_role_in_the_organization(admin: httpx.Client, workspace: str) -> None:
    chief, other = somebody(admin), new_member(admin)
    let_in(admin, workspace, chief.user_id, "admin")
    with chief.client as client:
        let_in(client, workspace, other, "admin")
        for answer in (
            client.put(MEMBERS, json={"user_id": other, "role": "admin"}),
            client.post(MEMBERS, json=person()),
            client.delete(f"{MEMBERS}/{other}"),
            client.get("/api/v2/audit"),
        ):
            refused(answer, 403)


def test_a_removed_member_is_gone_everywhere_with_their_tokens(admin: httpx.Client, subject: Subject) -> None:
    editor = somebody(admin)
    second = with_token_of(admin, editor.user_id)
    let_in(admin, subject.workspace, editor.user_id, "editor")
    with editor.client, second.client:
        theirs = Subject(editor.client, subject.workspace, {**subject.model, "name": "theirs"})
        assert admin.delete(f"{MEMBERS}/{editor.user_id}").status_code == 204
        for one in (editor, second):
            refused(one.client.get(ME), 401)
    assert editor.user_id not in admin.get(f"{subject.home}/members").text
    assert editor.user_id not in admin.get(TOKENS).text
    refused(admin.get(f"/api/v1/users/{editor.user_id}"), 404)
    refused(admin.put(f"{subject.home}/members", json={"user_id": editor.user_id, "role": "user"}), 404)
    kept = admin.get(theirs.read_url).json()
    assert kept["created_by"]["user_id"] == editor.user_id  # what was done stays done by whom


def test_a_removed_person_comes_back_as_who_they_were_with_nothing_of_it(admin: httpx.Client, workspace: str) -> None:
    body = person(email=f"{unique('Ada')}@Example.com")
    user_id = admin.post(MEMBERS, json=body).json()["user_id"]
    let_in(admin, workspace, user_id, "editor")
    old = with_token_of(admin, user_id)
    with old.client as client:
        assert admin.delete(f"{MEMBERS}/{user_id}").status_code == 204
        again = {**person(), "given_name": "Augusta", "email": str(body["email"]).lower(), "role": "editor"}
        back = admin.post(MEMBERS, json=again)
        assert back.status_code == 201, back.text
        assert back.json() == {**again, "user_id": user_id}
        assert admin.get(f"/api/v1/users/{user_id}").json()["given_name"] == "Augusta"
        refused(client.get(ME), 401)
    assert user_id not in admin.get(f"/api/v2/workspaces/{workspace}/members").text
    twice = admin.post(MEMBERS, json=again)
    assert (twice.status_code, twice.json()["code"]) == (409, "email_taken")


def test_me_says_the_role_in_the_organization_or_in_the_tokens_one_workspace(
    admin: httpx.Client, workspace: str
) -> None:
    one = somebody(admin)
    let_in(admin, workspace, one.user_id, "editor")
    narrow = with_token_of(admin, one.user_id, workspace_id=workspace)
    capped = with_token_of(admin, one.user_id, workspace_id=workspace, role="user")
    with one.client, narrow.client, capped.client:
        told = [client.get(ME).json() for client in (one.client, narrow.client, capped.client)]
    assert [(me["role"], me["workspace_id"]) for me in told] == [
        ("user", None),
        ("editor", workspace),
        ("user", workspace),
    ]


def test_nobody_that_exists_is_404(admin: httpx.Client, workspace: str) -> None:
    for path in (MEMBERS, f"/api/v2/workspaces/{workspace}/members"):
        refused(admin.put(path, json={"user_id": UNKNOWN, "role": "user"}), 404)
        refused(admin.delete(f"{path}/{UNKNOWN}"), 404)
        refused(admin.delete(f"{path}/not-an-id"), 422)
    refused(admin.get(f"/api/v1/users/{UNKNOWN}"), 404)
    refused(admin.delete(f"{TOKENS}/{UNKNOWN}"), 404)


def test_a_token_is_shown_once(admin: httpx.Client) -> None:
    made = new_token(admin, role="editor")
    text = made.pop("token")
    assert text.startswith(made["prefix"] + "_")
    listed = admin.get(TOKENS)
    assert made in listed.json()["data"]
    secret = text.removeprefix(made["prefix"])
    audit = admin.get("/api/v2/audit")
    assert made["token_id"] in audit.text
    for answer in (listed, audit, admin.get(ME)):
        assert secret not in answer.text


def test_me_tells_who_one_is_and_what_the_token_may(admin: httpx.Client, workspace: str) -> None:
    end = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    made = new_token(admin, role="editor", workspace_id=workspace, expires_at=end.isoformat())
    with client_of(str(admin.base_url), made["token"]) as client:
        me = client.get(ME).json()
        assert client.get("/api/v1/me").json() == me
    assert me["role"] == "editor"
    assert me["workspace_id"] == workspace
    assert datetime.fromisoformat(me["expires_at"]) == end
    assert me["user_id"] == admin.get(ME).json()["user_id"]
    assert me["organization"].keys() == {"organization_id", "name"}


def test_me_with_a_token_of_one_workspace_tells_the_role_there(admin: httpx.Client, workspace: str) -> None:
    reader = somebody(admin)
    let_in(admin, workspace, reader.user_id, "user")
    elsewhere = admin.post("/api/v1/workspaces", json={"name": unique("w")}).json()["workspace_id"]
    let_in(admin, elsewhere, reader.user_id, "admin")
    with reader.client as client:
        made = new_token(client, workspace_id=workspace)
    with client_of(str(admin.base_url), made["token"]) as client:
        assert client.get(ME).json()["role"] == made["role"] == "user"


@pytest.mark.parametrize(
    "expires_at",
    [
        "2000-01-01T00:00:00Z",
        "tomorrow",
        "2099-01-01",
        "2099-01-01T00:00:00",
        4070908800,
        "",
        True,
        "2099-02-30T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
    ],
)
def test_an_expiry_is_a_time_in_the_future_with_its_offset(admin: httpx.Client, expires_at: object) -> None:
    answer = admin.post(TOKENS, json={"name": "t", "expires_at": expires_at})
    assert list(refused(answer, 422)) == ["#/expires_at"]


@pytest.mark.parametrize(
    "part", [{"workspace_id": "x"}, {"workspace_id": 5}, {"user_id": "x"}, {"role": "root"}, {"name": ""}, {"name": 1}]
)
def test_a_token_that_cannot_be_is_refused(admin: httpx.Client, part: dict[str, object]) -> None:
    answer = admin.post(TOKENS, json={"name": "t", **part})
    assert list(refused(answer, 422)) == [f"#/{next(iter(part))}"]


def test_a_token_for_a_workspace_one_does_not_see_is_404(admin: httpx.Client, workspace: str) -> None:
    outsider = somebody(admin)
    with outsider.client as client:
        for wanted in (workspace, str(uuid.uuid4())):
            answer = client.post(TOKENS, json={"name": "t", "workspace_id": wanted})
            refused(answer, 404)
            assert answer.json()["code"] == "workspace_not_found"

"""Workspaces, over HTTP on a real server."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import httpx
import pytest

from tests import looking
from tests.abuse.subject import Subject, refused
from tests.conftest import client_of, definition
from tests.running import RunningServer
from tests.server.access.people import let_in, new_secret, new_token, new_workspace, somebody, unique

PATH = "/api/v1/workspaces"


def test_a_new_workspace_is_answered_listed_and_read(admin: httpx.Client) -> None:
    name = unique("fresh")
    made = admin.post(PATH, json={"name": name})
    assert made.status_code == 201
    assert made.headers["location"] == f"{PATH}/{name}"
    content = made.json()
    assert content.keys() == {"name", "workspace_id", "languages", "default_idle_timeout_in_seconds"}
    assert admin.get(f"{PATH}/{name}").json() == content
    assert content in admin.get(PATH).json()


@pytest.mark.parametrize(
    "name", ["with space", "\u00e4 umlaut \u4e2d\u6587", "a+b=c&d", "'quoted'", "100", "a@b", "{curly}"]
)
def test_a_workspace_is_found_by_any_name_it_may_have(admin: httpx.Client, name: str) -> None:
    name = f"{name} {uuid.uuid4().hex}"
    made = admin.post(PATH, json={"name": name})
    assert made.status_code == 201, made.text
    found = admin.get(made.headers["location"])
    assert found.json() == made.json() == admin.get(f"{PATH}/{quote(name, safe='')}").json()
    assert admin.delete(made.headers["location"]).status_code == 204


@pytest.mark.parametrize(
    "name",
    [
        "",
        " edge",
        "x" * 256,
        "a/b",
        "a\\b",
        "a?b",
        "a#b",
        "a%2fb",
        "a;b",
        ".",
        "..",
        "two\nlines",
        "00000000-0000-4000-8000-000000000000",
        5,
        None,
        ["a"],
    ],
)
def test_a_name_that_an_address_reads_differently_is_refused(admin: httpx.Client, name: object) -> None:
    before = admin.get(PATH).text
    assert list(refused(admin.post(PATH, json={"name": name}), 422)) == ["#/name"]
    assert admin.get(PATH).text == before


def test_a_name_counts_once_whatever_its_case_and_form(admin: httpx.Client) -> None:
    tail = uuid.uuid4().hex
    assert admin.post(PATH, json={"name": f"Stra\u00dfe \u00e9 {tail}"}).status_code == 201
    answer = admin.post(PATH, json={"name": f"STRASSE e\u0301 {tail}"})
    refused(answer, 409)
    assert answer.json()["code"] == "workspace_name_taken"


def test_of_many_creates_of_one_name_one_succeeds(server: RunningServer) -> None:
    name = unique("contested")

    def create(_: int) -> int:
        with client_of(server.url, server.token) as client:
            return client.post(PATH, json={"name": name}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(create, range(8))) == [201] + [409] * 7


@pytest.mark.parametrize("content", ["model", "secret", "both"])
def test_a_workspace_that_is_not_empty_is_not_deleted_without_force(admin: httpx.Client, content: str) -> None:
    name, workspace = new_workspace(admin)
    subject = Subject(admin, workspace) if content != "secret" else None
    if content != "model":
        new_secret(admin, workspace)
    answer = admin.delete(f"{PATH}/{name}")
    refused(answer, 409)
    assert answer.json()["code"] == "workspace_not_empty"
    assert admin.get(f"{PATH}/{name}").status_code == 200
    if subject is not None:
        assert admin.get(subject.read_url).status_code == 200
    refused(admin.delete(f"{PATH}/{name}", params={"force": "false"}), 409)
    assert admin.delete(f"{PATH}/{name}", params={"force": "true"}).status_code == 204
    refused(admin.get(f"{PATH}/{name}"), 404)
    for part in ("models", "secrets", "members", "audit", "openai/v1/models"):
        assert admin.get(f"/api/v2/workspaces/{workspace}/{part}").status_code == 404


def test_a_deleted_workspaces_name_is_free_and_what_was_in_it_does_not_come_back(admin: httpx.Client) -> None:
    name, workspace = new_workspace(admin)
    subject, secret = Subject(admin, workspace), new_secret(admin, workspace)
    assert admin.delete(f"{PATH}/{name}", params={"force": "true"}).status_code == 204
    again = admin.post(PATH, json={"name": name}).json()["workspace_id"]
    assert again != workspace
    home = f"/api/v2/workspaces/{again}"
    assert admin.get(f"{home}/models", params={"origin": "WORKSPACE"}).json()["total"] == 0
    refused(admin.get(f"{home}/models/{subject.id}"), 404)
    refused(admin.post(f"{home}/models/{subject.id}/revisions/1/restore"), 404)
    refused(admin.get(f"{home}/secrets/{secret['secret_id']}"), 404)


def test_a_workspace_of_a_deleted_model_is_empty(admin: httpx.Client) -> None:
    name, workspace = new_workspace(admin)
    assert admin.delete(Subject(admin, workspace).url).status_code == 204
    assert admin.delete(f"{PATH}/{name}").status_code == 204


def test_a_deleted_workspaces_tokens_and_memberships_end(admin: httpx.Client) -> None:
    name, workspace = new_workspace(admin)
    reader = somebody(admin)
    let_in(admin, workspace, reader.user_id, "admin")
    token = new_token(admin, workspace_id=workspace)["token"]
    assert admin.delete(f"{PATH}/{name}").status_code == 204
    with client_of(str(admin.base_url), token) as client, reader.client:
        assert client.get("/api/v2/me").status_code == 401
        assert reader.client.get("/api/v2/me").status_code == 200
        assert reader.client.get(PATH).json() == []


def test_a_model_is_not_made_in_a_workspace_that_was_deleted_meanwhile(
    server: RunningServer, admin: httpx.Client
) -> None:
    """Else it would stay in the database for ever, where nobody sees it."""
    for _ in range(5):
        name, workspace = new_workspace(admin)

        def create(number: int, workspace: str = workspace) -> int:
            with client_of(server.url, server.token) as client:
                path = f"/api/v2/workspaces/{workspace}"
                made = client.post(f"{path}/models/custom", json=definition(f"m{number}"))
                secret = client.post(f"{path}/secrets", json={"name": f"S{number}", "secret": "v"})
                assert secret.status_code in (201, 404)
                return made.status_code

        with ThreadPoolExecutor(6) as pool:
            making = [pool.submit(create, number) for number in range(5)]
            gone = admin.delete(f"{PATH}/{name}", params={"force": "true"})
            assert gone.status_code == 204
            assert {one.result() for one in making} <= {201, 404}
        assert left_of(server, workspace) == []


def left_of(server: RunningServer, workspace: str) -> list[str]:
    """The tables that still hold something of a workspace."""
    tables = ("models", "model_secrets", "revisions", "secrets", "data_keys")
    count, scope = "SELECT count(*) FROM {} WHERE scope_id = :scope", uuid.UUID(workspace)
    return [table for table in tables if looking.rows(server.data, count.format(table), scope=scope) != [(0,)]]


def test_who_may_see_which_workspaces(admin: httpx.Client, workspace: str) -> None:
    reader, name = somebody(admin), new_workspace(admin)[0]
    with reader.client as client:
        assert client.get(PATH).json() == []
        refused(client.get(f"{PATH}/{name}"), 404)
        let_in(admin, workspace, reader.user_id, "user")
        assert [one["workspace_id"] for one in client.get(PATH).json()] == [workspace]
        refused(client.post(PATH, json={"name": unique("mine")}), 403)
    limited = new_token(admin, workspace_id=workspace)["token"]
    with client_of(str(admin.base_url), limited) as client:
        assert [one["workspace_id"] for one in client.get(PATH).json()] == [workspace]
        refused(client.get(f"{PATH}/{name}"), 404)
        refused(client.post(PATH, json={"name": unique("mine")}), 403)


@pytest.mark.parametrize("name", ["nobody-has-this", "%00", "%ff", "\u202e", "x" * 5000, "'; DROP TABLE workspaces --"])
def test_a_name_that_nobody_has_is_404(admin: httpx.Client, name: str) -> None:
    address = f"{PATH}/{name if name.startswith('%') else quote(name, safe='')}"
    for method in ("GET", "DELETE"):
        refused(admin.request(method, address), 404)

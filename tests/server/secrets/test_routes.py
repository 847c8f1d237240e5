"""The endpoints of secrets: order of checks, roles, answers, refusals."""

import logging
import uuid
from typing import Any

import httpx
import pytest

from haymow.server.access.rules import Role
from haymow.wire import Secret, SecretList
from tests.server.secrets.asking import CANARY, bearer, create, paths
from tests.server.secrets.conftest import Rooms

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("whose", ["organization", "workspace"])
async def test_a_secret_is_created_read_replaced_listed_and_deleted(
    rooms: Rooms, http: httpx.AsyncClient, whose: str
) -> None:
    path = paths(rooms)[whose]
    answer = await http.post(path, json={"name": "KEY", "secret": CANARY, "hosts": ["a.example"]})
    made = answer.json()
    assert answer.headers["location"] == f"{path}/{made['secret_id']}"
    assert (made["name"], made["hosts"], made["version"], made["origin"]) == (
        "KEY",
        ["a.example:443"],
        1,
        whose.upper(),
    )
    assert made["created_at"].endswith("Z")
    one = answer.headers["location"]
    assert (await http.get(one)).json() == made
    replaced = (await http.put(one, json={"secret": "another", "hosts": ["b.example"]})).json()
    assert (replaced["secret_id"], replaced["version"], replaced["hosts"]) == (made["secret_id"], 2, ["b.example:443"])
    listed = (await http.get(path)).json()
    assert listed == {"data": [replaced], "has_more": False, "total": 1}
    assert [Secret.model_validate(replaced)] == SecretList.model_validate(listed).data
    deleted = await http.delete(one)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await http.get(one)).status_code == 404


async def test_a_workspace_is_listed_by_its_id_and_by_its_name(rooms: Rooms, http: httpx.AsyncClient) -> None:
    await create(http, paths(rooms)["workspace"], "OF_WORKSPACE")
    await create(http, paths(rooms)["organization"], "OF_ORGANIZATION")
    for place in (rooms.workspace.workspace_id, rooms.workspace.name):
        listed = (await http.get(f"/api/v2/workspaces/{place}/secrets")).json()
        assert [(one["name"], one["origin"]) for one in listed["data"]] == [
            ("OF_ORGANIZATION", "ORGANIZATION"),
            ("OF_WORKSPACE", "WORKSPACE"),
        ]
    assert (await http.get("/api/v2/workspaces/nowhere/secrets")).status_code == 404
    assert (await http.get(f"/api/v2/workspaces/{uuid.uuid4()}/secrets")).status_code == 404


async def test_a_name_is_understood_where_a_list_is_asked_for_alone(rooms: Rooms, http: httpx.AsyncClient) -> None:
    answer = await http.post(f"/api/v2/workspaces/{rooms.workspace.name}/secrets", json={"name": "A", "secret": "b"})
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["details"]] == ["#/path/workspace_id"]


async def test_the_organizations_secret_is_read_through_the_workspace_and_not_changed(
    rooms: Rooms, http: httpx.AsyncClient
) -> None:
    made = await create(http, paths(rooms)["organization"])
    through = f"{paths(rooms)['workspace']}/{made['secret_id']}"
    assert (await http.get(through)).json() == made
    assert (await http.put(through, json={"secret": "another"})).status_code == 404
    assert (await http.delete(through)).status_code == 404


async def test_pages_go_on_with_the_cursor_that_the_platforms_client_sends(
    rooms: Rooms, http: httpx.AsyncClient
) -> None:
    path = paths(rooms)["organization"]
    made = [await create(http, path, f"S{number}") for number in range(5)]
    for order, expected in (("DESC", made[::-1]), ("asc", made)):
        passed: list[dict[str, Any]] = []
        query: dict[str, Any] = {"limit": 2, "field": "created_at", "order": order}
        while True:
            page = (await http.get(path, params=query)).json()
            passed += page["data"]
            if not page["has_more"]:
                break
            query["before"] = passed[-1]["secret_id"]
        assert passed == expected


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ("limit=0", ["#/query/limit"]),
        ("limit=101", ["#/query/limit"]),
        ("order=UP", ["#/query/order"]),
        ("field=ciphertext", ["#/query/field"]),
        ("before=nothing", ["#/query/before"]),
        (f"before={uuid.UUID(int=1)}", ["#/query/before"]),
        (f"after={uuid.UUID(int=2)}", ["#/query/after"]),
        (f"after={uuid.UUID(int=3)}&before={uuid.UUID(int=4)}", ["#/query/after"]),
    ],
)
async def test_a_list_that_cannot_be_is_refused(http: httpx.AsyncClient, query: str, pointers: list[str]) -> None:
    answer = await http.get(f"/api/v2/secrets?{query}")
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["details"]] == pointers


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["#/name", "#/secret"]),
        ({"name": "KEY", "secret": 5}, ["#/secret"]),
        ({"name": "KEY", "secret": [CANARY]}, ["#/secret"]),
        ({"name": "KEY", "secret": {"value": CANARY}}, ["#/secret"]),
        ({"name": "KEY", "secret": None}, ["#/secret"]),
        ({"name": "KEY", "secret": True}, ["#/secret"]),
        ({"name": "KEY", "secret": ""}, ["#/secret"]),
        ({"name": "KEY", "secret": CANARY + "\n"}, ["#/secret", "#/secret"]),
        ({"name": "KEY", "secret": CANARY + "\u2013"}, ["#/secret"]),
        ({"name": "KEY", "secret": " " + CANARY}, ["#/secret"]),
        ({"name": "KEY", "secret": "sk-12****ab"}, ["#/secret"]),
        ({"name": "KEY", "secret": CANARY * 1000}, ["#/secret"]),
        ({"name": CANARY, "secret": CANARY}, ["#/name"]),
        ({"name": "KEY", "secret": CANARY, "hosts": "a.example"}, ["#/hosts"]),
        ({"name": "KEY", "secret": CANARY, "hosts": [1]}, ["#/hosts/0"]),
        ({"name": "KEY", "secret": CANARY, "hosts": []}, ["#/hosts"]),
        ({"name": "KEY", "secret": CANARY, "hosts": [f"http://{CANARY}"]}, ["#/hosts/0"]),
        ({"name": "9", "secret": "***", "hosts": ["*"]}, ["#/name", "#/secret", "#/hosts/0"]),
    ],
)
async def test_what_cannot_be_a_secret_is_refused_without_an_echo(
    rooms: Rooms, http: httpx.AsyncClient, body: dict[str, Any], pointers: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = await http.post("/api/v2/secrets", json=body)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["details"]] == pointers
    assert "canary" not in answer.text + caplog.text
    assert (await http.get("/api/v2/secrets")).json()["total"] == 0
    assert await rooms.audited() == []


async def test_hosts_change_with_the_value_alone(rooms: Rooms, http: httpx.AsyncClient) -> None:
    made = await create(http, "/api/v2/secrets", hosts=["a.example"])
    for body in ({"hosts": ["evil.example"]}, {"hosts": ["evil.example"], "secret": "****"}):
        answer = await http.put(f"/api/v2/secrets/{made['secret_id']}", json=body)
        assert answer.status_code == 422
    assert (await http.get(f"/api/v2/secrets/{made['secret_id']}")).json() == made


async def test_a_strict_call_refuses_what_it_would_ignore(http: httpx.AsyncClient) -> None:
    strict = {"Prefer": "handling=strict"}
    body = {"name": "KEY", "secret": CANARY, "scope_id": str(uuid.uuid4())}
    refused = await http.post("/api/v2/secrets", json=body, headers=strict)
    assert refused.status_code == 422 and "canary" not in refused.text
    del body["scope_id"]
    made = await http.post("/api/v2/secrets", json=body, headers=strict)
    assert (made.status_code, made.headers["preference-applied"]) == (201, "handling=strict")
    replaced = await http.put(f"/api/v2/secrets/{made.json()['secret_id']}", json={"secret": "x1"}, headers=strict)
    assert (replaced.status_code, replaced.headers["preference-applied"]) == (200, "handling=strict")


async def test_a_body_says_nothing_about_whose_the_secret_is(rooms: Rooms, http: httpx.AsyncClient) -> None:
    forged: dict[str, Any] = {
        "secret_id": str(uuid.uuid4()),
        "origin": "ORGANIZATION",
        "version": 9,
        "workspace_id": str(uuid.uuid4()),
    }
    made = await create(http, paths(rooms)["workspace"], **forged)
    assert (made["origin"], made["version"]) == ("WORKSPACE", 1)
    assert made["secret_id"] != forged["secret_id"]


async def test_a_name_that_exists_is_a_conflict(http: httpx.AsyncClient) -> None:
    await create(http, "/api/v2/secrets")
    answer = await http.post("/api/v2/secrets", json={"name": "KEY", "secret": "another"})
    assert (answer.status_code, answer.json()["code"]) == (409, "secret_name_taken")


async def test_a_secret_in_use_is_deleted_by_force_alone(rooms: Rooms, http: httpx.AsyncClient) -> None:
    made = await create(http, "/api/v2/secrets")
    rooms.models.using[rooms.organization.scope_id, "KEY"] = ["gpt-5"]
    one = f"/api/v2/secrets/{made['secret_id']}"
    refused = await http.delete(one)
    assert (refused.status_code, refused.json()["code"]) == (409, "secret_in_use")
    assert "gpt-5" in refused.json()["message"]
    assert (await http.delete(f"{one}?force=perhaps")).status_code == 422
    assert (await http.get(one)).json() == made
    assert (await http.delete(f"{one}?force=true")).status_code == 204


# Who may do what

ALLOWED = {
    # role in the organization, role in the workspace -> statuses of GET, POST, PUT, DELETE in each
    (Role.USER, None): ((200, 403, 403, 403), (404, 404, 404, 404)),
    (Role.USER, Role.USER): ((200, 403, 403, 403), (200, 403, 403, 403)),
    (Role.USER, Role.EDITOR): ((200, 403, 403, 403), (200, 201, 200, 204)),
    (Role.EDITOR, Role.USER): ((200, 201, 200, 204), (200, 403, 403, 403)),
    (Role.ADMIN, None): ((200, 201, 200, 204), (200, 201, 200, 204)),
}


@pytest.mark.parametrize("roles", ALLOWED, ids=str)
async def test_a_role_may_do_what_it_says(
    rooms: Rooms, http: httpx.AsyncClient, roles: tuple[Role, Role | None]
) -> None:
    headers = bearer(await rooms.token(*roles))
    for path, expected in zip(paths(rooms).values(), ALLOWED[roles], strict=True):
        one = f"{path}/{(await create(http, path))['secret_id']}"
        statuses = [
            (await http.get(one, headers=headers)).status_code,
            (await http.post(path, json={"name": "NEW", "secret": "x1"}, headers=headers)).status_code,
            (await http.put(one, json={"secret": "x1"}, headers=headers)).status_code,
            (await http.delete(one, headers=headers)).status_code,
        ]
        assert tuple(statuses) == expected
        assert (await http.get(path, headers=headers)).status_code == expected[0]


async def test_a_token_of_one_workspace_reaches_nothing_else(rooms: Rooms, http: httpx.AsyncClient) -> None:
    organization, workspace = paths(rooms).values()
    secret = await create(http, organization)
    only = rooms.workspace.workspace_id
    headers = bearer(await rooms.token(Role.EDITOR, Role.EDITOR, only_workspace=only))
    for method, path in (
        ("GET", organization),
        ("POST", organization),
        ("DELETE", f"{organization}/{secret['secret_id']}"),
    ):
        assert (await http.request(method, path, headers=headers)).status_code == 403
    assert (await http.get("/api/v1/model_registry_tokens", headers=headers)).status_code == 403
    other = f"/api/v2/workspaces/{rooms.other_workspace.workspace_id}/secrets"
    assert (await http.get(other, headers=headers)).status_code == 404
    assert (await http.post(workspace, json={"name": "A", "secret": "b1"}, headers=headers)).status_code == 201


async def test_another_workspaces_secret_is_not_found_through_this_one(rooms: Rooms, http: httpx.AsyncClient) -> None:
    other = f"/api/v2/workspaces/{rooms.other_workspace.workspace_id}/secrets"
    secret_id = (await create(http, other))["secret_id"]
    unknown = (await http.get(f"{paths(rooms)['workspace']}/{uuid.uuid4()}")).json()
    for method in ("GET", "PUT", "DELETE"):
        answer = await http.request(method, f"{paths(rooms)['workspace']}/{secret_id}", json={"secret": "x1"})
        assert answer.status_code == 404
        assert {**answer.json(), "request_id": ""} == {**unknown, "request_id": ""}


async def test_checks_come_in_their_order(rooms: Rooms, http: httpx.AsyncClient) -> None:
    path = paths(rooms)["workspace"]
    one = f"{path}/{(await create(http, path))['secret_id']}"
    user, nobody = bearer(await rooms.token(Role.USER, Role.USER)), bearer("hm_00000000_nobody")

    async def put(address: str, headers: dict[str, str]) -> int:
        return (await http.put(address, content=b"{", headers={"content-type": "text/plain", **headers})).status_code

    assert await put(f"{path}/no-id", nobody) == 401
    assert await put(f"{path}/no-id", user) == 422
    assert await put(f"{path}/{uuid.uuid4()}", user) == 404
    assert await put(one, user) == 403
    assert await put(one, {}) == 415
    assert (await http.put(one, content=b"{", headers={"content-type": "application/json"})).status_code == 400
    assert (await http.put(one, json={"secret": ""})).status_code == 422

"""The order in which a PATCH is looked at: whatever is wrong together, the first in the order is said."""

from __future__ import annotations

import http.client
import json
import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import product

import httpx
import pytest

from tests.conftest import client_of, definition
from tests.running import RunningServer
from tests.server.access.people import let_in, new_workspace, somebody, unique
from tests.server.registry.registered import Registered
from tests.server.registry.shelf import UNKNOWN, Shelf, openai_config

ELSEWHERE = "https://elsewhere.example/v1"
"""Where the secret that models name may not be sent."""

Column = Mapping[str, int | None]
"""Ways to be, and the status of each where nothing before it is wrong; None is nothing wrong."""

WHO: Column = {
    "nobody": 401,
    "stranger": 401,
    "no member here": 404,
    "another workspace's token": 404,
    "administrator": None,
    "editor": None,
    "this workspace's token": None,
    "reader": None,
    "reading token": None,
}
READERS = ("reader", "reading token")
WHICH: Column = {
    "malformed": 422,
    "unknown": 404,
    "deleted": 404,
    "organization's": 404,
    "elsewhere": 404,
    "here": None,
}
TYPES: Column = {"": 415, "application/merge-patch+json": 415, "application/json": None}
CONDITIONS: Column = {'"1-': 400, "": None, "*": None, '"1-000000000000"': 412, 'W/"weak"': 412}
BODIES: Column = {
    "": 400,
    "{": 400,
    "[]": 422,
    '{"name": 5}': 422,
    '{"provider": "No Slug", "name": "taken"}': 422,
    json.dumps({"chat_generator_config": openai_config(generation_kwargs={"temperature": 9}), "name": "taken"}): 422,
    json.dumps(
        {"chat_generator_config": openai_config(api_base_url="https://elsewhere.example/v1"), "name": "taken"}
    ): 422,
    '{"name": "taken"}': 409,
    "{}": None,
}
SAMPLE = 600


def expected(who: str, which: str, kind: str, condition: str, body: str) -> int:
    is_nobody, malformed = WHO[who] == 401, WHICH[which] == 422
    denied = 403 if who in READERS else None
    order = [
        401 if is_nobody else None, 422 if malformed else None, WHO[who], WHICH[which], denied,
        TYPES[kind], CONDITIONS[condition], BODIES[body],
    ]  # fmt: skip
    return next((status for status in order if status is not None), 200)


@pytest.fixture
def clients(admin: httpx.Client, workspace: str, server: RunningServer) -> Iterator[dict[str, httpx.Client]]:
    _, another = new_workspace(admin)
    editor, reader, outsider = (somebody(admin) for _ in range(3))
    let_in(admin, workspace, editor.user_id, "editor")
    let_in(admin, workspace, reader.user_id, "user")

    def token(**limits: str) -> httpx.Client:
        made = admin.post("/api/v2/tokens", json={"name": unique("t"), "role": "admin", **limits})
        return client_of(server.url, made.json()["token"])

    with ExitStack() as stack:
        found = {
            "nobody": httpx.Client(base_url=server.url),
            "stranger": client_of(server.url, "haymow_" + "0" * 40),
            "no member here": outsider.client,
            "another workspace's token": token(workspace_id=another),
            "administrator": client_of(server.url, server.token),
            "editor": editor.client,
            "this workspace's token": token(workspace_id=workspace),
            "reader": reader.client,
            "reading token": token(role="user", workspace_id=workspace),
        }
        yield {name: stack.enter_context(client) for name, client in found.items()}


@pytest.fixture
def ids(shelf: Shelf, organization: Shelf, admin: httpx.Client) -> dict[str, str]:
    shelf.enter("OPENAI_API_KEY")
    shelf.made(definition("taken"))
    deleted = shelf.made(definition("deleted"))["model_id"]
    assert shelf.delete(deleted).status_code == 204
    return {
        "malformed": "not-an-id",
        "unknown": UNKNOWN,
        "deleted": deleted,
        "organization's": organization.made(definition(unique("m")))["model_id"],
        "elsewhere": Shelf(admin, f"/api/v2/workspaces/{new_workspace(admin)[1]}").made(definition())["model_id"],
        "here": shelf.made(definition("here"))["model_id"],
    }


def test_of_all_that_is_wrong_the_first_is_said(
    shelf: Shelf, clients: dict[str, httpx.Client], ids: dict[str, str]
) -> None:
    before = shelf.read(ids["here"])
    some = random.Random(5).sample(list(product(WHO, WHICH, TYPES, CONDITIONS, BODIES)), SAMPLE)
    wrong = []
    for case in (*some, *product(("editor", "reader"), ("here",), TYPES, CONDITIONS, BODIES)):
        who, which, kind, condition, body = case
        headers = {name: value for name, value in (("content-type", kind), ("if-match", condition)) if value}
        answer = clients[who].patch(f"{shelf.custom}/{ids[which]}", content=body, headers=headers)
        if answer.status_code != expected(*case):
            wrong.append((case, expected(*case), answer.text))
    assert wrong == []
    after = shelf.read(ids["here"])
    assert (after.json(), after.headers["etag"]) == (before.json(), before.headers["etag"])


class TestOrderOfChecks:
    """One request with everything wrong, mended a fault at a time."""

    def test_each_check_comes_in_its_place(self, registered: Registered, server: RunningServer) -> None:
        url, token = server.url + registered.path, f"Bearer {server.token}"
        model = registered.model["model_id"]
        taken = Registered(registered.client, registered.workspace, definition("taken")).model["name"]
        unknown_id, no_id = f"{url}/{UNKNOWN}", f"{url}/not-an-id"
        one, bearer = f"{url}/{model}", {"authorization": token}
        typed = {**bearer, "content-type": "application/json"}
        steps: list[tuple[str, dict[str, str], bytes, int]] = [
            (no_id, {}, b"{", 401),
            (no_id, bearer, b"{", 422),
            (unknown_id, bearer, b"{", 404),
            (one, {**bearer, "content-type": "text/plain", "if-match": '"x"'}, b"{", 415),
            (one, {**typed, "if-match": '"x"'}, b"{", 412),
            (one, typed, b"{", 400),
            (one, typed, b'{"name": 5}', 422),
            (one, typed, json.dumps({"name": taken, "provider": "Bad"}).encode(), 422),
            (one, typed, json.dumps({"name": taken}).encode(), 409),
        ]
        assert _announced(server, no_id, 2 * 1024 * 1024) == 413
        for address, headers, body, status in steps:
            answered = httpx.patch(address, headers=headers, content=body)
            assert answered.status_code == status, (status, answered.text)
        assert registered.get().headers["etag"] == registered.etag


def _announced(server: RunningServer, url: str, length: int) -> int:
    """The status of a request that announces a body and sends none of it."""
    address = httpx.URL(url)
    connection = http.client.HTTPConnection(address.host, address.port, timeout=30)
    connection.putrequest("PATCH", address.path)
    connection.putheader("Content-Length", str(length))
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status

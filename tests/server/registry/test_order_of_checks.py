"""The order in which a PATCH is looked at: whatever is wrong together, the first in the order is said."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import product

import httpx
import pytest

from tests.conftest import client_of, definition
from tests.running import RunningServer
from tests.server.access.people import let_in, new_workspace, somebody
from tests.server.registry.shelf import UNKNOWN, Shelf, openai_config, unique

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

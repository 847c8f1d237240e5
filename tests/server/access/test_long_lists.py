"""Lists of tokens and of members go on where a part ends, and nothing of them is left out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from haymow.server.app import House
from tests import looking
from tests.crowds import multiply_tokens
from tests.server.registry.inside import opened

TOKENS, MEMBERS = "/api/v2/tokens", "/api/v2/members"

Test = Callable[[House, httpx.AsyncClient, str], Awaitable[None]]


def run(data: Path, test: Test) -> None:
    async def within() -> None:
        async with opened(data) as (house, client, workspace):
            await asyncio.wait_for(test(house, client, workspace), 60)

    asyncio.run(within())


async def answered(client: httpx.AsyncClient, path: str, **query: Any) -> Any:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def walked(client: httpx.AsyncClient, path: str, limit: int) -> list[Any]:
    """All of a list, in parts of so many."""
    found: list[Any] = []
    page = await answered(client, path, limit=limit)
    while True:
        found += page["data"]
        assert page["has_more"] == (page["next_cursor"] is not None) == (len(found) < page["total"])
        if not page["has_more"]:
            return found
        assert len(page["data"]) == limit
        page = await answered(client, path, limit=limit, after=page["next_cursor"])


async def with_tokens(client: httpx.AsyncClient, names: str) -> list[str]:
    """The ids of new tokens, one for each letter."""
    made = [(await client.post(TOKENS, json={"name": name})).json() for name in names]
    return [token["token_id"] for token in made]


async def with_members(client: httpx.AsyncClient, names: str) -> list[str]:
    """The ids of new people, by their address."""
    made = []
    for name in names:
        person = {"given_name": name, "family_name": name, "email": f"{name}@example.com", "role": "user"}
        made.append((await client.post(MEMBERS, json=person)).json()["user_id"])
    return made


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7])
def test_parts_of_any_size_are_the_list(tmp_path: Path, limit: int) -> None:
    async def test(house: House, client: httpx.AsyncClient, workspace: str) -> None:
        await with_tokens(client, "abcde")
        people = await with_members(client, "bcaed")
        for person in people[:4]:
            await client.put(f"{workspace}/members", json={"user_id": person, "role": "user"})
        for path, total in ((TOKENS, 6), (MEMBERS, 6), (f"{workspace}/members", 4)):
            whole = await answered(client, path)
            assert (len(whole["data"]), whole["has_more"], whole["total"]) == (total, False, total)
            assert await walked(client, path, limit) == whole["data"]
        names = [token["name"] for token in (await answered(client, TOKENS))["data"]]
        assert names == ["first start", "a", "b", "c", "d", "e"]

    run(tmp_path / "data", test)


def test_a_list_goes_on_after_who_or_what_was_its_last_is_gone(tmp_path: Path) -> None:
    async def test(house: House, client: httpx.AsyncClient, workspace: str) -> None:
        tokens, people = await with_tokens(client, "abc"), await with_members(client, "0123")
        for path, part in ((TOKENS, tokens), (MEMBERS, people)):
            first = await answered(client, path, limit=2)
            last = first["data"][-1].get("token_id") or first["data"][-1]["user_id"]
            assert (await client.delete(f"{path}/{last}")).status_code == 204
            rest = await answered(client, path, limit=1, after=first["next_cursor"])
            assert [one.get("token_id") or one["user_id"] for one in rest["data"]] == [part[part.index(last) + 1]]

    run(tmp_path / "data", test)


def test_more_than_a_thousand_are_no_secret(tmp_path: Path) -> None:
    """The answer without a query is what it was, and says that it is not the whole."""

    async def test(house: House, client: httpx.AsyncClient, workspace: str) -> None:
        (person,) = await with_members(client, "a")
        await client.post(TOKENS, json={"name": "t", "user_id": person})
        with looking.connected(house.settings.data) as connection:
            multiply_tokens(connection, UUID(person), 1001)
        first = await answered(client, TOKENS)
        assert (len(first["data"]), first["has_more"], first["total"]) == (1000, True, 1003)
        rest = await answered(client, TOKENS, after=first["next_cursor"])
        assert (len(rest["data"]), rest["has_more"], rest["total"], rest["next_cursor"]) == (3, False, 1003, None)
        assert len({token["token_id"] for token in first["data"] + rest["data"]}) == 1003

    run(tmp_path / "data", test)


def test_a_token_of_one_workspace_pages_through_its_own_kind(tmp_path: Path) -> None:
    async def test(house: House, client: httpx.AsyncClient, workspace: str) -> None:
        await with_tokens(client, "abc")
        limit = {"workspace_id": workspace.rpartition("/")[2]}
        made = [(await client.post(TOKENS, json={"name": name, **limit})).json() for name in "xyz"]
        client.headers["Authorization"] = f"Bearer {made[0]['token']}"
        assert [token["name"] for token in await walked(client, TOKENS, 1)] == ["x", "y", "z"]

    run(tmp_path / "data", test)


def test_what_is_no_cursor_is_refused(tmp_path: Path) -> None:
    async def test(house: House, client: httpx.AsyncClient, workspace: str) -> None:
        of_members = (str(uuid4()), "x")
        of_tokens = ("x", "2026", str(uuid4()), "20261301000000000000" + uuid4().hex, "0" * 65, "20260101" + "é" * 44)
        wrong = [(TOKENS, cursor) for cursor in of_tokens]
        wrong += [(path, cursor) for path in (MEMBERS, f"{workspace}/members") for cursor in of_members]
        for path, cursor in wrong:
            answer = await client.get(path, params={"after": cursor})
            assert (answer.status_code, answer.json()["details"][0]["pointer"]) == (422, "#/query/after"), cursor
        for limit in (0, 1001):
            for path in (TOKENS, MEMBERS):
                assert (await client.get(path, params={"limit": limit})).status_code == 422

    run(tmp_path / "data", test)

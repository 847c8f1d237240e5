"""What a deleted workspace leaves goes in portions, whoever takes it away, and nobody sees any of it meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Connection

from haymow.server.access.remains import PORTIONS, Erase, Remains
from haymow.server.app import House, open_house
from tests import databases, looking
from tests.conftest import definition
from tests.crowds import multiply_model, multiply_revision
from tests.server.registry.inside import opened

MODELS = 600
WORKSPACES = "/api/v1/workspaces"
FORCE = {"force": "true"}

Test = Callable[[House, httpx.AsyncClient], Awaitable[None]]


def run(data: Path, test: Test) -> None:
    async def within() -> None:
        async with opened(data) as (house, client, _):
            await asyncio.wait_for(test(house, client), 60)

    asyncio.run(within())


async def crowded(data: Path, client: httpx.AsyncClient) -> UUID:
    """A workspace `crowd` with many models, one of which has many revisions, a secret, and a kept answer."""
    workspace = (await client.post(WORKSPACES, json={"name": "crowd"})).json()["workspace_id"]
    home = f"/api/v2/workspaces/{workspace}"
    key = {"Idempotency-Key": "the first one"}
    made = await client.post(f"{home}/models/custom", json=definition("first"), headers=key)
    assert made.status_code == 201, made.text
    secret = {"name": "ANTHROPIC_API_KEY", "secret": "sk-of-the-crowd"}
    assert (await client.post(f"{home}/secrets", json=secret)).status_code == 201
    model_id = UUID(made.json()["model_id"])
    with looking.connected(data) as connection:
        multiply_model(connection, model_id, MODELS)
        multiply_revision(connection, model_id, MODELS)
    return UUID(workspace)


def left_of(data: Path, workspace: UUID) -> list[str]:
    """The tables that still hold something of a workspace."""
    scoped = ("models", "model_secrets", "revisions", "secrets", "data_keys")
    named = ("receipts", "deleted_workspaces", "tokens", "workspace_members")
    columns = {**dict.fromkeys(scoped, "scope_id"), **dict.fromkeys(named, "workspace_id")}
    count = "SELECT count(*) FROM {} WHERE {} = :it"
    return [table for table, key in columns.items() if looking.rows(data, count.format(table, key), it=workspace)[0][0]]


async def until_gone(data: Path, workspace: UUID) -> None:
    until = monotonic() + 30
    while await asyncio.to_thread(left_of, data, workspace):  # the house is on this loop, and has work to do
        assert monotonic() < until, "nobody takes it away"
        await asyncio.sleep(0.05)


async def deleted_in_part(data: Path, client: httpx.AsyncClient) -> UUID:
    """The same workspace, deleted by a server that could not take away what was in it."""
    workspace = await crowded(data, client)
    with looking.without(data, "revisions"):
        assert (await client.delete(f"{WORKSPACES}/crowd", params=FORCE)).status_code == 204
    assert {"models", "revisions", "deleted_workspaces"} <= set(left_of(data, workspace))
    return workspace


def test_nothing_of_a_large_workspace_is_left(tmp_path: Path) -> None:
    async def test(house: House, client: httpx.AsyncClient) -> None:
        workspace = await crowded(house.settings.data, client)
        assert (await client.delete(f"{WORKSPACES}/crowd", params=FORCE)).status_code == 204
        assert left_of(house.settings.data, workspace) == []

    run(tmp_path / "data", test)


def test_no_unit_of_work_takes_more_than_a_portion_of_it(tmp_path: Path) -> None:
    taken: list[int] = []

    def told(erase: Erase) -> Erase:
        def call(connection: Connection, workspace_id: UUID, most: int) -> int:
            taken.append(erase(connection, workspace_id, most))
            return taken[-1]

        return call

    async def test(house: House, client: httpx.AsyncClient) -> None:
        workspace = await deleted_in_part(house.settings.data, client)
        await Remains(house.database, [told(erase) for erase in house.access.erase]).go_on()
        assert left_of(house.settings.data, workspace) == []
        fewest, most = PORTIONS
        assert taken.count(fewest) >= 2  # the first of the revisions, and of the models
        assert max(taken) <= most

    run(tmp_path / "data", test)


def test_it_goes_on_when_the_client_goes_away(tmp_path: Path) -> None:
    data = tmp_path / "data"

    async def test(house: House, client: httpx.AsyncClient) -> None:
        workspace = await crowded(data, client)
        deleting = asyncio.ensure_future(client.delete(f"{WORKSPACES}/crowd", params=FORCE))
        for _ in range(10_000):
            if (await client.get(f"{WORKSPACES}/crowd")).status_code == 404:
                break
            await asyncio.sleep(0)
        deleting.cancel()
        await until_gone(data, workspace)

    run(data, test)


def test_what_is_left_when_it_is_broken_off_is_seen_by_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def test(house: House, client: httpx.AsyncClient) -> None:
        workspace = await deleted_in_part(house.settings.data, client)
        for part in ("models", "secrets", "members", "audit", "openai/v1/models"):
            assert (await client.get(f"/api/v2/workspaces/{workspace}/{part}")).status_code == 404
        assert (await client.delete(f"{WORKSPACES}/crowd", params=FORCE)).status_code == 404
        again = (await client.post(WORKSPACES, json={"name": "crowd"})).json()["workspace_id"]
        models = await client.get(f"/api/v2/workspaces/{again}/models", params={"origin": "WORKSPACE"})
        assert (again != str(workspace), models.json()["total"]) == (True, 0)

    caplog.set_level(logging.WARNING, "haymow.server.access.remains")
    run(tmp_path / "data", test)
    assert "what is left of a deleted workspace is taken away later" in caplog.text


def test_its_models_keep_no_secret_of_the_organization_from_being_deleted(tmp_path: Path) -> None:
    async def test(house: House, client: httpx.AsyncClient) -> None:
        secret = {"name": "OPENAI_API_KEY", "secret": "sk-of-the-organization"}
        made = f"/api/v2/secrets/{(await client.post('/api/v2/secrets', json=secret)).json()['secret_id']}"
        await crowded(house.settings.data, client)
        assert (await client.delete(made)).status_code == 409
        with looking.without(house.settings.data, "revisions"):
            assert (await client.delete(f"{WORKSPACES}/crowd", params=FORCE)).status_code == 204
        assert (await client.get(f"{made}/uses")).json()["total"] == 0
        assert (await client.delete(made)).status_code == 204

    run(tmp_path / "data", test)


def test_the_next_server_that_starts_takes_it_away(tmp_path: Path) -> None:
    data, found = tmp_path / "data", list[UUID]()

    async def break_off(house: House, client: httpx.AsyncClient) -> None:
        found.append(await deleted_in_part(data, client))

    async def start_again() -> None:
        async with open_house(databases.settings(data)):
            await until_gone(data, found[0])

    run(data, break_off)
    asyncio.run(start_again())

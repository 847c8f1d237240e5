"""How many statements the hot paths take: a query in a loop shows here before it shows in production."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import update

from haymow.server.registry.tables import models_table
from tests.conftest import definition
from tests.server.registry.inside import opened, statements
from tests.server.registry.shelf import openai_config

pytestmark = pytest.mark.embedded("elsewhere callers are forgotten when others commit, and asked for again")

Request = Callable[[httpx.AsyncClient, str, dict[str, Any]], Awaitable[httpx.Response]]


async def get(client: httpx.AsyncClient, prefix: str, model: dict[str, Any]) -> httpx.Response:
    return await client.get(f"{prefix}/models/{model['model_id']}")


async def page(client: httpx.AsyncClient, prefix: str, model: dict[str, Any]) -> httpx.Response:
    return await client.get(f"{prefix}/models")


async def connected(client: httpx.AsyncClient, prefix: str, model: dict[str, Any]) -> httpx.Response:
    return await client.get(f"{prefix}/models", params={"connected": "true"})


async def rename(client: httpx.AsyncClient, prefix: str, model: dict[str, Any]) -> httpx.Response:
    return await client.patch(f"{prefix}/models/custom/{model['model_id']}", json={"name": "renamed"})


async def redefine(client: httpx.AsyncClient, prefix: str, model: dict[str, Any]) -> httpx.Response:
    body = {"provider": "azure", "chat_generator_config": openai_config("OTHER_KEY"), "generation_kwargs": {}}
    return await client.patch(f"{prefix}/models/custom/{model['model_id']}", json=body)


async def nothing(client: httpx.AsyncClient, prefix: str, model: dict[str, Any]) -> httpx.Response:
    return await client.patch(f"{prefix}/models/custom/{model['model_id']}", json={"name": model["name"]})


async def create(client: httpx.AsyncClient, prefix: str, model: dict[str, Any]) -> httpx.Response:
    return await client.post(f"{prefix}/models/custom", json=definition("another"))


async def counted(data: Path, request: Request, models: int) -> list[str]:
    """The statements of one request, after the same caller has been seen once."""
    async with opened(data) as (house, client, prefix):
        made = await client.post(f"{prefix}/models/custom", json=definition("m"))
        for number in range(1, models):
            await client.post(f"{prefix}/models/custom", json=definition(f"m{number}"))
        await client.get(f"{prefix}/models/{made.json()['model_id']}")
        with statements(house.database) as said:
            answer = await request(client, prefix, made.json())
        assert answer.status_code in (200, 201), answer.text
        return said


@pytest.mark.parametrize(
    ("request_", "most"), [(get, 2), (page, 3), (connected, 5), (rename, 5), (redefine, 7), (nothing, 3), (create, 6)]
)
def test_a_request_takes_so_many_statements_at_most(tmp_path: Path, request_: Request, most: int) -> None:
    said = asyncio.run(counted(tmp_path / "data", request_, 1))
    assert len(said) <= most, said


@pytest.mark.parametrize("request_", [get, page, connected, rename])
def test_they_do_not_grow_with_the_number_of_models(tmp_path: Path, request_: Request) -> None:
    few = asyncio.run(counted(tmp_path / "few", request_, 1))
    many = asyncio.run(counted(tmp_path / "many", request_, 30))
    assert len(few) == len(many)


async def by_nobody(data: Path) -> list[str]:
    """The statements of a list whose models were last changed by somebody who is not there any more."""
    async with opened(data) as (house, client, prefix):
        for number in range(5):
            await client.post(f"{prefix}/models/custom", json=definition(f"m{number}"))
        await house.database.write(lambda c: c.execute(update(models_table).values(updated_by=uuid4())).rowcount)
        with statements(house.database) as said:
            listed = await page(client, prefix, {})
        assert [model["last_updated_by"] for model in listed.json()["data"]] == [None] * 5
        return said


def test_a_list_looks_once_for_people_who_are_not_there(tmp_path: Path) -> None:
    said = asyncio.run(by_nobody(tmp_path / "data"))
    assert len([statement for statement in said if "FROM users" in statement]) == 1


def test_an_update_that_leaves_the_name_leaves_its_index(tmp_path: Path) -> None:
    """SQLite writes an index's entry anew when a statement names one of its columns, whether it changes or not."""
    said = asyncio.run(counted(tmp_path / "data", redefine, 1))
    update = next(statement for statement in said if statement.startswith("UPDATE models"))
    assert "name" not in update.partition("WHERE")[0]
    assert "deleted_at" not in update.partition("WHERE")[0]

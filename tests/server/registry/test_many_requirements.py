"""`connected=` where every model asks for something else: as many as one likes, in two statements' worth of time."""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, Engine, event, select

from haymow.server.app import House
from haymow.server.registry import store
from haymow.server.registry.tables import models_table
from tests.conftest import definition
from tests.server.registry.inside import opened
from tests.server.registry.shelf import openai_config

MANY = 3000
FEW_VARIABLES = 999
"""As many as SQLite took in one statement for most of its life; today's limits are a build's own."""


@pytest.fixture(autouse=True)
def few_variables() -> Iterator[None]:
    """Every database of these tests refuses statements of many variables."""

    def limit(connection: Any, _record: Any) -> None:
        if isinstance(connection, sqlite3.Connection):  # PostgreSQL's limit is 65,535, and its own
            connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, FEW_VARIABLES)

    event.listen(Engine, "connect", limit)
    yield
    event.remove(Engine, "connect", limit)


async def stocked(house: House, client: httpx.AsyncClient, prefix: str) -> None:
    """Models that each name a secret of their own; every other one of the first hundred secrets is there."""
    made = await client.post(f"{prefix}/models/custom", json=definition("m", chat_generator_config=openai_config("K")))
    workspace_id, model_id = uuid.UUID(prefix.rpartition("/")[2]), uuid.UUID(made.json()["model_id"])

    def add(connection: Connection) -> None:
        model = store.load(connection, workspace_id, model_id)
        assert model is not None
        organization_id = connection.execute(select(models_table.c.organization_id)).scalar_one()
        for number in range(MANY):
            old = model.definition
            new = old._replace(
                name=f"m {number:05}",
                needs=((f"KEY_{number}",),),
                uses=(f"KEY_{number}",),
            )
            one = model._replace(model_id=uuid.uuid4(), definition=new)
            store.add(connection, one, organization_id)

    await house.database.write(add, long=True)
    for number in range(0, 100, 2):
        body = {"name": f"KEY_{number}", "secret": "sk-1", "hosts": ["api.openai.com"]}
        assert (await client.post(f"{prefix}/secrets", json=body)).status_code == 201


def test_pages_have_whom_they_should_and_count_them_all(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as (house, client, prefix):
            await stocked(house, client, prefix)

            async def page(**query: Any) -> tuple[list[str], int, bool]:
                answer = await client.get(f"{prefix}/models", params=query)
                assert answer.status_code == 200, answer.text
                content = answer.json()
                return [model["name"] for model in content["data"]], content["total"], content["has_more"]

            there = [f"m {number:05}" for number in range(0, 100, 2)]
            assert await page(connected="true", limit=100) == (there, 50, False)
            assert await page(connected="true", limit=20, page_number=3) == (there[40:], 50, False)
            names, total, more = await page(connected="false", limit=2, sort="-name")
            assert (names, total, more) == ([f"m {MANY - 1:05}", f"m {MANY - 2:05}"], MANY - 50 + 1, True)

    asyncio.run(asyncio.wait_for(story(), 120))

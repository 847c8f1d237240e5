"""The platform's models: put there by haymow, seen from everywhere, hidden by nearer ones, changed by nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from haymow.errors import Invalid
from haymow.server.app import House
from haymow.server.registry.proposals import Change
from tests.conftest import definition
from tests.server.registry.inside import opened
from tests.server.registry.shelf import GONE, openai_config

ID, OTHER_ID = UUID(int=501), UUID(int=502)
SHIPPED = Change("shipped", "openai", openai_config(), {})

Story = Callable[[House, httpx.AsyncClient, str], Awaitable[None]]


def told(data: Path, story: Story) -> None:
    """Run a story in a haymow that ships one model."""

    async def run() -> None:
        async with opened(data) as (house, client, prefix):
            await house.platform.put({ID: SHIPPED})
            await story(house, client, prefix)

    asyncio.run(run())


async def listed(client: httpx.AsyncClient, prefix: str, **parameters: Any) -> list[tuple[str, str]]:
    answer = await client.get(f"{prefix}/models", params=parameters)
    return [(model["name"], model["origin"]) for model in answer.json()["data"]]


def test_they_have_no_times_and_no_users(tmp_path: Path) -> None:
    async def story(house: House, client: httpx.AsyncClient, prefix: str) -> None:
        found = await client.get(f"{prefix}/models/{ID}")
        assert found.status_code == 200
        model = found.json()
        assert (model["origin"], model["name"], model["connected"]) == ("PLATFORM", "shipped", False)
        for field in ("created_by", "last_updated_by", "created_at", "updated_at"):
            assert model[field] is None
        assert found.headers["etag"]

    told(tmp_path, story)


def test_a_workspaces_hides_the_organizations_and_that_one_the_platforms(tmp_path: Path) -> None:
    async def story(house: House, client: httpx.AsyncClient, prefix: str) -> None:
        assert await listed(client, prefix) == [("shipped", "PLATFORM")]
        await client.post("/api/v2/models/custom", json=definition("Shipped"))
        assert await listed(client, prefix) == [("Shipped", "ORGANIZATION")]
        assert await listed(client, "/api/v2") == [("Shipped", "ORGANIZATION")]
        await client.post(f"{prefix}/models/custom", json=definition("SHIPPED"))
        assert await listed(client, prefix) == [("SHIPPED", "WORKSPACE")]
        assert await listed(client, "/api/v2") == [("Shipped", "ORGANIZATION")]
        assert await listed(client, prefix, include_shadowed=True) == [
            ("SHIPPED", "WORKSPACE"), ("Shipped", "ORGANIZATION"), ("shipped", "PLATFORM")
        ]  # fmt: skip
        assert await listed(client, prefix, origin="PLATFORM") == []

    told(tmp_path, story)


def test_nobody_changes_them(tmp_path: Path) -> None:
    async def story(house: House, client: httpx.AsyncClient, prefix: str) -> None:
        before = (await client.get(f"{prefix}/models/{ID}")).json()
        for where in (prefix, "/api/v2"):
            one = f"{where}/models/custom/{ID}"
            for answer in (
                await client.patch(one, json={"name": "mine"}),
                await client.delete(one),
                await client.post(f"{where}/models/{ID}/revisions/1/restore"),
                await client.post(f"{where}/models/validate", json={"model_id": str(ID), "name": "mine"}),
            ):
                assert answer.status_code == 404, answer.request
        assert (await client.delete(f"{prefix}/models/custom/{ID}")).json()["detail"] == GONE
        assert (await client.get(f"{prefix}/models/{ID}")).json() == before

    told(tmp_path, story)


def test_a_secret_of_each_workspace_connects_them_there(tmp_path: Path) -> None:
    async def story(house: House, client: httpx.AsyncClient, prefix: str) -> None:
        await client.post(f"{prefix}/secrets", json={"name": "OPENAI_API_KEY", "secret": "sk-live-1"})
        assert (await client.get(f"{prefix}/models/{ID}")).json()["connected"] is True
        assert (await client.get(f"/api/v2/models/{ID}")).json()["connected"] is False

    told(tmp_path, story)


def test_another_start_with_the_same_models_leaves_them_untouched(tmp_path: Path) -> None:
    async def story(house: House, client: httpx.AsyncClient, prefix: str) -> None:
        etag = (await client.get(f"{prefix}/models/{ID}")).headers["etag"]
        await house.platform.put({ID: SHIPPED})
        assert (await client.get(f"{prefix}/models/{ID}")).headers["etag"] == etag

    told(tmp_path, story)


def test_a_start_with_others_changes_adds_and_takes_away(tmp_path: Path) -> None:
    async def story(house: House, client: httpx.AsyncClient, prefix: str) -> None:
        etag = (await client.get(f"{prefix}/models/{ID}")).headers["etag"]
        renamed = Change("renamed", "openai", openai_config(), {})
        await house.platform.put({ID: renamed, OTHER_ID: SHIPPED})
        assert await listed(client, prefix) == [("renamed", "PLATFORM"), ("shipped", "PLATFORM")]
        assert (await client.get(f"{prefix}/models/{ID}")).headers["etag"] != etag
        await house.platform.put({})
        assert await listed(client, prefix, include_shadowed=True) == []

    told(tmp_path, story)


def test_what_is_shipped_is_checked_like_anything_else(tmp_path: Path) -> None:
    async def story(house: House, client: httpx.AsyncClient, prefix: str) -> None:
        with pytest.raises(Invalid):
            await house.platform.put({ID: Change("bad ", "openai", openai_config(), {})})
        assert await listed(client, prefix) == [("shipped", "PLATFORM")]

    told(tmp_path, story)

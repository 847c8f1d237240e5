"""haymow in this process: its rooms and its whole HTTP application, without a socket between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx

from haymow.egress import allowances
from haymow.server.app import House, open_house
from haymow.server.database import Database
from tests import databases


@asynccontextmanager
async def opened(data: Path, allowed: str = "") -> AsyncIterator[tuple[House, httpx.AsyncClient, str]]:
    """A house, its administrator's client, and the path of the workspace `default`; models may call `allowed`."""
    async with open_house(replace(databases.settings(data), egress_allow=allowances(allowed))) as house:
        token = await house.tokens.start("first start")
        transport = httpx.ASGITransport(house.app)
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://haymow", headers=headers) as client:
            found = await client.get("/api/v1/workspaces/default")
            yield house, client, f"/api/v2/workspaces/{found.json()['workspace_id']}"


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The SQL that SQLite runs while the block does, in whatever thread, but for what begins and ends transactions."""
    said: list[str] = []
    runners = (database._glancer, database._scanner, database._writer._runner)
    for runner in runners:
        runner._raw.set_trace_callback(lambda sql: said.append(sql) if sql.split()[0] in _COUNTED else None)
    try:
        yield said
    finally:
        for runner in runners:
            runner._raw.set_trace_callback(None)


_COUNTED = {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}

"""haymow in this process: its rooms and its whole HTTP application, without a socket between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine, event

from haymow.server.app import House, open_house
from haymow.server.settings import Settings


@asynccontextmanager
async def opened(data: Path) -> AsyncIterator[tuple[House, httpx.AsyncClient, str]]:
    """A house, its administrator's client, and the path of the workspace `default`."""
    async with open_house(Settings(data=data)) as house:
        token = await house.tokens.start("first start")
        transport = httpx.ASGITransport(house.app)
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://haymow", headers=headers) as client:
            found = await client.get("/api/v1/workspaces/default")
            yield house, client, f"/api/v2/workspaces/{found.json()['workspace_id']}"


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL that runs while the block does, in whatever thread."""
    said: list[str] = []

    def listen(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", listen)

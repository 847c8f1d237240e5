"""haymow in this process: its rooms and its whole HTTP application, without a socket between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from psycopg import AsyncCursor

from haymow.egress import allowances
from haymow.server.app import House, open_house
from haymow.server.database import Database
from haymow.server.database.embedded import SqliteDatabase
from haymow.server.database.line import Line
from haymow.server.database.watched import WatchedDatabase
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
    """The SQL that the driver is given while the block runs, in whatever thread, without what frames transactions."""
    said: list[str] = []

    def hear(sql: str) -> None:
        if sql.split()[0] in _COUNTED and not any(word in sql for word in _OF_NEWS):
            said.append(sql)

    own = database.database if isinstance(database, WatchedDatabase) else database
    with _on_sqlite(own, hear) if isinstance(own, SqliteDatabase) else _on_postgresql(hear):
        yield said


@contextmanager
def _on_sqlite(database: SqliteDatabase, hear: Callable[[str], None]) -> Iterator[None]:
    runners: Any = (database._glancer, database._scanner, database._writer._runner)
    for runner in runners:
        runner._raw.set_trace_callback(hear)
    yield
    for runner in runners:
        runner._raw.set_trace_callback(None)


@contextmanager
def _on_postgresql(hear: Callable[[str], None]) -> Iterator[None]:
    """A statement goes out through one of two methods: haymow's line, and psycopg's cursor for SQLAlchemy."""
    own: list[tuple[Any, str, Any]] = [(Line, "send", Line.send), (AsyncCursor, "execute", AsyncCursor.execute)]

    def heard(method: Any) -> Any:
        def call(self: Any, sql: Any, *arguments: Any, **options: Any) -> Any:
            hear(str(sql))
            return method(self, sql, *arguments, **options)

        return call

    for owner, name, method in own:
        setattr(owner, name, heard(method))
    try:
        yield
    finally:
        for owner, name, method in own:
            setattr(owner, name, method)


_OF_NEWS = ("pg_notify", "max(audit.number)", "FILTER (WHERE audit.number")
"""What servers tell each other and look for goes on meanwhile, whatever the block does."""
_COUNTED = {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}

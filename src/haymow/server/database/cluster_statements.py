"""PostgreSQL's driver where haymow traces: its cursors tell of each statement, whoever wrote and executes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from psycopg import AsyncCursor

from haymow.server.telemetry.statements import Whose, statement


class TracedCursor(AsyncCursor[Any]):
    """A cursor, for psycopg's `cursor_factory`."""

    async def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
        """See psycopg."""
        with statement(str(query), self._whose):
            return await super().execute(query, params, **more)

    async def executemany(self, query: Any, params_seq: Iterable[Any], **more: Any) -> None:
        """See psycopg."""
        with statement(str(query), self._whose):
            await super().executemany(query, params_seq, **more)

    def _whose(self) -> Whose:
        found = self.connection.info
        return {
            "db.system.name": "postgresql",
            "db.namespace": found.dbname,
            "server.address": found.host,
            "server.port": found.port,
        }

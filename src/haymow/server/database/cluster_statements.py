"""PostgreSQL's driver where haymow traces: it tells of each statement, whoever wrote and executes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import AsyncCursor

from haymow.server.database.line import Line, Statement
from haymow.server.telemetry.statements import Whose, statement, unit_span


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
        return _whose(self.connection)


class TracedLine(Line):
    """A line that waits for each statement on its own, so that its span is as long as it took."""

    def __init__(self, driver: Any) -> None:
        super().__init__(driver)
        self._driver = driver
        self._unit = unit_span()

    def begin(self, sql: str) -> None:
        """See `Line`."""
        super().begin(sql)
        self._unit = None

    def note(self, sql: str) -> None:
        """See `Line`."""
        super().note(sql)
        self._unit = unit_span() or self._unit

    def send(self, sql: str, values: Sequence[Any]) -> Statement:
        """See `Line`."""
        unit = self._unit if sql == "COMMIT" else None  # which comes when the unit is over
        with statement(sql, lambda: _whose(self._driver), unit):
            sent = super().send(sql, values)
            super().wait()
            return sent

    def wait(self) -> None:
        """See `Line`; nothing is left to wait for, but perhaps a transaction's beginning."""
        if self._sent:
            super().wait()


def _whose(driver: Any) -> Whose:
    found = driver.info
    return {
        "db.system.name": "postgresql",
        "db.namespace": found.dbname,
        "server.address": found.host,
        "server.port": found.port,
    }

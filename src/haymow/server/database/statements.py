"""SQLite's driver where haymow traces: its cursors tell of each statement, whoever wrote and executes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, Final

from haymow.server.telemetry.statements import Whose, statement

_SQLITE: Final[Whose] = {"db.system.name": "sqlite"}


def _whose() -> Whose:
    return _SQLITE


class _TracedCursor(sqlite3.Cursor):
    def execute(self, sql: str, parameters: Any = (), /) -> _TracedCursor:
        with statement(sql, _whose):
            super().execute(sql, parameters)
        return self

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> _TracedCursor:
        with statement(sql, _whose):
            super().executemany(sql, parameters)
        return self


class TracedConnection(sqlite3.Connection):
    """A connection that gives no other cursors."""

    def cursor(self, factory: Any = None) -> Any:
        """A cursor."""
        return super().cursor(_TracedCursor)

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        """A cursor that has executed `sql`: SQLite's own `execute` asks a cursor for nothing that a class may say."""
        return self.cursor().execute(sql, parameters)

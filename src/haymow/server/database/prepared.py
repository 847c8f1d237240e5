"""Statements of the hot path: written, typed and compiled by SQLAlchemy Core once, then handed to the driver.

Core spends 20 microseconds and more on executing a statement that it has compiled before, twice what
SQLite needs for the work itself, and an update has five of them (docs/adr/0006).
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Delete, Dialect, Insert, SelectBase, Update, Uuid
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine
from sqlalchemy.util import await_only

Process = Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement in a dialect's words, with what it does to each parameter and to some columns of a row, by place."""

    sql: str
    positional: bool
    parameters: tuple[tuple[str, Process], ...]
    columns: tuple[tuple[int, Callable[[Any], Any]], ...]
    row: Callable[..., Any]

    def bound(self, values: Mapping[str, Any]) -> Any:
        if self.positional:
            return [values[name] if process is None else process(values[name]) for name, process in self.parameters]
        return {name: values[name] if process is None else process(values[name]) for name, process in self.parameters}

    def read(self, raw: Any) -> Any:
        values = list(raw)
        for place, process in self.columns:
            if values[place] is not None:  # NULL is None, whatever the type
                values[place] = process(values[place])
        return self.row(*values)


class Prepared:
    """A statement whose parameters all have names and types; `IN` lists of any length are not for it.

    Errors are SQLAlchemy's, without the parameters.
    """

    def __init__(self, statement: SelectBase | Insert | Update | Delete) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The first row, its columns as attributes, or None."""
        compiled = self._for(connection)
        raw = executed(connection, compiled.sql, compiled.bound(values)).fetchone()
        return None if raw is None else compiled.read(raw)

    def all(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Every row."""
        compiled = self._for(connection)
        rows = executed(connection, compiled.sql, compiled.bound(values)).fetchall()
        return [compiled.read(raw) for raw in rows]

    def run(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Execute what gives no rows; how many rows it touched."""
        compiled = self._for(connection)
        touched: int = executed(connection, compiled.sql, compiled.bound(values)).rowcount
        return touched

    def _for(self, connection: Connection) -> _Compiled:
        return self._compiled.get(connection.dialect.name) or self._compile(connection)

    def _compile(self, connection: Connection) -> _Compiled:
        dialect = connection.dialect
        found: Any = self._statement.compile(dialect=dialect)
        columns = list(self._statement.selected_columns) if isinstance(self._statement, SelectBase) else []
        processes = [_result_processor(column.type, dialect) for column in columns]
        compiled = _Compiled(
            sql=str(found),
            positional=found.positional,
            parameters=tuple(
                (name, found.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
                for name in (found.positiontup if found.positional else found.binds)
            ),
            columns=tuple((place, process) for place, process in enumerate(processes) if process is not None),
            row=namedtuple("Row", [str(column.key) for column in columns]),
        )
        return self._compiled.setdefault(dialect.name, compiled)


def executed(connection: Connection, sql: str, bound: Any) -> Any:
    """The driver's cursor, after it has executed `sql`; it is good until the connection executes the next statement."""
    try:
        if connection.dialect.is_async:
            return _awaited(connection, sql, bound)
        driver: Any = connection.connection.driver_connection
        return driver.execute(sql, bound)
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance(sql, None, error, type(error), hide_parameters=True) from error


class _Awaiting:
    """A cursor that is waited for in a greenlet of SQLAlchemy's; a connection keeps one, for to make one takes long."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def execute(self, sql: str, bound: Any) -> None:
        await_only(self._cursor.execute(sql, bound))

    def fetchone(self) -> Any:
        return await_only(self._cursor.fetchone())

    def fetchall(self) -> Any:
        return await_only(self._cursor.fetchall())

    @property
    def rowcount(self) -> int:
        return int(self._cursor.rowcount)

    @property
    def said(self) -> str:
        """What the server says it has done."""
        return str(self._cursor.statusmessage)


def _awaited(connection: Connection, sql: str, bound: Any) -> _Awaiting:
    lent: Any = connection.connection
    kept: _Awaiting | None = lent.info.get(_Awaiting)
    if kept is None:
        kept = lent.info[_Awaiting] = _Awaiting(lent.driver_connection.cursor())
    kept.execute(sql, bound)
    return kept


def _result_processor(kind: TypeEngine[Any], dialect: Dialect) -> Process:
    process: Process = kind.dialect_impl(dialect).result_processor(dialect, None)
    return _uuid_of if process and isinstance(kind, Uuid) else process


# Making a UUID takes longer than finding its row, and the same scopes and people come with most rows.
_uuid_of = lru_cache(maxsize=8192)(UUID)

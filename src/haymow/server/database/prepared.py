"""Statements of the hot path: written, typed and compiled by SQLAlchemy Core once, then handed to the driver.

Core spends 20 microseconds and more on executing a statement that it has compiled before, twice what
SQLite needs for the work itself, and an update has five of them (docs/adr/0006).
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Delete, Dialect, Insert, SelectBase, Update, Uuid
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.types import TypeEngine

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

    def first_before(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """`first`, in a unit that has executed nothing yet: where a transaction is to begin, before it does.

        What is read so may be changed by others until then, and keeps none of them waiting.
        """
        compiled = self._for(connection)
        raw = executed(connection, compiled.sql, compiled.bound(values), before=True).fetchone()
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

    def running(self, connection: Connection, values: Mapping[str, Any]) -> Callable[[], int]:
        """Begin to execute what gives no rows. How many it touched, when that is called; others may be executed before.

        It is over with the next statement that is asked for something, or the commit, which fails as it fails.
        """
        compiled = self._for(connection)
        bound = compiled.bound(values)
        line = line_of(connection)
        if line is not None:
            sent = line.send(compiled.sql, bound)
            return lambda: int(sent.rowcount)
        touched: int = executed(connection, compiled.sql, bound).rowcount
        return lambda: touched

    def _for(self, connection: Connection) -> _Compiled:
        return self._compiled.get(connection.dialect.driver) or self._compile(connection)

    def _compile(self, connection: Connection) -> _Compiled:
        dialect: Any = connection.dialect
        if dialect.is_async:  # what libpq itself takes
            dialect = type(dialect)(paramstyle="numeric_dollar")
        found: Any = self._statement.compile(dialect=dialect)
        columns = list(self._statement.selected_columns) if isinstance(self._statement, SelectBase) else []
        processes = [_result_processor(column.type, dialect) for column in columns]
        compiled = _Compiled(
            sql=str(found),
            positional=found.positional,
            parameters=tuple(
                (name, _bind_processor(found.binds[name].type, dialect))
                for name in (found.positiontup if found.positional else found.binds)
            ),
            columns=tuple((place, process) for place, process in enumerate(processes) if process is not None),
            row=namedtuple("Row", [str(column.key) for column in columns]),
        )
        return self._compiled.setdefault(dialect.driver, compiled)


LINE: Final = "haymow_line"
"""The execution option of a connection that is waited for in a greenlet: what statements are sent on."""


def line_of(connection: Connection) -> Any:
    """What statements are sent on, or None where the driver's cursors execute them."""
    return connection.get_execution_options().get(LINE)


def executed(connection: Connection, sql: str, bound: Any, *, before: bool = False) -> Any:
    """The driver's cursor, after it has executed `sql`; it is good until the connection executes the next statement.

    `before` a transaction that is to begin, where it has not yet.
    """
    line = line_of(connection)
    if line is not None:
        return line.look(sql, bound) if before else line.execute(sql, bound)
    driver: Any = connection.connection.driver_connection
    try:
        return driver.execute(sql, bound)
    except connection.dialect.loaded_dbapi.Error as error:
        raise failure(error, sql) from error


def failure(error: Exception, sql: str) -> StatementError:
    """SQLAlchemy's word for an error of the driver's."""
    return DBAPIError.instance(sql, None, error, type(error), hide_parameters=True)


def _bind_processor(kind: TypeEngine[Any], dialect: Dialect) -> Process:
    process: Process = kind.dialect_impl(dialect).bind_processor(dialect)
    return _text_of_uuid if process is None and isinstance(kind, Uuid) else process


def _text_of_uuid(value: UUID | None) -> str | None:
    return None if value is None else f"{value.int:032x}"  # psycopg's own way to the same text is twice as long


def _result_processor(kind: TypeEngine[Any], dialect: Dialect) -> Process:
    process: Process = kind.dialect_impl(dialect).result_processor(dialect, None)
    return _uuid_of if process and isinstance(kind, Uuid) else process


# Making a UUID takes longer than finding its row, and the same scopes and people come with most rows.
_uuid_of = lru_cache(maxsize=8192)(UUID)

"""Statements of the hot path: written, typed and compiled by SQLAlchemy Core once, then handed to the driver.

Core spends 20 microseconds and more on executing a statement that it has compiled before, twice what
SQLite needs for the work itself, and an update has five of them (docs/adr/0006).
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Delete, Insert, Select, Update
from sqlalchemy.exc import DBAPIError

Process = Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement in a dialect's words, with what it does to each parameter and to each column of a row."""

    sql: str
    positional: bool
    parameters: tuple[tuple[str, Process], ...]
    columns: tuple[Process, ...]
    row: Callable[..., Any]

    def bound(self, values: Mapping[str, Any]) -> Any:
        if self.positional:
            return [values[name] if process is None else process(values[name]) for name, process in self.parameters]
        return {name: values[name] if process is None else process(values[name]) for name, process in self.parameters}

    def read(self, raw: Any) -> Any:
        pairs = zip(self.columns, raw, strict=True)
        return self.row(*[value if process is None else process(value) for process, value in pairs])


class Prepared:
    """A statement whose parameters all have names and types; `IN` lists of any length are not for it.

    Errors are SQLAlchemy's, without the parameters.
    """

    def __init__(self, statement: Select[Any] | Insert | Update | Delete) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The first row, its columns as attributes, or None."""
        compiled, cursor = self._executed(connection, values)
        raw = cursor.fetchone()
        cursor.close()
        return None if raw is None else compiled.read(raw)

    def all(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Every row."""
        compiled, cursor = self._executed(connection, values)
        rows = cursor.fetchall()
        cursor.close()
        return [compiled.read(raw) for raw in rows]

    def run(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Execute what gives no rows; how many rows it touched."""
        _, cursor = self._executed(connection, values)
        touched: int = cursor.rowcount
        cursor.close()
        return touched

    def _executed(self, connection: Connection, values: Mapping[str, Any]) -> tuple[_Compiled, Any]:
        compiled = self._compiled.get(connection.dialect.name) or self._compile(connection)
        cursor = connection.connection.cursor()
        error_type = connection.dialect.loaded_dbapi.Error
        try:
            cursor.execute(compiled.sql, compiled.bound(values))
        except error_type as error:
            cursor.close()
            raise DBAPIError.instance(compiled.sql, None, error, error_type, hide_parameters=True) from error
        return compiled, cursor

    def _compile(self, connection: Connection) -> _Compiled:
        dialect = connection.dialect
        found: Any = self._statement.compile(dialect=dialect)
        columns = list(self._statement.selected_columns) if isinstance(self._statement, Select) else []
        compiled = _Compiled(
            sql=str(found),
            positional=found.positional,
            parameters=tuple(
                (name, found.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
                for name in (found.positiontup if found.positional else found.binds)
            ),
            columns=tuple(column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns),
            row=namedtuple("Row", [str(column.key) for column in columns]),
        )
        return self._compiled.setdefault(dialect.name, compiled)

"""Reading every row of a database in one snapshot, and filling an empty one in one transaction.

Rows go through in portions, so that memory does not grow with their number.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Select, Table, func, insert, literal, select

from haymow.errors import CommandFailed
from haymow.server.database import schema
from haymow.server.database.places import Place, changing, require_no_rows
from haymow.server.database.rows import Digest, Shape, line_of

log = logging.getLogger(__name__)

PORTION: Final = 500
"""Rows in memory at a time; the largest that a definition can be is 1 MiB."""

Tell = Callable[[str, int], None]
"""Hears of a portion: the table's name and how many rows."""


def lines_of(connection: Connection, table: Table) -> Iterator[list[bytes]]:
    """Every row, in portions, those first that others of the table name. `table` is as a room declares it."""
    yield from _portions(connection, _parents_first(table))


def _parents_first(table: Table) -> Select[Any]:
    """A row may name another of its table, which has to be there before it: they come by generations."""
    key = list(table.primary_key.columns)
    own = [constraint for constraint in table.foreign_key_constraints if constraint.referred_table is table]
    if not own:
        return select(table)
    (link,) = own
    pairs = [(element.parent, element.column) for element in link.elements]
    first = select(*key, literal(0).label("generation")).where(*(child.is_(None) for child, _ in pairs))
    known = first.cte("generations", recursive=True)
    to_parent = [child == known.c[parent.name] for child, parent in pairs]
    known = known.union_all(select(*key, known.c.generation + 1).join(known, _all(to_parent)))
    to_row = _all([column == known.c[column.name] for column in key])
    return select(table).join(known, to_row).order_by(known.c.generation)


def _all(conditions: list[Any]) -> Any:
    (condition, *more) = conditions
    for one in more:
        condition = condition & one
    return condition


def _portions(connection: Connection, query: Select[Any]) -> Iterator[list[bytes]]:
    result = connection.execute(query.execution_options(stream_results=True, yield_per=PORTION))
    for rows in result.partitions():
        yield [line_of(row) for row in rows]


class Filling:
    """An empty database, while it is filled."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tables: dict[str, Table] = {}

    def insert(self, shape: Shape, lines: Iterable[bytes]) -> None:
        """Add rows."""
        table = self._tables.setdefault(shape.name, shape.table())
        if values := shape.values(lines):
            self._connection.execute(insert(table), values)

    def digest(self, shape: Shape, tell: Tell) -> Digest:
        """What is there now of a table, read back."""
        found, table = Digest(), self._tables.setdefault(shape.name, shape.table())
        for lines in _portions(self._connection, select(table)):
            for line in lines:
                found.add(line)
            tell(shape.name, len(lines))
        return found

    def number_on(self, shape: Shape) -> None:
        """Let serial numbers go on above those that are there."""
        if self._connection.dialect.name == "sqlite":
            return  # a number is given above the highest, whoever put that there
        for name, kind in shape.columns:
            if kind == "integer" and (sequence := self._sequence(shape.name, name)):
                highest = self._connection.execute(select(func.max(shape.table().c[name]))).scalar_one()
                if highest is not None:
                    self._connection.execute(select(func.setval(sequence, highest)))

    def _sequence(self, table: str, column: str) -> str | None:
        found: str | None = self._connection.execute(select(func.pg_get_serial_sequence(table, column))).scalar_one()
        return found


@contextmanager
def filling(place: Place, revision: str) -> Iterator[Filling]:
    """Fill the empty database at `place`, in one transaction, which is committed when the block ends without an error.

    Its tables are those of `revision`, and brought to this haymow's before that. Raises CommandFailed when the
    database is not empty, StartFailed.
    """
    with changing(place) as connection, _alone(connection):
        _require_known(connection, place)
        schema.upgrade(connection, "The backup", revision)
        sqlite = connection.dialect.name == "sqlite"
        connection.exec_driver_sql("BEGIN IMMEDIATE" if sqlite else "BEGIN ISOLATION LEVEL SERIALIZABLE")
        _require_empty(connection, place, revision)
        yield Filling(connection)
        if revision != schema.HEAD:
            schema.make_steps(connection, log.debug)
        connection.exec_driver_sql("COMMIT")


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Let no server start on a database while it is filled; of a file, the data folder's lock does that."""
    if connection.dialect.name == "sqlite":
        yield
    else:
        from haymow.server.database.cluster_schema import alone  # noqa: PLC0415 - an extra

        with alone(connection):
            yield


def _require_known(connection: Connection, place: Place) -> None:
    found = schema.revision_of(connection)
    if found is not None and not schema.is_known(found):
        raise CommandFailed(
            f"{place.name} has tables of a newer haymow (schema {found}, this one knows {schema.HEAD}). "
            f"Name a new one {place.by}.",
            code="not_empty",
        )


def _require_empty(connection: Connection, place: Place, revision: str) -> None:
    if schema.revision_of(connection) != revision:
        raise CommandFailed(
            f"{place.name} has tables of a newer haymow than the rows. Name a new one {place.by}.", code="not_empty"
        )
    require_no_rows(connection, place)

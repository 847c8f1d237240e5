"""Taking away many rows a few at a time, each time in a unit of work of its own that keeps nobody waiting for long."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Table, delete, select, tuple_


def delete_some(connection: Connection, table: Table, wanted: ColumnElement[bool], most: int) -> int:
    """Take away at most so many of the rows that are wanted; how many there were. Fewer than `most`: none is left."""
    if most <= 0:
        return 0
    key = table.primary_key.columns
    some = select(*key).where(wanted).limit(most)
    chosen = tuple_(*key).in_(some) if len(key) > 1 else key[0].in_(some)
    return connection.execute(delete(table).where(chosen)).rowcount


def delete_scope(connection: Connection, tables: Sequence[Table], scope_id: UUID, most: int) -> int:
    """Take away at most so many of a scope's rows, of all of these tables together, those of the first one first."""
    taken = 0
    for table in tables:
        taken += delete_some(connection, table, table.c.scope_id == scope_id, most - taken)
    return taken

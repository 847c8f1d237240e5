"""SQL of receipts."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, tuple_, type_coerce, update

from haymow.server.database import UtcDateTime, delete_some
from haymow.server.receipts.rules import Asked, Standing
from haymow.server.receipts.tables import receipts_table

_r = receipts_table.c
_KEY = (_r.organization_id, _r.user_id, _r.name)


def now(connection: Connection) -> datetime:
    """The database's time: the one clock that all replicas share."""
    at: datetime = connection.execute(select(type_coerce(func.current_timestamp(), UtcDateTime()))).scalar_one()
    return at


def find(connection: Connection, asked: Asked) -> Standing | None:
    query = select(_r.digest, _r.at, _r.status, _r.sealed, _r.until).where(*_of(asked))
    row = connection.execute(query).first()
    return Standing(row.digest, row.at, row.status, row.sealed, row.until) if row else None


def totals(connection: Connection, organization_id: UUID, user_id: UUID) -> tuple[int, int, datetime | None]:
    """How many a user has, of how many bytes, and when the first of them was made."""
    query = select(func.count(), func.coalesce(func.sum(_r.size), 0), type_coerce(func.min(_r.at), UtcDateTime()))
    row = connection.execute(query.where(_r.organization_id == organization_id, _r.user_id == user_id)).one()
    return row[0], int(row[1]), row[2]


def add(connection: Connection, asked: Asked, at: datetime, **values: Any) -> None:
    """A row in the place of one that counts no more. `values`: status, size, and sealed, or holder and until."""
    connection.execute(delete(receipts_table).where(*_of(asked)))
    connection.execute(
        insert(receipts_table).values(
            organization_id=asked.organization_id,
            user_id=asked.user_id,
            workspace_id=asked.workspace_id,
            name=asked.name,
            digest=asked.digest,
            at=at,
            **values,
        )
    )


def fulfil(connection: Connection, asked: Asked, holder: UUID, status: int, size: int, sealed: bytes | None) -> None:
    """Give a claim its answer, unless somebody else has it by now."""
    claim = update(receipts_table).where(*_of(asked), _r.holder == holder)
    connection.execute(claim.values(status=status, size=size, sealed=sealed, holder=None, until=None))


def release(connection: Connection, asked: Asked, holder: UUID) -> None:
    connection.execute(delete(receipts_table).where(*_of(asked), _r.holder == holder))


def renew(connection: Connection, claims: list[Asked], holder: UUID, until: datetime) -> None:
    for asked in claims:
        connection.execute(update(receipts_table).where(*_of(asked), _r.holder == holder).values(until=until))


def erase_workspace(connection: Connection, workspace_id: UUID, most: int) -> int:
    return delete_some(connection, receipts_table, _r.workspace_id == workspace_id, most)


def has_older(connection: Connection, than: datetime) -> bool:
    return connection.execute(select(_r.at).where(_r.at <= than).limit(1)).first() is not None


def erase_older(connection: Connection, than: datetime, most: int) -> int:
    """Take away the oldest; how many they were."""
    oldest = select(*_KEY).where(_r.at <= than).order_by(_r.at).limit(most)
    return connection.execute(delete(receipts_table).where(tuple_(*_KEY).in_(oldest))).rowcount


def _of(asked: Asked) -> tuple[ColumnElement[bool], ...]:
    return (_r.organization_id == asked.organization_id, _r.user_id == asked.user_id, _r.name == asked.name)

"""SQL of limits."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, tuple_, type_coerce, update

from haymow.server.database import UtcDateTime
from haymow.server.limits.rules import LEASE, Subject
from haymow.server.limits.tables import chat_limits_table, request_limits_table

_r = request_limits_table.c
_c = chat_limits_table.c


def now(connection: Connection) -> datetime:
    """The database's time: the one clock that all replicas share."""
    at: datetime = connection.execute(select(type_coerce(func.current_timestamp(), UtcDateTime()))).scalar_one()
    return at


# Requests


def full_at(connection: Connection, subject: Subject) -> datetime | None:
    """When a subject's bucket is full; None when nobody has taken of it."""
    found: datetime | None = connection.execute(select(_r.full_at).where(*_of(subject))).scalar()
    return found


def put_full_at(connection: Connection, subject: Subject, at: datetime) -> None:
    if not connection.execute(update(request_limits_table).where(*_of(subject)).values(full_at=at)).rowcount:
        connection.execute(insert(request_limits_table).values(**subject._asdict(), full_at=at))


# Chats


def chats_of_others(connection: Connection, subject: Subject, replica: UUID, at: datetime) -> int:
    """How many chats the replicas have taken for themselves that are alive, but for this one.

    An end that is further away than any lease is of another clock, of a database in whose place this one came.
    """
    query = select(func.coalesce(func.sum(_c.chats), 0)).where(
        _c.organization_id == subject.organization_id,
        _c.subject_id == subject.subject_id,
        _c.replica != replica,
        _c.until > at,
        _c.until <= at + timedelta(seconds=2 * LEASE),
    )
    return int(connection.execute(query).scalar_one())


def put_chats(connection: Connection, subject: Subject, replica: UUID, chats: int, until: datetime) -> None:
    """Say how many of a subject's chats are this replica's."""
    mine = (_c.organization_id == subject.organization_id, _c.subject_id == subject.subject_id, _c.replica == replica)
    if not chats:
        connection.execute(delete(chat_limits_table).where(*mine))
    elif not connection.execute(update(chat_limits_table).where(*mine).values(chats=chats, until=until)).rowcount:
        connection.execute(
            insert(chat_limits_table).values(**subject._asdict(), replica=replica, chats=chats, until=until)
        )


def erase_older(connection: Connection, than: datetime, most: int) -> None:
    """Take away some of what says nothing any more: full buckets, and chats of replicas that are gone."""
    full = select(_r.organization_id, _r.subject_id).where(_r.full_at < than).limit(most)
    connection.execute(delete(request_limits_table).where(tuple_(_r.organization_id, _r.subject_id).in_(full)))
    gone = select(_c.organization_id, _c.subject_id, _c.replica).where(_c.until < than).limit(most)
    connection.execute(delete(chat_limits_table).where(tuple_(_c.organization_id, _c.subject_id, _c.replica).in_(gone)))


def has_older(connection: Connection, than: datetime) -> bool:
    """Whether there is something for `erase_older`."""
    full = select(_r.full_at).where(_r.full_at < than).limit(1)
    gone = select(_c.until).where(_c.until < than).limit(1)
    return any(connection.execute(query).first() is not None for query in (full, gone))


def _of(subject: Subject) -> tuple[ColumnElement[bool], ...]:
    return (_r.organization_id == subject.organization_id, _r.subject_id == subject.subject_id)

"""SQL of the audit record: it is added to and read, never changed."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, insert, not_, or_, select

from haymow.server.audit.rules import CONTENTS, Actor, Entry, Filters, Record
from haymow.server.audit.tables import audit_table
from haymow.server.database import Counts, Prepared, server_of

_a = audit_table.c
_ADD = Prepared(  # the database numbers the records
    insert(audit_table)
    .inline()
    .values({column.name: bindparam(column.name) for column in audit_table.c if column.name != "number"})
)


def add(connection: Connection, record: Record) -> None:
    _ADD.running(
        connection,
        {
            "organization_id": record.actor.organization_id,
            "workspace_id": record.workspace_id,
            "action": record.action,
            "subject_id": record.subject_id,
            "subject_name": record.subject_name,
            "revision": record.revision,
            "changes": ",".join(record.changes),
            "user_id": record.actor.user_id,
            "token_id": record.actor.token_id,
            "source": record.actor.source,
            "at": record.at,
            "server": server_of(connection),  # servers of the version before count by it
        },
    )


def page(
    connection: Connection,
    organization_id: UUID,
    workspace_id: UUID | None,
    filters: Filters,
    before: int | None,
    after: int | None,
    limit: int,
) -> list[Entry]:
    """The newest `limit` entries before the cursor, of one workspace or of the whole organization.

    `after` is the number of an entry at which looking for them ends.
    """
    wanted = [_a.organization_id == organization_id, *_before(workspace_id, before), *_filtered(filters)]
    if after is not None:
        wanted.append(_a.number > after)
    query = select(audit_table).where(*wanted).order_by(_a.number.desc()).limit(limit)
    return [_entry(row) for row in connection.execute(query)]


def number_behind(
    connection: Connection, organization_id: UUID, workspace_id: UUID | None, before: int | None, entries: int
) -> int | None:
    """The number of the entry that comes after so many before the cursor; None when there are no more than those."""
    whose = _a.organization_id == organization_id if workspace_id is None else _a.workspace_id == workspace_id
    query = select(_a.number).where(whose, *_before(None, before)).order_by(_a.number.desc()).limit(1).offset(entries)
    return connection.execute(query).scalar()


def newest(connection: Connection) -> int:
    """The newest entry's number; 0 when there is none."""
    return connection.execute(select(func.max(_a.number))).scalar_one() or 0


def counted(connection: Connection, number: int, later: int) -> tuple[Counts, Counts]:
    """The entries above a number, and above a later one."""
    is_later, is_of_rights = _a.number > later, not_(_is_of_kind(CONTENTS))
    count = func.count()
    query = select(
        count, count.filter(is_of_rights), count.filter(is_later), count.filter(is_later, is_of_rights)
    ).where(_a.number > number)
    all_, of_rights, later_all, later_of_rights = connection.execute(query).one()
    return Counts(all_, of_rights), Counts(later_all, later_of_rights)


def subjects(connection: Connection, action: str, name: str) -> set[UUID]:
    """What an action was done to under a name: every entry is looked at."""
    query = select(_a.subject_id).distinct().where(_a.action == action, _a.subject_name == name)
    return set(connection.execute(query).scalars())


def _before(workspace_id: UUID | None, before: int | None) -> list[ColumnElement[bool]]:
    wanted = [] if workspace_id is None else [_a.workspace_id == workspace_id]
    return wanted if before is None else [*wanted, _a.number < before]


def _filtered(filters: Filters) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if filters.action is not None:
        wanted.append(or_(_a.action == filters.action, _is_of_kind(filters.action)))
    if filters.user_id is not None:
        wanted.append(_a.user_id == filters.user_id)
    if filters.subject_id is not None:
        wanted.append(_a.subject_id == filters.subject_id)
    if filters.since is not None:
        wanted.append(_a.at >= filters.since)
    if filters.until is not None:
        wanted.append(_a.at < filters.until)
    return wanted


def _is_of_kind(kind: str) -> ColumnElement[bool]:
    # Not LIKE, which takes capitals for small letters on one database and not on another.
    return func.substr(_a.action, 1, len(kind) + 1) == f"{kind}."


def _entry(row: Row[tuple[object, ...]]) -> Entry:
    actor = Actor(row.organization_id, row.user_id, row.token_id, row.source)
    changes = tuple(row.changes.split(",")) if row.changes else ()
    record = Record(
        actor, row.workspace_id, row.action, row.subject_id, row.subject_name, row.at, row.revision, changes
    )
    return Entry(row.number, record)

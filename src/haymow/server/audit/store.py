"""SQL of the audit record: it is added to and read, never changed."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, insert, or_, select

from haymow.server.audit.rules import Actor, Entry, Filters, Record
from haymow.server.audit.tables import audit_table
from haymow.server.database import Prepared

_a = audit_table.c
_ADD = Prepared(  # the database numbers the records
    insert(audit_table)
    .inline()
    .values({column.name: bindparam(column.name) for column in audit_table.c if column.name != "number"})
)


def add(connection: Connection, record: Record) -> None:
    _ADD.run(
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
        },
    )


def page(
    connection: Connection,
    organization_id: UUID,
    workspace_id: UUID | None,
    filters: Filters,
    before: int | None,
    limit: int,
) -> list[Entry]:
    """The newest `limit` entries before the cursor, of one workspace or of the whole organization."""
    query = page_query(organization_id, workspace_id, filters, before)
    return [_entry(row) for row in connection.execute(query.limit(limit))]


def page_query(
    organization_id: UUID, workspace_id: UUID | None, filters: Filters, before: int | None
) -> Select[tuple[object, ...]]:
    """The entries of a workspace or of the organization are in order in its index, and looked at one after the other.

    The filters have no index of their own: it would be written with every change, to be read now and then.
    """
    wanted = [_a.organization_id == organization_id, *_filtered(filters)]
    if workspace_id is not None:
        wanted.append(_a.workspace_id == workspace_id)
    if before is not None:
        wanted.append(_a.number < before)
    return select(audit_table).where(*wanted).order_by(_a.number.desc())


def _filtered(filters: Filters) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if filters.action is not None:
        kind = filters.action + "."
        # Not LIKE, which takes capitals for small letters on one database and not on another.
        wanted.append(or_(_a.action == filters.action, func.substr(_a.action, 1, len(kind)) == kind))
    if filters.user_id is not None:
        wanted.append(_a.user_id == filters.user_id)
    if filters.subject_id is not None:
        wanted.append(_a.subject_id == filters.subject_id)
    if filters.since is not None:
        wanted.append(_a.at >= filters.since)
    if filters.until is not None:
        wanted.append(_a.at < filters.until)
    return wanted


def _entry(row: Row[tuple[object, ...]]) -> Entry:
    actor = Actor(row.organization_id, row.user_id, row.token_id, row.source)
    changes = tuple(row.changes.split(",")) if row.changes else ()
    record = Record(
        actor, row.workspace_id, row.action, row.subject_id, row.subject_name, row.at, row.revision, changes
    )
    return Entry(row.number, record)

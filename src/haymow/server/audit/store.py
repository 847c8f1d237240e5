"""SQL of the audit record: it is added to and read, never changed."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, insert, select

from haymow.server.audit.rules import Actor, Entry, Record
from haymow.server.audit.tables import audit_table
from haymow.server.database import Prepared

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
    connection: Connection, organization_id: UUID, workspace_id: UUID | None, before: int | None, limit: int
) -> list[Entry]:
    """The newest `limit` entries before the cursor, of one workspace or of the whole organization."""
    table = audit_table.c
    query = select(audit_table).where(table.organization_id == organization_id)
    if workspace_id is not None:
        query = query.where(table.workspace_id == workspace_id)
    if before is not None:
        query = query.where(table.number < before)
    return [_entry(row) for row in connection.execute(query.order_by(table.number.desc()).limit(limit))]


def _entry(row: Row[tuple[object, ...]]) -> Entry:
    actor = Actor(row.organization_id, row.user_id, row.token_id, row.source)
    changes = tuple(row.changes.split(",")) if row.changes else ()
    record = Record(
        actor, row.workspace_id, row.action, row.subject_id, row.subject_name, row.at, row.revision, changes
    )
    return Entry(row.number, record)

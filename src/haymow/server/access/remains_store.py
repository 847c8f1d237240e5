"""SQL of deleted workspaces that have still something left.

A file of its own beside `store.py`, which knows those that there are.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, delete, select

from haymow.server.access.tables import deleted_workspaces_table

_d = deleted_workspaces_table.c


def all_ids(connection: Connection) -> list[UUID]:
    """Those that were deleted first come first."""
    return list(connection.execute(select(_d.workspace_id).order_by(_d.deleted_at)).scalars())


def remove(connection: Connection, workspace_id: UUID) -> None:
    connection.execute(delete(deleted_workspaces_table).where(_d.workspace_id == workspace_id))

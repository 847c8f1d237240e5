"""SQL of what deleted workspaces and removed members have left.

A file of its own beside `store.py`, which knows those that there are.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, insert, select, union

from haymow.server.access.tables import (
    deleted_workspaces_table,
    members_table,
    removed_members_table,
    tokens_table,
    workspaces_table,
)
from haymow.server.database import delete_some

_d, _m, _r = deleted_workspaces_table.c, members_table.c, removed_members_table.c
_t, _w = tokens_table.c, workspaces_table.c
_IS_SESSION: Final = _t.parent_id.is_not(None)


def workspace_ids(connection: Connection) -> list[UUID]:
    """Also one whose note a server of the version before has removed, which knows nothing of its tokens."""
    hidden = select(_w.workspace_id).where(_w.deleted_at.is_not(None))
    return list(connection.execute(union(select(_d.workspace_id), hidden)).scalars())


def leave_workspace(connection: Connection, workspace_id: UUID, at: datetime, most: int) -> None:
    """Note that one is deleted, and take away the first of its tokens: most have no more of them."""
    connection.execute(insert(deleted_workspaces_table).values(workspace_id=workspace_id, deleted_at=at))
    taken = erase_workspace_sessions(connection, workspace_id, most)
    erase_workspace(connection, workspace_id, most - taken)


def remove_workspace_note(connection: Connection, workspace_id: UUID) -> None:
    connection.execute(delete(deleted_workspaces_table).where(_d.workspace_id == workspace_id))


def erase_workspace_sessions(connection: Connection, workspace_id: UUID, most: int) -> int:
    """Take away some of the sessions that tokens of a workspace began, which would go with these; how many."""
    return delete_some(connection, tokens_table, and_(_t.workspace_id == workspace_id, _IS_SESSION), most)


def erase_workspace(connection: Connection, workspace_id: UUID, most: int) -> int:
    """Take away some of the tokens of a deleted workspace and, after the last, its row; how many tokens.

    The row is kept for them: they refer to it, and would go with it, all in one unit of work.
    """
    taken = delete_some(connection, tokens_table, _t.workspace_id == workspace_id, most)
    if taken < most:
        row = (_w.workspace_id == workspace_id, _w.deleted_at.is_not(None))
        connection.execute(delete(workspaces_table).where(*row))
    return taken


def member_ids(connection: Connection) -> list[UUID]:
    return list(connection.execute(select(_r.user_id)).scalars())


def leave_member(connection: Connection, user_id: UUID, at: datetime, most: int) -> bool:
    """Take away the first of a removed member's tokens; True, and it is noted, when there may be more of them."""
    taken = erase_member_sessions(connection, user_id, most)
    if taken + erase_member(connection, user_id, most - taken) < most:
        return False
    remove_member_note(connection, user_id)  # there is one when a server of the version before has let them in again
    connection.execute(insert(removed_members_table).values(user_id=user_id, removed_at=at))
    return True


def is_member_noted(connection: Connection, user_id: UUID) -> bool:
    """Whether a member who was removed has something left."""
    return connection.execute(select(_r.user_id).where(_r.user_id == user_id)).first() is not None


def remove_member_note(connection: Connection, user_id: UUID) -> None:
    connection.execute(delete(removed_members_table).where(_r.user_id == user_id))


def erase_member_sessions(connection: Connection, user_id: UUID, most: int) -> int:
    """Take away some of the sessions that a removed member's tokens began, which would go with these; how many."""
    return delete_some(connection, tokens_table, and_(_of_former(user_id), _IS_SESSION), most)


def erase_member(connection: Connection, user_id: UUID, most: int) -> int:
    """Take away some of a removed member's tokens; how many."""
    return delete_some(connection, tokens_table, _of_former(user_id), most)


def _of_former(user_id: UUID) -> ColumnElement[bool]:
    """A person's tokens of organizations that they are no member of."""
    stayed = exists().where(_m.user_id == _t.user_id, _m.organization_id == _t.organization_id)
    return and_(_t.user_id == user_id, ~stayed)

"""SQL of API tokens: made, listed, revoked.

A file of its own beside `store.py`, which knows who is calling with one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, delete, exists, insert, select

from haymow.server.access.pages import Page
from haymow.server.access.rules import Kind, Role, Token, Whose
from haymow.server.access.store import WORKSPACE_IS_THERE, part
from haymow.server.access.tables import members_table, tokens_table

_m, _t = members_table.c, tokens_table.c
_OWNER_IS_THERE: Final = exists().where(_m.user_id == _t.user_id, _m.organization_id == _t.organization_id)


def add_token(
    connection: Connection, token: Token, organization_id: UUID, digest: bytes,
    kind: Kind = Kind.TOKEN, parent_id: UUID | None = None,
) -> None:  # fmt: skip
    values = {
        "kind": kind,
        "parent_id": parent_id,
        "token_id": token.token_id,
        "digest": digest,
        "prefix": token.prefix,
        "organization_id": organization_id,
        "user_id": token.user_id,
        "name": token.name,
        "role": token.role,
        "workspace_id": token.workspace_id,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
    }
    connection.execute(insert(tokens_table).values(values))


def tokens(
    connection: Connection, organization_id: UUID, whose: Whose, after: tuple[datetime, UUID] | None, limit: int
) -> Page[Token]:
    """A part of the API tokens that open something, oldest first, from behind a position in that order."""
    table = tokens_table.c
    wanted = [*_of(organization_id), _OWNER_IS_THERE, WORKSPACE_IS_THERE]
    if whose.user_id is not None:
        wanted.append(table.user_id == whose.user_id)
    if whose.workspace_id is not None:
        wanted.append(table.workspace_id == whose.workspace_id)
    found = part(connection, select(tokens_table).where(*wanted), (table.created_at, table.token_id), after, limit)
    return Page([token_of(row) for row in found.rows], found.has_more, found.total)


def token(connection: Connection, organization_id: UUID, token_id: UUID) -> Token | None:
    table = tokens_table.c
    row = connection.execute(select(tokens_table).where(*_of(organization_id), table.token_id == token_id)).first()
    return token_of(row) if row else None


def remove_token(connection: Connection, token_id: UUID) -> bool:
    return connection.execute(delete(tokens_table).where(tokens_table.c.token_id == token_id)).rowcount > 0


def token_of(row: Row[Any]) -> Token:
    """A row of the table of tokens, whatever its kind."""
    shown = (row.token_id, row.user_id, row.name, row.prefix)
    return Token(*shown, Role(row.role), row.workspace_id, row.created_at, row.expires_at)


def _of(organization_id: UUID) -> list[ColumnElement[bool]]:
    return [_t.organization_id == organization_id, _t.kind == Kind.TOKEN]

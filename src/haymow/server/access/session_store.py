"""SQL of what tokens have not: links that are used up, and what is over and may go.

A file of its own beside `store.py`, which has what sessions and tokens have in common.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, select

from haymow.server.access.rules import Kind, Token
from haymow.server.access.store import token_of
from haymow.server.access.tables import tokens_table


def take_link(connection: Connection, digest: bytes) -> tuple[UUID, Token] | None:
    """The link with this digest and its organization; it is gone afterwards."""
    table = tokens_table.c
    found = select(tokens_table).where(table.digest == digest, table.kind == Kind.LINK)
    row = connection.execute(found).first()
    if row is None:
        return None
    connection.execute(delete(tokens_table).where(table.token_id == row.token_id))
    return row.organization_id, token_of(row)


def session(connection: Connection, token_id: UUID | None) -> Token | None:
    table = tokens_table.c
    row = connection.execute(select(tokens_table).where(table.token_id == token_id, table.kind == Kind.SESSION)).first()
    return token_of(row) if row else None


def remove_links(connection: Connection, organization_id: UUID, name: str) -> None:
    table = tokens_table.c
    mine = (table.organization_id == organization_id, table.kind == Kind.LINK, table.name == name)
    connection.execute(delete(tokens_table).where(*mine))


def remove_ended(connection: Connection, now: datetime) -> None:
    """Sessions and links whose time is over: nobody lists them, so nobody else would."""
    table = tokens_table.c
    connection.execute(delete(tokens_table).where(table.kind != Kind.TOKEN, table.expires_at <= now))

"""SQL of what tokens have not: links that are used up, and what is over and may go.

A file of its own beside `token_store.py`, which has what sessions and tokens have in common.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, and_, delete, select, update

from haymow.server.access.rules import Kind, Principal, Standing, Token, require_visible
from haymow.server.access.store import organization_name, workspace
from haymow.server.access.tables import tokens_table
from haymow.server.access.token_store import token_of
from haymow.server.database import delete_some


def link(connection: Connection, digest: bytes) -> tuple[UUID, Token] | None:
    """The link with this digest and its organization, whether or not it was used."""
    table = tokens_table.c
    found = select(tokens_table).where(table.digest == digest, table.kind.in_((Kind.LINK, Kind.USED)))
    row = connection.execute(found).first()
    return (row.organization_id, token_of(row)) if row else None


def use_link(connection: Connection, link_id: UUID, known_until: datetime) -> bool:
    """Use a link up; False when it was before. Until then it is known whose it was, for a request that comes again."""
    table = tokens_table.c
    link = update(tokens_table).where(table.token_id == link_id, table.kind == Kind.LINK)
    return connection.execute(link.values(kind=Kind.USED, expires_at=known_until)).rowcount > 0


def standing(connection: Connection, principal: Principal) -> Standing:
    """What a caller is told. Raises NotFound for a token of a workspace in which its owner has no role any more."""
    organization, only = organization_name(connection, principal.organization_id), principal.only_workspace
    if only is None:
        return Standing(organization, principal.role_in_organization())
    found = workspace(connection, only)
    return Standing(organization, require_visible(principal.role_in(found) if found else None))


def session(connection: Connection, token_id: UUID | None) -> Token | None:
    table = tokens_table.c
    row = connection.execute(select(tokens_table).where(table.token_id == token_id, table.kind == Kind.SESSION)).first()
    return token_of(row) if row else None


def beyond(connection: Connection, parent_id: UUID, now: datetime, kept: int, most: int) -> list[Token]:
    """Of the sessions that a token was used to begin and that are not over, some of those older than the newest."""
    table = tokens_table.c
    begun = select(tokens_table).where(table.parent_id == parent_id, table.expires_at > now)
    older = begun.order_by(table.created_at.desc(), table.token_id).offset(kept).limit(most)
    return [token_of(row) for row in connection.execute(older)]


def remove_links(connection: Connection, organization_id: UUID, name: str) -> None:
    table = tokens_table.c
    mine = (table.organization_id == organization_id, table.kind == Kind.LINK, table.name == name)
    connection.execute(delete(tokens_table).where(*mine))


def remove_ended(connection: Connection, now: datetime, most: int) -> int:
    """Some of the sessions and links whose time is over: nobody lists them, so nobody else would; how many."""
    table = tokens_table.c
    return delete_some(connection, tokens_table, and_(table.kind != Kind.TOKEN, table.expires_at <= now), most)

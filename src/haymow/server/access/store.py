"""SQL of organizations, people, workspaces, roles and tokens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, Table, and_, case, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from haymow.errors import Conflict
from haymow.names import name_key
from haymow.server.access.rules import Kind, Member, Person, Principal, Role, Token, Workspace
from haymow.server.access.tables import (
    deleted_workspaces_table,
    members_table,
    organizations_table,
    tokens_table,
    users_table,
    workspace_members_table,
    workspaces_table,
)

EMAIL_TAKEN = "A user with this e-mail address already exists."


def first_organization(connection: Connection) -> UUID | None:
    return connection.execute(select(organizations_table.c.organization_id).limit(1)).scalar()


def organization_name(connection: Connection, organization_id: UUID) -> str:
    table = organizations_table.c
    name: str = connection.execute(select(table.name).where(table.organization_id == organization_id)).scalar_one()
    return name


def add_organization(connection: Connection, organization_id: UUID, name: str, at: datetime) -> None:
    values = {"organization_id": organization_id, "name": name, "created_at": at}
    connection.execute(insert(organizations_table).values(values))


# People


def put_person(connection: Connection, person: Person, at: datetime) -> Person:
    """Add a person, or take one back who was removed: the same id, with the names given now.

    Raises Conflict when a member has the e-mail address.
    """
    table, key = users_table.c, name_key(person.email)
    names = {"given_name": person.given_name, "family_name": person.family_name, "email": person.email}
    found = connection.execute(select(table.user_id).where(table.email_key == key)).scalar()
    if found is None:
        new = {"user_id": person.user_id, "email_key": key, "created_at": at, **names}
        try:
            connection.execute(insert(users_table).values(new))
        except IntegrityError as error:
            raise Conflict(EMAIL_TAKEN, code="email_taken") from error
        return person
    if connection.execute(select(members_table.c.role).where(members_table.c.user_id == found)).first():
        raise Conflict(EMAIL_TAKEN, code="email_taken")
    connection.execute(update(users_table).where(table.user_id == found).values(names))
    return replace(person, user_id=found)


def person(connection: Connection, organization_id: UUID, user_id: UUID) -> Person | None:
    query = _members(organization_id).where(users_table.c.user_id == user_id)
    row = connection.execute(query).first()
    return _person(row) if row else None


def people(connection: Connection, user_ids: Iterable[UUID]) -> dict[UUID, Person]:
    query = select(users_table).where(users_table.c.user_id.in_(list(user_ids)))
    return {row.user_id: _person(row) for row in connection.execute(query)}


def admins(connection: Connection, organization_id: UUID) -> list[Member]:
    """The organization's administrators, the first one first."""
    query = _members(organization_id).where(members_table.c.role == Role.ADMIN)
    return [_member(row) for row in connection.execute(query.order_by(users_table.c.created_at))]


# Roles


def members(connection: Connection, organization_id: UUID, limit: int) -> list[Member]:
    query = _members(organization_id).order_by(users_table.c.email_key).limit(limit)
    return [_member(row) for row in connection.execute(query)]


def workspace_members(connection: Connection, workspace_id: UUID, limit: int) -> list[Member]:
    table = workspace_members_table
    query = (
        select(users_table, table.c.role)
        .join(table, table.c.user_id == users_table.c.user_id)
        .where(table.c.workspace_id == workspace_id)
        .order_by(users_table.c.email_key)
        .limit(limit)
    )
    return [_member(row) for row in connection.execute(query)]


def set_role(connection: Connection, organization_id: UUID, user_id: UUID, role: Role) -> None:
    _put_role(connection, members_table, {"organization_id": organization_id, "user_id": user_id}, role)


def set_workspace_role(connection: Connection, workspace_id: UUID, user_id: UUID, role: Role) -> None:
    _put_role(connection, workspace_members_table, {"workspace_id": workspace_id, "user_id": user_id}, role)


def remove_member(connection: Connection, organization_id: UUID, user_id: UUID) -> bool:
    """Take a person out of the organization: the role and the workspaces with it."""
    workspaces = select(workspaces_table.c.workspace_id).where(workspaces_table.c.organization_id == organization_id)
    table = workspace_members_table.c
    connection.execute(
        delete(workspace_members_table).where(table.user_id == user_id, table.workspace_id.in_(workspaces))
    )
    return _delete(connection, members_table, {"organization_id": organization_id, "user_id": user_id})


def remove_workspace_member(connection: Connection, workspace_id: UUID, user_id: UUID) -> bool:
    return _delete(connection, workspace_members_table, {"workspace_id": workspace_id, "user_id": user_id})


def highest_role(connection: Connection, organization_id: UUID, user_id: UUID) -> Role | None:
    """The most that a member may do anywhere in the organization; None for who is no member."""
    table = members_table.c
    query = select(table.role).where(table.organization_id == organization_id, table.user_id == user_id)
    own = connection.execute(query).scalar()
    return None if own is None else max([Role(own), *_workspace_roles(connection, user_id).values()])


# Workspaces


def add_workspace(connection: Connection, workspace: Workspace, at: datetime) -> None:
    """Raises Conflict when the organization has a workspace of this name."""
    values = {
        "workspace_id": workspace.workspace_id,
        "organization_id": workspace.organization_id,
        "name": workspace.name,
        "name_key": name_key(workspace.name),
        "created_at": at,
    }
    try:
        connection.execute(insert(workspaces_table).values(values))
    except IntegrityError as error:
        raise Conflict("A workspace with this name already exists.", code="workspace_name_taken") from error


def workspaces(connection: Connection, principal: Principal) -> list[Workspace]:
    """The workspaces that a caller may have a role in, by name: all for an administrator of the organization."""
    table, member = workspaces_table.c, workspace_members_table.c
    query = select(workspaces_table).where(table.organization_id == principal.organization_id)
    if principal.organization_role is not Role.ADMIN:
        own = select(member.workspace_id).where(member.user_id == principal.person.user_id)
        query = query.where(table.workspace_id.in_(own))
    return [_workspace(row) for row in connection.execute(query.order_by(table.name_key))]


def workspace(connection: Connection, workspace_id: UUID) -> Workspace | None:
    query = select(workspaces_table).where(workspaces_table.c.workspace_id == workspace_id)
    row = connection.execute(query).first()
    return _workspace(row) if row else None


def workspace_named(connection: Connection, organization_id: UUID, name: str) -> Workspace | None:
    table = workspaces_table.c
    query = select(workspaces_table).where(table.organization_id == organization_id, table.name_key == name_key(name))
    row = connection.execute(query).first()
    return _workspace(row) if row else None


def remove_workspace(connection: Connection, workspace_id: UUID, at: datetime) -> bool:
    """With its members and tokens. What higher rooms keep in it is left, and noted to be taken away."""
    removed = _delete(connection, workspaces_table, {"workspace_id": workspace_id})
    if removed:
        connection.execute(insert(deleted_workspaces_table).values(workspace_id=workspace_id, deleted_at=at))
    return removed


# Tokens


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


def tokens(connection: Connection, organization_id: UUID, user_id: UUID | None, limit: int) -> list[Token]:
    """The API tokens of one user, or of the whole organization when `user_id` is None; oldest first."""
    table = tokens_table.c
    query = select(tokens_table).where(table.organization_id == organization_id, table.kind == Kind.TOKEN)
    if user_id is not None:
        query = query.where(table.user_id == user_id)
    return [token_of(row) for row in connection.execute(query.order_by(table.created_at, table.token_id).limit(limit))]


def token(connection: Connection, organization_id: UUID, token_id: UUID) -> Token | None:
    table = tokens_table.c
    wanted = (table.organization_id == organization_id, table.token_id == token_id, table.kind == Kind.TOKEN)
    row = connection.execute(select(tokens_table).where(*wanted)).first()
    return token_of(row) if row else None


def remove_token(connection: Connection, token_id: UUID) -> bool:
    return _delete(connection, tokens_table, {"token_id": token_id})


_PARENT = tokens_table.alias("parent")  # once: its 20 KB hold each other, and would stay until the collector comes


def principal_of(connection: Connection, digest: bytes, kind: Kind) -> tuple[Principal, bytes] | None:
    """The owner of the token or session with this digest, with all roles, and the digest as stored."""
    table, member, parent = tokens_table.c, members_table.c, _PARENT.c
    joined = (
        tokens_table.join(users_table, users_table.c.user_id == table.user_id)
        .join(members_table, and_(member.user_id == table.user_id, member.organization_id == table.organization_id))
        .outerjoin(_PARENT, parent.token_id == table.parent_id)
    )
    lends_until = case((table.kind == Kind.TOKEN, table.expires_at), else_=parent.expires_at).label("lends_until")
    query = select(tokens_table, users_table, member.role.label("organization_role"), lends_until).select_from(joined)
    row = connection.execute(query.where(table.digest == digest, table.kind == kind)).first()
    return None if row is None else (_principal(row, _workspace_roles(connection, row.user_id)), row.digest)


def _workspace_roles(connection: Connection, user_id: UUID) -> dict[UUID, Role]:
    table = workspace_members_table.c
    query = select(table.workspace_id, table.role).where(table.user_id == user_id)
    return {row.workspace_id: Role(row.role) for row in connection.execute(query)}


def _principal(row: Row[Any], roles: dict[UUID, Role]) -> Principal:
    return Principal(
        person=_person(row),
        organization_id=row.organization_id,
        organization_role=Role(row.organization_role),
        workspaces=roles,
        token_id=row.token_id,
        limit=Role(row.role),
        only_workspace=row.workspace_id,
        expires_at=row.expires_at,
        lends_until=row.lends_until,
    )


def _members(organization_id: UUID) -> Select[Any]:
    return (
        select(users_table, members_table.c.role)
        .join(members_table, members_table.c.user_id == users_table.c.user_id)
        .where(members_table.c.organization_id == organization_id)
    )


def _put_role(connection: Connection, table: Table, key: dict[str, UUID], role: Role) -> None:
    changed = connection.execute(update(table).filter_by(**key).values(role=role)).rowcount
    if not changed:
        connection.execute(insert(table).values(**key, role=role))


def _delete(connection: Connection, table: Table, key: dict[str, UUID]) -> bool:
    return connection.execute(delete(table).filter_by(**key)).rowcount > 0


def _person(row: Row[Any]) -> Person:
    return Person(row.user_id, row.given_name, row.family_name, row.email)


def _member(row: Row[Any]) -> Member:
    return Member(_person(row), Role(row.role))


def _workspace(row: Row[Any]) -> Workspace:
    return Workspace(row.workspace_id, row.organization_id, row.name)


def token_of(row: Row[Any]) -> Token:
    """A row of the table of tokens, whatever its kind."""
    shown = (row.token_id, row.user_id, row.name, row.prefix)
    return Token(*shown, Role(row.role), row.workspace_id, row.created_at, row.expires_at)

"""SQL of organizations, people, workspaces and roles, and of who is calling."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Column,
    Connection,
    Row,
    Select,
    Table,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError

from haymow.errors import Conflict
from haymow.names import name_key
from haymow.server.access.pages import Page, unknown_cursor
from haymow.server.access.rules import Kind, Member, Person, Principal, Role, Workspace
from haymow.server.access.tables import (
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


def members(connection: Connection, organization_id: UUID, after: UUID | None, limit: int) -> Page[Member]:
    """A part of them by e-mail address, from behind that person on. Raises Invalid when there is none."""
    return _page(connection, _members(organization_id), after, limit)


def workspace_members(connection: Connection, workspace_id: UUID, after: UUID | None, limit: int) -> Page[Member]:
    """The same of a workspace."""
    table = workspace_members_table
    joined = select(users_table, table.c.role).join(table, table.c.user_id == users_table.c.user_id)
    return _page(connection, joined.where(table.c.workspace_id == workspace_id), after, limit)


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


_IS_THERE: Final = workspaces_table.c.deleted_at.is_(None)


def workspaces(connection: Connection, principal: Principal) -> list[Workspace]:
    """The workspaces that a caller may have a role in, by name: all for an administrator of the organization."""
    table, member = workspaces_table.c, workspace_members_table.c
    query = select(workspaces_table).where(table.organization_id == principal.organization_id, _IS_THERE)
    if principal.organization_role is not Role.ADMIN:
        own = select(member.workspace_id).where(member.user_id == principal.person.user_id)
        query = query.where(table.workspace_id.in_(own))
    return [_workspace(row) for row in connection.execute(query.order_by(table.name_key))]


def workspace(connection: Connection, workspace_id: UUID) -> Workspace | None:
    query = select(workspaces_table).where(workspaces_table.c.workspace_id == workspace_id, _IS_THERE)
    row = connection.execute(query).first()
    return _workspace(row) if row else None


def workspace_named(connection: Connection, organization_id: UUID, name: str) -> Workspace | None:
    table = workspaces_table.c
    named = (table.organization_id == organization_id, table.name_key == name_key(name))
    row = connection.execute(select(workspaces_table).where(*named, _IS_THERE)).first()
    return _workspace(row) if row else None


def hide_workspace(connection: Connection, workspace_id: UUID, at: datetime) -> bool:
    """Nobody sees it any more, its name is free, and it has no members; False when there was none."""
    table, members = workspaces_table.c, workspace_members_table
    connection.execute(delete(members).where(members.c.workspace_id == workspace_id))
    change = update(workspaces_table).where(table.workspace_id == workspace_id, _IS_THERE)
    # No name is shaped like an id.
    return connection.execute(change.values(deleted_at=at, name_key=str(workspace_id))).rowcount > 0


# Who is calling


_t, _w = tokens_table.c, workspaces_table.c
WORKSPACE_IS_THERE: Final = ~exists().where(_w.workspace_id == _t.workspace_id, _w.deleted_at.is_not(None))
"""Of a token: that the workspace which it is limited to, if any, is not deleted."""
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
    wanted = (table.digest == digest, table.kind == kind, WORKSPACE_IS_THERE)
    row = connection.execute(query.where(*wanted)).first()
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


def part(
    connection: Connection, query: Select[Any], order: Sequence[Column[Any]], after: Sequence[Any] | None, limit: int
) -> Page[Row[Any]]:
    """What a query finds from behind a position in the order on; no two rows have the same position."""
    wanted = query
    if after is not None:
        position = tuple_(*(literal(value, column.type) for value, column in zip(after, order, strict=True)))
        wanted = query.where(tuple_(*order) > position)
    rows = connection.execute(wanted.order_by(*order).limit(limit + 1)).all()
    total = len(rows)
    if after is not None or total > limit:
        counted = query.with_only_columns(func.count(), maintain_column_froms=True)
        total = connection.execute(counted).scalar_one()
    return Page(rows[:limit], len(rows) > limit, total)


def _page(connection: Connection, query: Select[Any], after: UUID | None, limit: int) -> Page[Member]:
    table, position = users_table.c, None
    if after is not None:  # also of who has left since: they stay known
        position = connection.execute(select(table.email_key).where(table.user_id == after)).first()
        if position is None:
            raise unknown_cursor("This is no user's ID.")
    found = part(connection, query, (table.email_key,), position, limit)
    return Page([_member(row) for row in found.rows], found.has_more, found.total)


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

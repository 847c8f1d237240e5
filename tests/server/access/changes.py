"""Changes of people and their workspaces that two make at once: each is one call of the access room."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from haymow.server.access.rules import Person, Principal, Role, Workspace
from haymow.server.access.tokens import NewToken
from tests.server.access.rooms import Rooms

Change = Callable[[Rooms, Principal, Workspace, Person], Awaitable[Any]]
"""By an administrator, in a workspace, about a person."""
Demotion = Callable[[Rooms, Principal, UUID], Awaitable[Any]]
"""By one administrator, of another."""


def delete(rooms: Rooms, admin: Principal, workspace: Workspace, person: Person) -> Awaitable[Any]:
    return rooms.access.delete_workspace(admin, workspace, force=True)


def make_token(rooms: Rooms, admin: Principal, workspace: Workspace, person: Person) -> Awaitable[Any]:
    return rooms.tokens.create(admin, NewToken("t", workspace_id=workspace.workspace_id))


def give_role(rooms: Rooms, admin: Principal, workspace: Workspace, person: Person) -> Awaitable[Any]:
    return rooms.access.set_workspace_role(admin, workspace, person.user_id, Role.USER)


def take_role(rooms: Rooms, admin: Principal, workspace: Workspace, person: Person) -> Awaitable[Any]:
    return rooms.access.remove_workspace_member(admin, workspace, person.user_id)


def remove(rooms: Rooms, by: Principal, user_id: UUID) -> Awaitable[Any]:
    return rooms.access.remove_member(by, user_id)


def degrade(rooms: Rooms, by: Principal, user_id: UUID) -> Awaitable[Any]:
    return rooms.access.set_role(by, user_id, Role.USER)

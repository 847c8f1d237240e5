"""A person with many tokens, and how to look at what is left of them while they are taken away."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import Connection

from haymow.server.access import remains, service
from haymow.server.access.remains import Erase, Leftovers, Remains
from haymow.server.access.rules import Person, Principal, Role, Workspace
from haymow.server.access.tokens import NewToken
from haymow.server.audit.rules import Filters
from haymow.server.audit.service import Audit
from tests import looking
from tests.crowds import multiply_tokens
from tests.server.access.rooms import Rooms

MANY = 7
PORTION = 3


class Crowd(NamedTuple):
    """Whose tokens they are, and the texts of one of them and of a session that it began."""

    person: Person
    token: str
    cookie: str


async def crowded(rooms: Rooms, admin: Principal, workspace: Workspace | None = None) -> Crowd:
    """A person with many tokens, limited to a workspace if it is given, of which one has many sessions."""
    person = await rooms.member(admin)
    limit = None
    if workspace is not None:
        await rooms.access.set_workspace_role(admin, workspace, person.user_id, Role.EDITOR)
        limit = workspace.workspace_id
    token = await rooms.text(admin, NewToken("t", workspace_id=limit, user_id=person.user_id))
    _, cookie = await rooms.begin_with_token(token, "test")
    with looking.connected(rooms.folder) as connection:
        multiply_tokens(connection, person.user_id, MANY - 1)
    return Crowd(person, token, cookie)


def left_of(rooms: Rooms, person: Person) -> int:
    """How many of their tokens and sessions are still there."""
    counted = "SELECT count(*) FROM tokens WHERE user_id = :it"
    return int(looking.rows(rooms.folder, counted, it=person.user_id)[0][0])


async def recorded(rooms: Rooms, admin: Principal, subject_id: UUID) -> list[tuple[str, tuple[str, ...]]]:
    """What the audit record has of somebody or something, the newest first."""
    page = await Audit(rooms.database).page(admin.organization_id, None, Filters(subject_id=subject_id), None, 100)
    return [(entry.record.action, entry.record.changes) for entry in page.entries]


def in_portions(patch: pytest.MonkeyPatch) -> None:
    """So few go in each unit of work that a crowd takes several."""
    patch.setattr(service, "MOST_REMOVED", PORTION)
    patch.setattr(remains, "PORTIONS", (PORTION, PORTION))


def broken_off(patch: pytest.MonkeyPatch) -> None:
    """Only the first portion goes: whoever is to take away the others comes no further, and is not waited for."""
    in_portions(patch)
    patch.setattr(remains, "PORTIONS", (0, 0))
    patch.setattr(remains, "PATIENCE_SECONDS", 0.01)


async def gone_on_with(rooms: Rooms, of: Leftovers, patch: pytest.MonkeyPatch) -> list[int]:
    """What another server does that finds something left: how many tokens went in each of its units of work."""
    taken: list[int] = []
    in_portions(patch)
    told = [_told(erase, taken.append) for erase in of.erase]
    await Remains(rooms.database, of=of._replace(erase=told)).go_on()
    return taken


def _told(erase: Erase, tell: Callable[[int], None]) -> Erase:
    def call(connection: Connection, one_id: UUID, most: int) -> int:
        taken = erase(connection, one_id, most)
        tell(taken)
        return taken

    return call

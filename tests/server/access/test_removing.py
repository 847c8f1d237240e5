"""Removing who has very many tokens and sessions: all of them go, a portion in each unit of work."""

from __future__ import annotations

import asyncio
import os
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, insert, select

from haymow.errors import HaymowError
from haymow.server.access import service
from haymow.server.access.rules import Person, Principal
from haymow.server.access.tables import tokens_table
from haymow.server.access.tokens import NewToken
from haymow.server.audit.rules import Filters
from haymow.server.audit.service import Audit
from tests import looking
from tests.server.access.rooms import Rooms, run

MANY = 7
PORTION = 3


@pytest.fixture(autouse=True)
def portion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_REMOVED", PORTION)


async def crowded(rooms: Rooms, admin: Principal) -> tuple[Person, str]:
    """A person with many tokens, of which one has many sessions; and the text of that one."""
    person = await rooms.member(admin)
    text = await rooms.text(admin, NewToken("t", user_id=person.user_id))
    await rooms.begin_with_token(text, "test")
    with looking.connected(rooms.folder) as connection:
        theirs = select(tokens_table).where(tokens_table.c.user_id == person.user_id)
        for row in connection.execute(theirs).mappings().all():
            multiply(connection, dict(row))
    return person, text


def multiply(connection: Connection, row: dict[str, Any]) -> None:
    copies = [{**row, "token_id": uuid4(), "digest": os.urandom(32)} for _ in range(MANY - 1)]
    connection.execute(insert(tokens_table), copies)


def left_of(rooms: Rooms, user_id: UUID) -> int:
    counted = "SELECT count(*) FROM tokens WHERE user_id = :it"
    return int(looking.rows(rooms.folder, counted, it=user_id)[0][0])


async def recorded(rooms: Rooms, admin: Principal, person: Person) -> list[tuple[str, tuple[str, ...]]]:
    """What the audit record has of a person, the newest first."""
    page = await Audit(rooms.database).page(admin.organization_id, None, Filters(), None, 100)
    return [(one.record.action, one.record.changes) for one in page.entries if one.record.subject_id == person.user_id]


def test_all_of_them_go_a_portion_in_each_unit_and_each_is_recorded(rooms: Rooms) -> None:
    """In one unit, hundreds of thousands take longer than it may: nobody could remove such a person."""

    async def test() -> None:
        admin = await rooms.admin()
        person, text = await crowded(rooms, admin)
        assert left_of(rooms, person.user_id) == 2 * MANY
        await rooms.access.remove_member(admin, person.user_id)
        assert left_of(rooms, person.user_id) == 0
        portions = [("member.update", ("tokens",))] * (2 * MANY // PORTION)
        assert await recorded(rooms, admin, person) == [("member.delete", ()), *portions, ("member.create", ())]
        with pytest.raises(HaymowError):
            await rooms.access.authenticate(text, "test")

    run(test())


def test_it_goes_on_when_the_client_goes_away(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        person, _ = await crowded(rooms, admin)
        removing = asyncio.ensure_future(rooms.access.remove_member(admin, person.user_id))
        await asyncio.sleep(0)
        removing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await removing
        until = monotonic() + 20
        while ("member.delete", ()) not in await recorded(rooms, admin, person):
            assert monotonic() < until, "nobody goes on"
            await asyncio.sleep(0.01)
        assert left_of(rooms, person.user_id) == 0

    run(test())

"""Two changes at once: the second finds what the first has left, and says so in words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from haymow.errors import Conflict, NotFound
from haymow.server.access.rules import Principal, Role, Workspace
from haymow.server.access.tokens import NewToken
from haymow.server.audit.rules import Filters
from haymow.server.audit.service import Audit
from tests.server.access.changes import Change, Demotion, degrade, delete, give_role, make_token, remove, take_role
from tests.server.access.rooms import Held, Rooms, run

pytestmark = pytest.mark.embedded("the one writer gives the order; test_at_once.py has the same pairs in any order")


async def one_after_the_other(rooms: Rooms, *changes: Awaitable[Any]) -> list[Any]:
    """Run changes that all have begun before the first of them is made; their results, or what they raise."""
    async with Held(rooms) as held:
        tasks = []
        for change in changes:
            tasks.append(asyncio.ensure_future(change))
            for _ in range(5):
                await rooms.database.read(lambda connection: None)  # time to ask what it asks before
        held.let_go()
        return await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("change", [make_token, give_role, take_role, delete])
def test_a_change_in_a_workspace_that_was_deleted_meanwhile_finds_none(rooms: Rooms, change: Change) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        workspace, person = await rooms.access.create_workspace(admin, "here"), await rooms.member(admin)
        await rooms.access.set_workspace_role(admin, workspace, person.user_id, Role.EDITOR)
        deleted, changed = await one_after_the_other(
            rooms, rooms.access.delete_workspace(admin, workspace, force=True), change(rooms, admin, workspace, person)
        )
        assert deleted is None
        assert isinstance(changed, NotFound), changed
        assert (await audited(rooms, admin)).count("workspace.delete") == 1

    run(test())


async def audited(rooms: Rooms, admin: Principal) -> list[str]:
    """The actions on record."""
    page = await Audit(rooms.database).page(admin.organization_id, None, Filters(), None, 1000)
    return [entry.record.action for entry in page.entries]


@pytest.mark.parametrize("change", [give_role, take_role])
def test_a_change_to_somebody_who_was_removed_meanwhile_finds_nobody(rooms: Rooms, change: Change) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        workspace, person = await rooms.access.create_workspace(admin, "here"), await rooms.member(admin)
        removed, changed = await one_after_the_other(
            rooms, rooms.access.remove_member(admin, person.user_id), change(rooms, admin, workspace, person)
        )
        assert removed is None
        assert isinstance(changed, NotFound), changed

    run(test())


def test_of_two_with_one_name_the_second_conflicts(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        first, second = await one_after_the_other(
            rooms, rooms.access.create_workspace(admin, "here"), rooms.access.create_workspace(admin, "HERE")
        )
        assert isinstance(first, Workspace)
        assert isinstance(second, Conflict)

    run(test())


def test_a_token_is_revoked_once(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        token, _ = await rooms.tokens.create(admin, NewToken("t"))
        first, second = await one_after_the_other(
            rooms, rooms.tokens.revoke(admin, token.token_id), rooms.tokens.revoke(admin, token.token_id)
        )
        assert first is None
        assert isinstance(second, NotFound)

    run(test())


def test_no_token_is_made_for_somebody_who_was_removed_meanwhile(rooms: Rooms) -> None:
    """It would live again when they come back."""

    async def test() -> None:
        admin = await rooms.admin()
        person = await rooms.member(admin)
        wanted = NewToken("t", user_id=person.user_id)
        removed, made = await one_after_the_other(
            rooms, rooms.access.remove_member(admin, person.user_id), rooms.tokens.create(admin, wanted)
        )
        assert removed is None
        assert isinstance(made, NotFound), made
        assert person.user_id not in [token.user_id for token in (await rooms.tokens.list(admin)).rows]

    run(test())


@pytest.mark.parametrize("first", [remove, degrade])
@pytest.mark.parametrize("second", [remove, degrade])
def test_an_organization_keeps_an_administrator(rooms: Rooms, first: Demotion, second: Demotion) -> None:
    """Two do it to each other at once."""

    async def test() -> None:
        admin = await rooms.admin()
        other = await rooms.member(admin, Role.ADMIN)
        theirs = await rooms.access.authenticate(await rooms.text(admin, NewToken("t", user_id=other.user_id)), "test")
        done, refused = await one_after_the_other(
            rooms, first(rooms, admin, other.user_id), second(rooms, theirs, admin.person.user_id)
        )
        assert not isinstance(done, BaseException), done
        assert isinstance(refused, Conflict), refused
        assert refused.code == "last_admin"
        again = await rooms.access.authenticate(await rooms.tokens.for_first_admin("again"), "test")
        assert (again.person, again.organization_role) == (admin.person, Role.ADMIN)

    run(test())

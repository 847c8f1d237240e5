"""Two changes at once: the second finds what the first has left, and says so in words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from haymow.errors import Conflict, NotFound
from haymow.server.access.rules import Person, Principal, Role, Workspace
from haymow.server.access.tokens import NewToken
from tests.server.access.rooms import Held, Rooms, open_rooms


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Rooms]:
    with open_rooms(tmp_path) as rooms:
        yield rooms


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


Change = Callable[[Rooms, Principal, Workspace, Person], Awaitable[Any]]


def _make_token(rooms: Rooms, admin: Principal, workspace: Workspace, person: Person) -> Awaitable[Any]:
    return rooms.tokens.create(admin, NewToken("t", workspace_id=workspace.workspace_id))


def _give_role(rooms: Rooms, admin: Principal, workspace: Workspace, person: Person) -> Awaitable[Any]:
    return rooms.access.set_workspace_role(admin, workspace, person.user_id, Role.USER)


def _delete_again(rooms: Rooms, admin: Principal, workspace: Workspace, person: Person) -> Awaitable[Any]:
    return rooms.access.delete_workspace(admin, workspace, force=True)


def _take_role(rooms: Rooms, admin: Principal, workspace: Workspace, person: Person) -> Awaitable[Any]:
    return rooms.access.remove_workspace_member(admin, workspace, person.user_id)


@pytest.mark.parametrize("change", [_make_token, _give_role, _take_role, _delete_again])
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

    asyncio.run(asyncio.wait_for(test(), 30))


@pytest.mark.parametrize("change", [_give_role, _take_role])
def test_a_change_to_somebody_who_was_removed_meanwhile_finds_nobody(rooms: Rooms, change: Change) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        workspace, person = await rooms.access.create_workspace(admin, "here"), await rooms.member(admin)
        removed, changed = await one_after_the_other(
            rooms, rooms.access.remove_member(admin, person.user_id), change(rooms, admin, workspace, person)
        )
        assert removed is None
        assert isinstance(changed, NotFound), changed

    asyncio.run(asyncio.wait_for(test(), 30))


def test_of_two_with_one_name_the_second_conflicts(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        first, second = await one_after_the_other(
            rooms, rooms.access.create_workspace(admin, "here"), rooms.access.create_workspace(admin, "HERE")
        )
        assert isinstance(first, Workspace)
        assert isinstance(second, Conflict)

    asyncio.run(asyncio.wait_for(test(), 30))


def test_a_token_is_revoked_once(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        token, _ = await rooms.tokens.create(admin, NewToken("t"))
        first, second = await one_after_the_other(
            rooms, rooms.tokens.revoke(admin, token.token_id), rooms.tokens.revoke(admin, token.token_id)
        )
        assert first is None
        assert isinstance(second, NotFound)

    asyncio.run(asyncio.wait_for(test(), 30))


def test_two_administrators_who_remove_each_other_do_not_both_succeed(rooms: Rooms) -> None:
    """An organization keeps an administrator."""

    async def test() -> None:
        admin = await rooms.admin()
        other = await rooms.member(admin, Role.ADMIN)
        theirs = await rooms.access.authenticate(await rooms.text(admin, NewToken("t", user_id=other.user_id)), "test")
        await one_after_the_other(
            rooms,
            rooms.access.remove_member(admin, other.user_id),
            rooms.access.remove_member(theirs, admin.person.user_id),
        )
        assert (await rooms.access.authenticate(await rooms.tokens.for_first_admin("again"), "test")).organization_role

    asyncio.run(asyncio.wait_for(test(), 30))


def test_two_administrators_who_degrade_each_other_do_not_both_succeed(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        other = await rooms.member(admin, Role.ADMIN)
        theirs = await rooms.access.authenticate(await rooms.text(admin, NewToken("t", user_id=other.user_id)), "test")
        await one_after_the_other(
            rooms,
            rooms.access.set_role(admin, other.user_id, Role.USER),
            rooms.access.set_role(theirs, admin.person.user_id, Role.USER),
        )
        again = await rooms.access.authenticate(await rooms.tokens.for_first_admin("again"), "test")
        assert again.organization_role is Role.ADMIN

    asyncio.run(asyncio.wait_for(test(), 30))

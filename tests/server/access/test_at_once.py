"""Two changes truly at once, in no given order: what comes of them is what one order would give, whichever it is.

`test_races.py` has the same pairs in a given order, which one writer can give. On PostgreSQL both have looked before
either changes anything, and both go on at the same moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from haymow.errors import Conflict, HaymowError, NotFound
from haymow.server.access.rules import Member, Person, Role, Token
from haymow.server.access.tokens import NewToken
from tests import looking
from tests.server.access.changes import Change, Demotion, degrade, delete, give_role, make_token, remove, take_role
from tests.server.access.rooms import Held, Rooms

TIMES = 5


async def at_once(rooms: Rooms, *changes: Awaitable[Any]) -> list[Any]:
    """Their results, or what they raise: nothing but what haymow explains."""
    async with Held(rooms) as held:
        tasks = [asyncio.ensure_future(change) for change in changes]
        for _ in range(5):
            await rooms.database.read(lambda connection: None)  # time to look
        held.let_go()
        done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [one for one in done if isinstance(one, BaseException) and not isinstance(one, HaymowError)] == []
    assert [one for one in done if getattr(one, "code", "") in ("overloaded", "storage_failed")] == []
    return done


def repeated(story: Callable[[int], Awaitable[None]]) -> None:
    """Tell a story so many times: which of the two comes first is chance."""

    async def all_of_them() -> None:
        for number in range(TIMES):
            await story(number)

    asyncio.run(asyncio.wait_for(all_of_them(), 60))


@pytest.mark.parametrize("change", [make_token, give_role, take_role, delete])
def test_nothing_is_left_in_a_workspace_that_is_deleted(rooms: Rooms, change: Change) -> None:
    people = count()

    async def story(number: int) -> None:
        admin = await rooms.admin()
        workspace = await rooms.access.create_workspace(admin, f"here {next(people)}")
        person = await rooms.member(admin)
        await rooms.access.set_workspace_role(admin, workspace, person.user_id, Role.EDITOR)
        deleted, changed = await at_once(
            rooms, delete(rooms, admin, workspace, person), change(rooms, admin, workspace, person)
        )
        if change is delete:
            assert sorted(type(one).__name__ for one in (deleted, changed)) == ["NoneType", "NotFound"]
        else:
            assert deleted is None, deleted
            assert not isinstance(changed, BaseException) or isinstance(changed, NotFound), changed
        gone = {"workspace": workspace.workspace_id}
        for table in ("tokens", "workspace_members", "workspaces"):
            assert looking.rows(rooms.folder, f"SELECT 1 FROM {table} WHERE workspace_id = :workspace", **gone) == []
        told = "SELECT action FROM audit WHERE workspace_id = :workspace AND action = 'workspace.delete'"
        assert looking.rows(rooms.folder, told, **gone) == [("workspace.delete",)]

    repeated(story)


def test_of_two_with_one_name_one_is_made(rooms: Rooms) -> None:
    async def story(number: int) -> None:
        admin = await rooms.admin()
        made = await at_once(
            rooms,
            rooms.access.create_workspace(admin, f"here {number}"),
            rooms.access.create_workspace(admin, f"HERE {number}"),
        )
        assert sorted(type(one).__name__ for one in made) == ["Conflict", "Workspace"], made

    repeated(story)


def test_of_two_with_one_address_one_is_let_in(rooms: Rooms) -> None:
    async def story(number: int) -> None:
        admin = await rooms.admin()
        people = [Person(UUID(int=2 * number + one), "A", "B", f"a{number}@example.com") for one in (1, 2)]
        made = await at_once(rooms, *(rooms.access.add_member(admin, person, Role.USER) for person in people))
        assert sorted(type(one).__name__ for one in made) == ["Conflict", Member.__name__], made

    repeated(story)


def test_a_token_is_revoked_once(rooms: Rooms) -> None:
    async def story(number: int) -> None:
        admin = await rooms.admin()
        token, _ = await rooms.tokens.create(admin, NewToken("t"))
        done = await at_once(rooms, *(rooms.tokens.revoke(admin, token.token_id) for _ in range(3)))
        assert sorted(type(one).__name__ for one in done) == ["NoneType", "NotFound", "NotFound"], done

    repeated(story)


def test_no_token_lives_of_somebody_who_was_removed(rooms: Rooms) -> None:
    async def story(number: int) -> None:
        admin = await rooms.admin()
        person = await rooms.member(admin)
        removed, made = await at_once(
            rooms,
            rooms.access.remove_member(admin, person.user_id),
            rooms.tokens.create(admin, NewToken("t", user_id=person.user_id)),
        )
        assert removed is None, removed
        assert isinstance(made, NotFound) or isinstance(made[0], Token), made
        assert person.user_id not in [token.user_id for token in (await rooms.tokens.list(admin)).rows]

    repeated(story)


@pytest.mark.parametrize("first", [remove, degrade])
@pytest.mark.parametrize("second", [remove, degrade])
def test_of_two_administrators_one_stays(rooms: Rooms, first: Demotion, second: Demotion) -> None:
    """Each takes the role from the other at once."""

    async def story(number: int) -> None:
        await rooms.tokens.start("first start")
        admin = await rooms.access.authenticate(await rooms.tokens.for_first_admin("test"), "test")
        other = await rooms.member(admin, Role.ADMIN)
        theirs = await rooms.access.authenticate(await rooms.text(admin, NewToken("t", user_id=other.user_id)), "test")
        done = await at_once(rooms, first(rooms, admin, other.user_id), second(rooms, theirs, admin.person.user_id))
        refused = [one for one in done if isinstance(one, BaseException)]
        assert len(refused) == 1, done
        assert isinstance(refused[0], Conflict), refused
        assert refused[0].code == "last_admin"
        left = looking.rows(rooms.folder, "SELECT user_id FROM members WHERE role = :role", role=int(Role.ADMIN))
        assert len(left) == 1

    repeated(story)

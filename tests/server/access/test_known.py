"""What access remembers is never older than the last change that was acknowledged."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast
from uuid import uuid4

import pytest
from sqlalchemy import Connection

from haymow.errors import NotFound, OutcomeUnknown, Unauthenticated
from haymow.server.access import known, token_store
from haymow.server.access.known import Known
from haymow.server.access.rules import Person, Principal, Role, Workspace
from haymow.server.access.tokens import NewToken
from haymow.server.database import Database, writer
from tests.server.access.rooms import Held, Rooms, run


def test_what_is_remembered_is_there_until_something_changes() -> None:
    memory = Known()
    memory.remember("a", 1, memory.epoch)
    assert memory.get("a") == 1
    memory.forget()
    assert memory.get("a") is None


def test_what_was_read_before_a_change_is_not_remembered_after_it() -> None:
    memory = Known()
    before = memory.epoch
    memory.forget()
    memory.remember("a", 1, before)
    assert memory.get("a") is None
    memory.remember("a", 2, memory.epoch)
    assert memory.get("a") == 2


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "MOST_REMEMBERED", 10)
    memory = Known()
    for number in range(100):
        memory.remember(number, number, memory.epoch)
        assert memory.get(number) == number
    assert sum(memory.get(number) is not None for number in range(100)) <= 10


async def is_known(rooms: Rooms, token: str) -> bool:
    try:
        await rooms.access.authenticate(token, "test")
    except Unauthenticated:
        return False
    return True


def test_a_revocation_holds_as_soon_as_it_is_acknowledged(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        token, text = await rooms.tokens.create(admin, NewToken("t"))
        assert await is_known(rooms, text)
        await rooms.tokens.revoke(admin, token.token_id)
        assert not await is_known(rooms, text)

    run(test())


class Dawdling:
    """The database of a room, but what was read arrives only when `go` is set."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.has_read, self.go = asyncio.Event(), asyncio.Event()
        self.elsewhere = database.elsewhere

    async def read(self, unit: Callable[[Connection], Any]) -> Any:
        found = await self._database.read(unit)
        self.has_read.set()
        await self.go.wait()
        return found


def test_a_principal_read_before_a_revocation_is_not_remembered_after_it(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        token, text = await rooms.tokens.create(admin, NewToken("t"))
        dawdling = Dawdling(rooms.database)
        access = replace(rooms.access, database=cast(Database, dawdling))  # with the same memory
        reading = asyncio.ensure_future(access.authenticate(text, "test"))
        await dawdling.has_read.wait()
        await rooms.tokens.revoke(admin, token.token_id)
        dawdling.go.set()
        await reading
        assert not await is_known(rooms, text)

    run(test())


def test_a_change_whose_caller_went_away_is_not_forgotten_about(rooms: Rooms) -> None:
    """It is made all the same: then nobody may be seen as they were before."""

    async def test() -> None:
        admin = await rooms.admin()
        token, text = await rooms.tokens.create(admin, NewToken("t"))
        async with Held(rooms) as held:
            revoking = asyncio.ensure_future(rooms.tokens.revoke(admin, token.token_id))
            await asyncio.sleep(0)
            revoking.cancel()
            await asyncio.gather(revoking, return_exceptions=True)
            assert await is_known(rooms, text)  # the change is still waiting
            held.let_go()
        await rooms.database.write(lambda connection: None)  # comes after it where there is one writer
        for _ in range(1000):
            if await rooms.database.read(lambda c: token_store.token(c, admin.organization_id, token.token_id)) is None:
                break
            await asyncio.sleep(0.005)
        else:
            raise AssertionError("the change was not made")
        assert not await is_known(rooms, text)

    run(test())


def test_a_change_that_fails_changes_nobody(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        text = await rooms.text(admin, NewToken("t"))

        def failing(connection: Connection) -> None:
            connection.exec_driver_sql("DELETE FROM tokens")
            raise RuntimeError("fails after its SQL")

        with pytest.raises(RuntimeError):
            await rooms.access.change(failing)
        assert await is_known(rooms, text)

    run(test())


def test_every_change_of_access_is_seen_by_the_next_request(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        workspace = await rooms.access.create_workspace(admin, "here")
        person = await rooms.member(admin)
        text = await rooms.text(admin, NewToken("t", user_id=person.user_id))

        async def role() -> Role | None:
            return (await rooms.access.authenticate(text, "test")).role_in(workspace)

        assert await role() is None
        for given in (Role.USER, Role.EDITOR, Role.ADMIN, Role.USER):
            await rooms.access.set_workspace_role(admin, workspace, person.user_id, given)
            assert (await rooms.access.authenticate(text, "test")).workspaces == {workspace.workspace_id: given}
        await rooms.access.remove_workspace_member(admin, workspace, person.user_id)
        assert await role() is None
        await rooms.access.set_role(admin, person.user_id, Role.ADMIN)
        assert (await rooms.access.authenticate(text, "test")).organization_role is Role.ADMIN
        await rooms.access.remove_member(admin, person.user_id)
        assert not await is_known(rooms, text)

    run(test())


def test_a_deleted_workspace_is_not_remembered(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        workspace = await rooms.access.create_workspace(admin, "here")
        assert (await rooms.access.workspace(admin, workspace.workspace_id))[1] is Role.ADMIN
        await rooms.access.delete_workspace(admin, workspace, force=False)
        with pytest.raises(NotFound):
            await rooms.access.workspace(admin, workspace.workspace_id)

    run(test())


def test_what_is_remembered_for_one_is_not_told_to_another(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        workspace = await rooms.access.create_workspace(admin, "here")
        await rooms.access.workspace(admin, workspace.workspace_id)
        stranger = Principal(Person(uuid4(), "S", "T"), uuid4(), Role.ADMIN, {})
        outsider = Principal(Person(uuid4(), "O", "U"), admin.organization_id, Role.EDITOR, {})
        for one in (stranger, outsider):
            with pytest.raises(NotFound):
                await rooms.access.workspace(one, workspace.workspace_id)
        assert stranger.role_in(Workspace(workspace.workspace_id, admin.organization_id, "here")) is None

    run(test())


def test_under_many_changes_and_readers_nobody_is_ever_seen_with_an_older_role(rooms: Rooms) -> None:
    """A reader that begins after a change was acknowledged sees it, or a later one."""

    async def test() -> None:
        admin = await rooms.admin()
        workspace = await rooms.access.create_workspace(admin, "here")
        person = await rooms.member(admin)
        text = await rooms.text(admin, NewToken("t", user_id=person.user_id))
        roles = [None, *[(Role.USER, Role.EDITOR, Role.ADMIN)[number % 3] for number in range(90)]]
        acknowledged = asked = 0
        stale = []

        async def read() -> None:
            while acknowledged < len(roles) - 1:
                oldest = acknowledged
                seen = (await rooms.access.authenticate(text, "test")).workspaces.get(workspace.workspace_id)
                if seen not in roles[oldest : asked + 1]:
                    stale.append((seen, oldest, asked))
                await asyncio.sleep(0.001)  # the writer's thread wants to run too

        readers = [asyncio.ensure_future(read()) for _ in range(8)]
        for number, role in enumerate(roles[1:], 1):
            assert role is not None
            asked = number
            await rooms.access.set_workspace_role(admin, workspace, person.user_id, role)
            acknowledged = number
        await asyncio.gather(*readers)
        assert stale == []

    run(test())


@pytest.mark.embedded("there a commit is held in tests/server/database/test_version.py")
def test_a_revocation_that_was_given_up_and_made_after_all_holds(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "STUCK_SECONDS", 0.2)

    async def test() -> None:
        admin = await rooms.admin()
        token, text = await rooms.tokens.create(admin, NewToken("t"))
        go = threading.Event()

        def revoke(connection: Connection) -> None:
            token_store.remove_token(connection, token.token_id)
            go.wait(10)

        with pytest.raises(OutcomeUnknown):
            await rooms.access.change(revoke, long=True)
        assert await is_known(rooms, text)  # and remembered
        go.set()
        async with asyncio.timeout(10):
            while rooms.database.is_stuck():  # noqa: ASYNC110 - nothing says when
                await asyncio.sleep(0.01)
        assert not await is_known(rooms, text)

    run(test())

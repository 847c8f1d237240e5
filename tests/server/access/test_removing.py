"""Removing who has very many tokens and sessions: they open nothing at once, and go a portion in each unit of work."""

from __future__ import annotations

import asyncio
from time import monotonic

import pytest

from haymow.errors import Conflict, Unauthenticated
from haymow.server.access.remains import MEMBERS
from haymow.server.access.rules import Kind, Role
from tests import looking
from tests.server.access.leaving import MANY, PORTION, broken_off, crowded, gone_on_with, in_portions, left_of, recorded
from tests.server.access.rooms import Rooms, run


def test_all_of_them_go_and_it_is_recorded_once(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one unit, hundreds of thousands take longer than it may: nobody could remove such a person."""
    in_portions(monkeypatch)

    async def test() -> None:
        admin = await rooms.admin()
        crowd = await crowded(rooms, admin)
        assert left_of(rooms, crowd.person) == 2 * MANY
        await rooms.access.remove_member(admin, crowd.person.user_id)
        assert left_of(rooms, crowd.person) == 0
        assert looking.rows(rooms.folder, "SELECT * FROM removed_members") == []
        assert await recorded(rooms, admin, crowd.person.user_id) == [("member.delete", ()), ("member.create", ())]

    run(test())


def test_what_is_left_of_somebody_opens_nothing_and_nobody_sees_it(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_off(monkeypatch)

    async def test() -> None:
        admin = await rooms.admin()
        crowd = await crowded(rooms, admin)
        for text, kind in ((crowd.token, Kind.TOKEN), (crowd.cookie, Kind.SESSION)):
            await rooms.access.authenticate(text, "test", kind)
        await rooms.access.remove_member(admin, crowd.person.user_id)
        assert 0 < left_of(rooms, crowd.person) < 2 * MANY
        for text, kind in ((crowd.token, Kind.TOKEN), (crowd.cookie, Kind.SESSION)):
            with pytest.raises(Unauthenticated):
                await rooms.access.authenticate(text, "test", kind)
        tokens, members = await rooms.tokens.list(admin), await rooms.access.members(admin)
        assert crowd.person.user_id not in [token.user_id for token in tokens.rows]
        assert (tokens.total, members.total) == (2, 1)
        assert (await recorded(rooms, admin, crowd.person.user_id))[0] == ("member.delete", ())

    run(test())


def test_the_next_server_takes_away_what_is_left_of_somebody(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    broken_off(monkeypatch)

    async def test() -> None:
        admin = await rooms.admin()
        crowd = await crowded(rooms, admin)
        other = await crowded(rooms, admin)
        await rooms.access.remove_member(admin, crowd.person.user_id)
        assert 0 < left_of(rooms, crowd.person) < 2 * MANY
        assert max(await gone_on_with(rooms, MEMBERS, monkeypatch)) == PORTION
        assert (left_of(rooms, crowd.person), left_of(rooms, other.person)) == (0, 2 * MANY)
        assert looking.rows(rooms.folder, "SELECT * FROM removed_members") == []

    run(test())


def test_nobody_comes_back_before_their_tokens_are_gone(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would have their id again, and each token that is left would open what it opened."""
    broken_off(monkeypatch)

    async def test() -> None:
        admin = await rooms.admin()
        crowd = await crowded(rooms, admin)
        await rooms.access.remove_member(admin, crowd.person.user_id)
        with pytest.raises(Conflict) as refused:
            await rooms.access.add_member(admin, crowd.person, Role.USER)
        assert refused.value.code == "still_leaving"
        await gone_on_with(rooms, MEMBERS, monkeypatch)
        back = await rooms.access.add_member(admin, crowd.person, Role.USER)
        assert back.person.user_id == crowd.person.user_id
        with pytest.raises(Unauthenticated):
            await rooms.access.authenticate(crowd.token, "test")

    run(test())


def test_it_goes_on_when_the_client_goes_away(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    in_portions(monkeypatch)

    async def test() -> None:
        admin = await rooms.admin()
        crowd = await crowded(rooms, admin)
        removing = asyncio.ensure_future(rooms.access.remove_member(admin, crowd.person.user_id))
        await asyncio.sleep(0)
        removing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await removing
        until = monotonic() + 20
        while left_of(rooms, crowd.person):
            assert monotonic() < until, "nobody goes on"
            await asyncio.sleep(0.01)
        assert (await recorded(rooms, admin, crowd.person.user_id))[0] == ("member.delete", ())

    run(test())

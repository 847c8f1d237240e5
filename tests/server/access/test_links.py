"""Links that begin a session: once, within a day, and one of a name where it is to be alone."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from haymow.errors import Unauthenticated
from haymow.server.access.rules import Role
from tests.server.access.rooms import Rooms, refusal_of, run


def test_a_link_signs_the_first_administrator_in_once(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        rooms.clock.advance(seconds=1)
        await rooms.member(admin, Role.ADMIN)
        code = await rooms.sessions.link("a link", "test")
        session, cookie = await rooms.begin_with_code(code, "test")
        assert (session.person, session.role_in_organization()) == (admin.person, Role.ADMIN)
        assert session.expires_at == rooms.clock.time + timedelta(hours=12)
        assert await refusal_of(rooms.begin_with_code(code, "test")) == "link_used"
        await rooms.signed_in(cookie)

    run(test())


def test_of_many_who_use_a_link_at_once_one_is_signed_in(rooms: Rooms) -> None:
    async def test() -> None:
        await rooms.admin()
        code = await rooms.sessions.link("a link", "test")
        attempts = [rooms.begin_with_code(code, "test") for _ in range(8)]
        ended = await asyncio.gather(*attempts, return_exceptions=True)
        assert len([one for one in ended if isinstance(one, tuple)]) == 1
        assert {type(one) for one in ended if not isinstance(one, tuple)} == {Unauthenticated}

    run(test())


def test_a_link_that_nobody_used_ends_after_a_day(rooms: Rooms) -> None:
    async def test() -> None:
        await rooms.admin()
        early, late = [await rooms.sessions.link(name, "test") for name in ("early", "late")]
        rooms.clock.advance(hours=24, microseconds=-1)
        await rooms.begin_with_code(early, "test")
        rooms.clock.advance(microseconds=1)
        assert await refusal_of(rooms.begin_with_code(late, "test")) == "link_used"

    run(test())


def test_a_link_that_is_to_be_alone_ends_those_of_its_name(rooms: Rooms) -> None:
    async def test() -> None:
        await rooms.admin()
        other = await rooms.sessions.link("other", "test")
        first, second = [await rooms.sessions.link("start", "test", alone=True) for _ in range(2)]
        assert await refusal_of(rooms.begin_with_code(first, "test")) == "link_used"
        for code in (other, second):
            await rooms.begin_with_code(code, "test")

    run(test())

"""Attempts to begin a session: how many may fail, from where, and for how long."""

from __future__ import annotations

import asyncio

import pytest

from haymow.errors import HaymowError
from haymow.server.access.tokens import NewToken
from tests.server.access.rooms import Rooms, run


class TestFailing:
    def test_is_limited_for_an_address_and_for_a_minute(self, rooms: Rooms) -> None:
        async def test() -> None:
            admin = await rooms.admin()
            text = await rooms.text(admin, NewToken("t"))
            await asyncio.gather(*[failure(rooms, "192.0.2.1") for _ in range(20)])
            assert await failure(rooms, "192.0.2.1") == "rate_limited"
            with pytest.raises(HaymowError, match=r"Try again in 60 s\."):
                await rooms.begin_with_token(text, "192.0.2.1")
            await rooms.begin_with_token(text, "192.0.2.2")
            rooms.stopwatch.advance(59.9)
            assert await failure(rooms, "192.0.2.1") == "rate_limited"
            rooms.stopwatch.advance(0.1)
            assert await failure(rooms, "192.0.2.1") == "unauthenticated"

        run(test())

    def test_counts_what_succeeds_for_nothing(self, rooms: Rooms) -> None:
        async def test() -> None:
            admin = await rooms.admin()
            text = await rooms.text(admin, NewToken("t"))
            for _ in range(50):
                await rooms.begin_with_token(text, "192.0.2.1")
            assert await failure(rooms, "192.0.2.1") == "unauthenticated"

        run(test())

    def test_counts_attempts_that_are_under_way(self, rooms: Rooms) -> None:
        """Who asks many times at once is not asked for patience only after all of them."""

        async def test() -> None:
            await rooms.admin()
            codes = await asyncio.gather(*[failure(rooms, "192.0.2.1") for _ in range(30)])
            assert (codes.count("unauthenticated"), codes.count("rate_limited")) == (20, 10)

        run(test())

    def test_counts_a_network_of_version_six_as_one_and_addresses_of_version_four_apart(self, rooms: Rooms) -> None:
        async def test() -> None:
            await rooms.admin()
            await asyncio.gather(*[failure(rooms, f"2001:db8::{number:x}") for number in range(20)])
            assert await failure(rooms, "2001:db8::ffff") == "rate_limited"
            assert await failure(rooms, "2001:db8:0:1::1") == "unauthenticated"
            await asyncio.gather(*[failure(rooms, "::ffff:192.0.2.1") for _ in range(20)])
            assert await failure(rooms, "::ffff:192.0.2.1") == "rate_limited"
            assert await failure(rooms, "::ffff:192.0.2.2") == "unauthenticated"

        run(test())

    def test_keeps_a_bounded_number_of_addresses(self, rooms: Rooms) -> None:
        attempts = rooms.sessions.attempts
        for number in range(20_000):
            attempts.begin(f"10.0.{number // 256}.{number % 256}")
        assert len(attempts._failures) == 10_000


async def failure(rooms: Rooms, source: str) -> str:
    with pytest.raises(HaymowError) as caught:
        await rooms.begin_with_token("hm_00000000_guessed", source)
    return caught.value.code

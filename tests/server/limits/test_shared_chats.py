"""Chats at once, over several replicas."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, cast

import pytest

from haymow.errors import RateLimited, Unavailable
from haymow.server.limits import shared, shares
from haymow.server.limits.rules import HOLD, LEASE, RENEW, TEND, Most
from tests.server.limits.replicas import House, Replica, actor

pytestmark = pytest.mark.anyio


async def overtaken(house: House) -> tuple[Replica, Replica, list[Any], list[Any]]:
    """A replica that lost its lease and is back, another one, and the places of each: twice the limit together."""
    one, other = (Replica(house, Most(chats_of_token=2)) for _ in range(2))
    mine = [await one.limits.chat(actor()) for _ in range(2)]
    house.dies(one)
    await house.passes(LEASE + TEND)
    theirs = [await other.limits.chat(actor()) for _ in range(2)]
    house.replicas.append(one)
    return one, other, mine, theirs


class TestChats:
    @pytest.mark.parametrize("most", [1, 5])
    async def test_of_two_replicas_together_are_as_many_as_the_limit(self, house: House, most: int) -> None:
        one, other = (Replica(house, Most(chats_of_token=most)) for _ in range(2))
        asked = [replica.limits.chat(actor()) for _ in range(most) for replica in (one, other)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(not isinstance(one, BaseException) for one in answers) == most
        assert {error.code for error in answers if isinstance(error, RateLimited)} == {"too_many_chats"}

    async def test_that_ended_make_room_in_their_replica_at_once_and_in_others_soon(self, house: House) -> None:
        one, other = (Replica(house, Most(chats_of_token=1)) for _ in range(2))
        place = await one.limits.chat(actor())
        place.leave()
        place.leave()
        place = await one.limits.chat(actor())
        place.leave()
        with pytest.raises(RateLimited):
            await other.limits.chat(actor())
        await house.passes(HOLD + TEND)
        place = await other.limits.chat(actor())
        with pytest.raises(RateLimited) as refused:
            await one.limits.chat(actor())
        assert refused.value.retry_after == 1

    async def test_that_last_are_held_for_as_long_as_their_replica_lives(self, house: House) -> None:
        one, other = (Replica(house, Most(chats_of_token=1)) for _ in range(2))
        await one.limits.chat(actor())
        for _ in range(10):
            await house.passes(LEASE)
            with pytest.raises(RateLimited):
                await other.limits.chat(actor())

    async def test_of_a_replica_that_died_end_with_its_lease(self, house: House) -> None:
        one, other = (Replica(house, Most(chats_of_token=1)) for _ in range(2))
        await one.limits.chat(actor())
        await house.passes(RENEW)
        house.dies(one)
        await house.passes(LEASE - 1)
        with pytest.raises(RateLimited):
            await other.limits.chat(actor())
        await house.passes(1 + TEND)
        await other.limits.chat(actor())

    async def test_are_not_begun_in_a_replica_that_lost_its_lease_while_others_have_the_places(
        self, house: House
    ) -> None:
        one, _, mine, theirs = await overtaken(house)
        for place in mine:
            place.leave()
            with pytest.raises(RateLimited):
                await one.limits.chat(actor())
            await house.passes(RENEW)
            with pytest.raises(RateLimited):
                await one.limits.chat(actor())
        for place in theirs:
            place.leave()
        await house.passes(HOLD + TEND)
        for _ in range(2):
            await one.limits.chat(actor())

    async def test_that_went_on_without_a_lease_count_when_it_is_back(self, house: House) -> None:
        _, other, mine, theirs = await overtaken(house)
        await house.passes(2 * RENEW)  # both have heard of the other
        theirs.pop().leave()
        with pytest.raises(RateLimited):
            await other.limits.chat(actor())
        for place in mine:
            place.leave()
        await house.passes(HOLD + TEND)
        await other.limits.chat(actor())

    async def test_are_refused_when_the_database_was_away_for_longer_than_a_lease(self, house: House) -> None:
        replica = Replica(house, Most(chats_of_token=1))
        (await replica.limits.chat(actor())).leave()
        house.database.is_away = True
        (await replica.limits.chat(actor())).leave()
        house.time.advance(seconds=LEASE)
        with pytest.raises(Unavailable):
            await replica.limits.chat(actor())

    async def test_of_a_replica_that_died_end_though_the_databases_clock_goes_back(self, house: House) -> None:
        one, other = (Replica(house, Most(chats_of_token=1)) for _ in range(2))
        await one.limits.chat(actor())
        house.dies(one)
        house.back = timedelta(days=1)
        await house.passes(LEASE)
        await other.limits.chat(actor())

    async def test_of_many_are_renewed_in_portions(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shares, "PORTION", 2)
        one, other = (Replica(house, Most(chats_of_token=1)) for _ in range(2))
        for token in range(5):
            await one.limits.chat(actor(token))
        house.database.writes = 0
        await house.passes(RENEW)
        assert house.database.writes == 3
        await house.passes(LEASE - TEND)
        for token in range(5):
            with pytest.raises(RateLimited):
                await other.limits.chat(actor(token))

    async def test_are_given_back_when_their_replica_is_stopped(self, house: House) -> None:
        one, other = (Replica(house, Most(chats_of_token=1)) for _ in range(2))
        tending = asyncio.create_task(shared.tend(cast(Any, house.database), house.now, one.requests, one.chats))
        (await one.limits.chat(actor())).leave()
        tending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await tending
        await other.limits.chat(actor())

    async def test_one_after_the_other_cost_few_writes(self, house: House) -> None:
        replica = Replica(house, Most(chats_of_token=10, chats_of_organization=10))
        for _ in range(100):
            places = [await replica.limits.chat(actor()) for _ in range(10)]
            with pytest.raises(RateLimited):
                await replica.limits.chat(actor())
            for place in places:
                place.leave()
        assert house.database.writes <= 25

    async def test_of_an_organization_that_is_full_leave_the_tokens_place(self, house: House) -> None:
        replica = Replica(house, Most(chats_of_token=2, chats_of_organization=3))
        places = [await replica.limits.chat(actor(token)) for token in (1, 1, 2)]
        with pytest.raises(RateLimited, match="organization"):
            await replica.limits.chat(actor(2))
        with pytest.raises(RateLimited, match="token"):
            await replica.limits.chat(actor(1))
        places[0].leave()
        await replica.limits.chat(actor(2))

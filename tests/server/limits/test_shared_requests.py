"""Requests in a minute, over several replicas."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from haymow.errors import RateLimited, Unavailable
from haymow.server.limits.rules import HOLD, TEND, Most
from tests.server.limits.replicas import House, Replica, actor

pytestmark = pytest.mark.anyio


class TestRequests:
    @pytest.mark.parametrize("at_once", [False, True])
    @pytest.mark.parametrize("most", [1, 5, 100])
    async def test_of_two_replicas_together_are_as_many_as_the_limit(
        self, house: House, most: int, at_once: bool
    ) -> None:
        one, other = (Replica(house, Most(requests_of_token=most)) for _ in range(2))
        allowed = await asyncio.gather(one.asks(most, at_once=at_once), other.asks(most, at_once=at_once))
        assert sum(allowed) == most
        assert await one.asks(1) == await other.asks(1) == 0

    async def test_over_time_stay_within_the_bound_and_use_the_limit_up(self, house: House) -> None:
        """Whatever is used was taken at most HOLD + TEND before; what is not used is given back."""
        most, minutes = 60, 5
        replicas = [Replica(house, Most(requests_of_token=most)) for _ in range(3)]
        allowed = 0
        for second in range(minutes * 60):
            for number, replica in enumerate(replicas):
                if second % 7 < 3 + number:  # busy by turns
                    allowed += await replica.asks(2, at_once=True)
            await house.passes(1)
        bound = most * (1 + (minutes * 60 + 2 * (HOLD + TEND)) / 60)
        assert bound * 0.9 < allowed <= bound

    async def test_that_a_replica_does_not_make_are_given_back(self, house: House) -> None:
        one, other = (Replica(house, Most(requests_of_token=100)) for _ in range(2))
        for _ in range(5):
            await one.asks(10)
            await house.passes(1)
        await house.passes(60)
        assert await other.asks(200) == 100

    async def test_that_a_replica_took_before_it_stood_still_are_not_made(self, house: House) -> None:
        one, other = (Replica(house, Most(requests_of_token=100)) for _ in range(2))
        await one.asks(8)
        house.dies(one)
        await house.passes(60)
        assert await other.asks(200) == 100
        assert await one.asks(10) == 0

    async def test_are_made_again_when_the_databases_clock_goes_back(self, house: House) -> None:
        replica = Replica(house, Most(requests_of_token=60))
        await replica.asks(60)
        house.back = timedelta(days=1)
        await house.passes(1)
        assert await replica.asks(1) == 0
        await house.passes(60)
        assert await replica.asks(60) == 60

    async def test_cost_few_writes(self, house: House) -> None:
        replica = Replica(house, Most(requests_of_token=6000))
        await replica.asks(1)
        house.database.writes = 0
        for _ in range(100):  # 10 seconds at 100 a second
            assert await replica.asks(10) == 10
            await house.passes(0.1)
        assert house.database.writes <= 60

    async def test_that_wait_for_one_portion_take_it_together(self, house: House) -> None:
        replica = Replica(house, Most(requests_of_token=1000))
        assert await replica.asks(200, at_once=True) == 200
        assert house.database.writes <= 3

    async def test_that_are_refused_cost_no_write_and_say_when_to_come_again(self, house: House) -> None:
        replica = Replica(house, Most(requests_of_token=6))
        await replica.asks(7)
        house.database.writes = 0
        assert await replica.asks(1000) == 0
        assert house.database.writes == 0
        with pytest.raises(RateLimited) as refused:
            await replica.limits.request(actor())
        assert refused.value.retry_after == 10
        await house.passes(refused.value.retry_after)
        assert await replica.asks(3) == 1

    async def test_of_an_organization_are_those_of_all_its_tokens(self, house: House) -> None:
        one, other = (Replica(house, Most(requests_of_token=4, requests_of_organization=6)) for _ in range(2))
        assert await one.asks(10, token=1) == 4
        assert await other.asks(10, token=2) == 2
        assert await other.asks(10, token=3) == 0

    async def test_that_the_organization_is_refused_do_not_count_for_the_token(self, house: House) -> None:
        replica = Replica(house, Most(requests_of_token=4, requests_of_organization=1))
        assert await replica.asks(50) == 1
        await house.passes(HOLD + TEND)
        assert await Replica(house, Most(requests_of_token=4)).asks(10) == 3

    async def test_are_refused_with_503_while_the_database_is_away(self, house: House) -> None:
        """Closed, not open: what a limit guards is money, and without its database haymow answers nothing else."""
        replica = Replica(house, Most(requests_of_token=10))
        house.database.is_away = True
        with pytest.raises(Unavailable):
            await replica.limits.request(actor())
        house.database.is_away = False
        assert await replica.asks(20) == 10

    async def test_whose_portion_was_lost_in_its_commit_have_changed_nothing(self, house: House) -> None:
        replica = Replica(house, Most(requests_of_token=10, chats_of_token=10))
        house.database.is_lost = True
        for attempt in (replica.limits.request(actor()), replica.limits.chat(actor())):
            with pytest.raises(Unavailable, match="Nothing was changed") as refused:
                await attempt
            assert refused.value.code == "storage_failed"

    async def test_one_who_goes_away_leaves_the_others_their_portion(self, house: House) -> None:
        replica = Replica(house, Most(requests_of_token=10))
        waiting = [asyncio.ensure_future(replica.limits.request(actor())) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.gather(*waiting[1:])
        assert await replica.asks(20) >= 7

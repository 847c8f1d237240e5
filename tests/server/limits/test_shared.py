"""Limits over several replicas: each is a `Limits` of its own, on one database, with clocks that a test sets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection

from haymow.errors import OutcomeUnknown, RateLimited, Unavailable
from haymow.server.audit.rules import Actor
from haymow.server.database import Database
from haymow.server.limits import shared, shares, store
from haymow.server.limits.rules import HOLD, LEASE, RENEW, TEND, Most
from haymow.server.limits.service import Limits, limits_of
from haymow.server.settings import Settings
from tests import databases
from tests.server.access.rooms import Clock

pytestmark = pytest.mark.anyio

T = TypeVar("T")
ORGANIZATION = UUID(int=1000)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Counted:
    """A database that counts its writes, and fails when it is told to."""

    def __init__(self, database: Database) -> None:
        self.writes = 0
        self.is_away = self.is_lost = False
        self.read, self._write = database.read, database.write

    async def write(self, unit: Callable[[Connection], T], *, long: bool = False, quiet: bool = False) -> T:
        if self.is_away:
            raise Unavailable("away")
        self.writes += 1
        written = await self._write(unit, long=long, quiet=quiet)
        if self.is_lost:
            raise OutcomeUnknown
        return written


class Replica:
    """One replica, and what is tended in it when time passes."""

    def __init__(self, house: House, most: Most) -> None:
        clock = house.seconds
        database: Any = house.database
        self.requests = shared.Requests(database, house.now, clock)
        self.chats = shared.Chats(database, uuid4(), house.now, clock)
        self.limits = Limits(most, self.requests, self.chats)
        house.replicas.append(self)

    async def asks(self, times: int, token: int = 7, at_once: bool = False) -> int:
        """How many of so many requests are allowed."""
        if at_once:
            return sum(await asyncio.gather(*(self._asks(token) for _ in range(times))))
        return sum([await self._asks(token) for _ in range(times)])

    async def _asks(self, token: int) -> bool:
        try:
            await self.limits.request(actor(token))
        except RateLimited:
            return False
        return True


def actor(token: int = 7) -> Actor:
    return Actor(ORGANIZATION, UUID(int=2), UUID(int=token), "127.0.0.1")


class House:
    """A database, and the time that goes by for all of its replicas."""

    def __init__(self, database: Counted) -> None:
        self.database = database
        self.time = Clock()
        self.back = timedelta()
        self.replicas: list[Replica] = []

    def now(self, connection: Connection) -> Any:
        return self.time() - self.back

    def seconds(self) -> float:
        return self.time().timestamp()

    async def passes(self, seconds: float) -> None:
        """Time goes by, and the living replicas do what they do every TEND."""
        end = self.seconds() + seconds
        while (left := end - self.seconds()) > 1e-6:
            self.time.advance(seconds=min(TEND, left))
            for replica in self.replicas:
                await replica.requests.tend()
                await replica.chats.tend()

    def dies(self, replica: Replica) -> None:
        self.replicas.remove(replica)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    database = databases.open_in(tmp_path)
    yield House(Counted(database))
    database.close()


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
        one, other = (Replica(house, Most(chats_of_token=2)) for _ in range(2))
        mine = [await one.limits.chat(actor()) for _ in range(2)]
        house.dies(one)
        await house.passes(LEASE + TEND)
        theirs = [await other.limits.chat(actor()) for _ in range(2)]
        house.replicas.append(one)
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
        one, other = (Replica(house, Most(chats_of_token=2)) for _ in range(2))
        mine = [await one.limits.chat(actor()) for _ in range(2)]
        house.dies(one)
        await house.passes(LEASE + TEND)
        theirs = [await other.limits.chat(actor()) for _ in range(2)]
        house.replicas.append(one)
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


async def test_what_says_nothing_any_more_is_erased(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "PORTION", 2)
    replica, database = Replica(house, Most(requests_of_token=10, chats_of_token=10)), cast(Any, house.database)
    for token in range(5):
        await replica.limits.request(actor(token))
        await replica.limits.chat(actor(token))
    house.dies(replica)
    house.time.advance(minutes=10)
    assert await house.database.read(lambda connection: store.has_older(connection, house.time()))
    await shared.erase(database, house.now)
    assert not await house.database.read(lambda connection: store.has_older(connection, house.time()))


async def test_one_server_counts_in_memory_and_writes_nothing(house: House) -> None:
    settings = Settings(requests_per_token=3, requests_per_organization=4, chats_per_token=1, chats_per_organization=2)
    limits = limits_of(settings, cast(Any, house.database))
    for _ in range(3):
        await limits.request(actor())
    with pytest.raises(RateLimited, match="token"):
        await limits.request(actor())
    await limits.request(actor(8))
    with pytest.raises(RateLimited, match="organization"):
        await limits.request(actor(8))
    place = await limits.chat(actor())
    with pytest.raises(RateLimited, match="token"):
        await limits.chat(actor())
    await limits.chat(actor(8))
    with pytest.raises(RateLimited, match="organization"):
        await limits.chat(actor(9))
    place.leave()
    await limits.chat(actor(9))
    assert house.database.writes == 0
    assert not house.replicas


async def test_the_time_is_the_databases(house: House) -> None:
    at = await house.database.read(store.now)
    assert abs((datetime.now(UTC) - at).total_seconds()) < 5

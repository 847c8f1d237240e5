from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from haymow.errors import RateLimited
from haymow.server.serving.pool import Pool
from haymow.server.serving.rules import Key


class Thing:
    def __init__(self) -> None:
        self.closed = 0

    async def close(self) -> None:
        self.closed += 1


def key(model: int, revision: int = 1, secret: int = 1, secret_id: int = 9) -> Key:
    return Key(UUID(int=1), UUID(int=model), revision, "t", ((UUID(int=secret_id), secret),))


def built(thing: Thing) -> Callable[[], Awaitable[Thing]]:
    async def build() -> Thing:
        await asyncio.sleep(0)
        return thing

    return build


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_the_least_recently_used_is_closed_when_there_are_too_many() -> None:
    async def check() -> None:
        pool: Pool[Thing] = Pool(2)
        things = [Thing() for _ in range(3)]
        for number in (0, 1, 0, 2):
            (await pool.lend(key(number), built(things[number]))).release()
        await settle()
        assert [thing.closed for thing in things] == [0, 1, 0]
        assert len(pool) == 2

    asyncio.run(check())


def test_what_is_lent_is_closed_only_when_it_is_given_back() -> None:
    async def check() -> None:
        pool: Pool[Thing] = Pool(1)
        first = Thing()
        leases = [await pool.lend(key(1), built(first)) for _ in range(2)]
        (await pool.lend(key(2), built(Thing()))).release()
        leases[0].release()
        leases[0].release()
        await settle()
        assert first.closed == 0
        leases[1].release()
        await settle()
        assert first.closed == 1

    asyncio.run(check())


@pytest.mark.parametrize(
    ("newer", "closed"),
    [
        (key(1, revision=2), 1),
        (key(1, secret=2), 1),
        (key(1, secret_id=8), 0),
        (key(2), 0),
    ],
)
def test_what_nobody_asks_for_any_more_goes_at_once(newer: Key, closed: int) -> None:
    async def check() -> None:
        pool: Pool[Thing] = Pool(8)
        old = Thing()
        (await pool.lend(key(1), built(old))).release()
        (await pool.lend(newer, built(Thing()))).release()
        await settle()
        assert old.closed == closed

    asyncio.run(check())


def test_a_caller_who_leaves_does_not_end_the_build_for_the_others() -> None:
    async def check() -> None:
        pool: Pool[Thing] = Pool(8)
        ready = asyncio.Event()
        thing = Thing()

        async def build() -> Thing:
            await ready.wait()
            return thing

        callers = [asyncio.ensure_future(pool.lend(key(1), build)) for _ in range(2)]
        await settle()
        callers[0].cancel()
        await settle()
        ready.set()
        assert (await callers[1]).live is thing

    asyncio.run(check())


def test_a_failed_build_is_everybodys_failure_and_nobodys_memory() -> None:
    async def check() -> None:
        pool: Pool[Thing] = Pool(8)

        async def fail() -> Thing:
            await asyncio.sleep(0)
            raise ValueError

        outcomes = await asyncio.gather(*(pool.lend(key(1), fail) for _ in range(3)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ValueError] * 3
        assert len(pool) == 0
        assert (await pool.lend(key(1), built(Thing()))).live.closed == 0

    asyncio.run(check())


def test_closing_the_pool_closes_everything_once() -> None:
    async def check() -> None:
        pool: Pool[Thing] = Pool(8)
        things = [Thing(), Thing()]
        lease = await pool.lend(key(1), built(things[0]))
        (await pool.lend(key(2), built(things[1]))).release()
        await pool.close()
        lease.release()
        await settle()
        assert [thing.closed for thing in things] == [1, 1]

    asyncio.run(check())


def test_each_is_lent_to_so_many_at_once_and_no_more() -> None:
    async def check() -> None:
        pool: Pool[Thing] = Pool(2, most_users=2)
        first, _ = [await pool.lend(key(1), built(Thing())) for _ in range(2)]
        with pytest.raises(RateLimited, match="Try again") as refused:
            await pool.lend(key(1), built(Thing()))
        assert refused.value.code == "model_busy"
        await pool.lend(key(2), built(Thing()))
        first.release()
        await pool.lend(key(1), built(Thing()))

    asyncio.run(check())

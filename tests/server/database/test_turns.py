"""Whoever is alone is alone, and nobody waits for ever."""

from __future__ import annotations

import asyncio

import pytest

from haymow.server.database.turns import Turns


def test_who_is_alone_waits_for_those_who_run_and_keeps_the_next_ones_out() -> None:
    async def story() -> None:
        turns, told = Turns(), []

        async def beside(name: str, go: asyncio.Event) -> None:
            await turns.enter()
            told.append(f"{name} begins")
            await go.wait()
            told.append(f"{name} ends")
            turns.leave()

        async def alone(name: str) -> None:
            await turns.enter_alone()
            told.append(f"{name} begins")
            await asyncio.sleep(0)
            told.append(f"{name} ends")
            turns.leave_alone()

        first, last = asyncio.Event(), asyncio.Event()
        tasks = [asyncio.ensure_future(beside("first", first)), asyncio.ensure_future(beside("second", first))]
        await asyncio.sleep(0)
        tasks += [asyncio.ensure_future(alone("alone")), asyncio.ensure_future(alone("another"))]
        await asyncio.sleep(0)
        assert not turns.is_free
        tasks.append(asyncio.ensure_future(beside("last", last)))
        first.set()
        last.set()
        await asyncio.gather(*tasks)
        assert told == [
            "first begins", "second begins", "first ends", "second ends",
            "alone begins", "alone ends", "another begins", "another ends", "last begins", "last ends",
        ]  # fmt: skip
        assert turns.is_free

    asyncio.run(asyncio.wait_for(story(), 10))


def test_who_gives_up_waiting_to_be_alone_lets_the_others_in() -> None:
    async def story() -> None:
        turns = Turns()
        await turns.enter()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(turns.enter_alone(), 0.01)
        assert turns.is_free
        await turns.enter()

    asyncio.run(asyncio.wait_for(story(), 10))

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from haymow.errors import HaymowError, UpstreamFailed
from haymow.server.serving.streams import MOST_WAITING, Run, Stream

Push = Callable[[Any], Coroutine[Any, Any, None]]


class Ends:
    """Counts how often a call ended."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def stream(run: Run, ends: Ends | None = None, timeout: float = 5.0) -> Stream:
    def explain(error: BaseException) -> HaymowError:
        return UpstreamFailed(type(error).__name__)

    return Stream(run, timeout, ends or Ends(), explain)


async def everything(running: Stream) -> list[Any]:
    found: list[Any] = []
    while parts := await running.parts():
        found += parts
    return found


def test_parts_come_in_order_then_the_result() -> None:
    async def run(push: Push) -> str:
        for number in range(5):
            await push(number)
            await asyncio.sleep(0)
        return "done"

    async def check() -> None:
        ends = Ends()
        running = stream(run, ends)
        await running.peek()
        assert await everything(running) == [0, 1, 2, 3, 4]
        assert (running.result(), ends.count) == ("done", 1)

    asyncio.run(check())


def test_a_generator_waits_for_a_slow_client() -> None:
    pushed = 0

    async def run(push: Push) -> None:
        nonlocal pushed
        for _ in range(3 * MOST_WAITING):
            pushed += 1
            await push(pushed)

    async def check() -> None:
        running = stream(run)
        await asyncio.sleep(0.01)
        assert pushed == MOST_WAITING
        assert len(await everything(running)) == 3 * MOST_WAITING

    asyncio.run(check())


@pytest.mark.parametrize("before", [0, 2])
def test_a_failure_comes_after_the_parts_before_it(before: int) -> None:
    async def run(push: Push) -> None:
        for number in range(before):
            await push(number)
        raise ValueError

    async def check() -> None:
        ends = Ends()
        running = stream(run, ends)
        if not before:
            with pytest.raises(UpstreamFailed, match="ValueError"):
                await running.peek()
        else:
            await running.peek()
            assert await running.parts() == [0, 1]
            with pytest.raises(UpstreamFailed, match="ValueError"):
                await running.parts()
        await asyncio.sleep(0.01)
        assert ends.count == 1

    asyncio.run(check())


def test_stopping_ends_the_call_and_whoever_waits_for_it() -> None:
    async def run(push: Push) -> None:
        await push(1)
        await asyncio.sleep(60)

    async def check() -> None:
        ends = Ends()
        running = stream(run, ends)
        assert await running.parts() == [1]
        waiting = asyncio.ensure_future(running.parts())
        await asyncio.sleep(0)
        running.stop()
        assert await waiting == []
        assert (running.result(), ends.count) == (None, 1)

    asyncio.run(check())


def test_silence_is_a_timeout_that_ends_the_call() -> None:
    async def run(push: Push) -> None:
        await push(1)
        await asyncio.sleep(60)

    async def check() -> None:
        ends = Ends()
        running = stream(run, ends, timeout=0.05)
        assert await running.parts() == [1]
        with pytest.raises(UpstreamFailed, match="TimeoutError"):
            await running.parts()
        await asyncio.sleep(0.01)
        assert ends.count == 1

    asyncio.run(check())

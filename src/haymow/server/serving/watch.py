"""Ends an answer whose client went away, or may not have it any more.

A file of its own beside the five: whole answers and streams are watched alike.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

from haymow.errors import HaymowError, Malformed, Unavailable

T = TypeVar("T")

GLANCE_SECONDS: Final = 0.05
"""How long nothing is watched: most answers have begun by then, and two tasks for each of them would be dear."""

WATCH_SECONDS: Final = 1.0
"""How often an answer that takes its time asks whether its caller may still have it."""


class Watch:
    """Calls `end`, once or twice, when the client of a request goes away or `still` raises, until it is closed.

    `receive` is the request's, with its body read. The error is for whom the answer was for.
    """

    def __init__(
        self, receive: Callable[[], Awaitable[Any]], still: Callable[[], Awaitable[object]],
        end: Callable[[HaymowError], None],
    ) -> None:  # fmt: skip
        self._receive = receive
        self._still = still
        self._end = end
        self._tasks: list[asyncio.Task[None]] = []
        self._starting = asyncio.get_running_loop().call_later(GLANCE_SECONDS, self._start)

    def close(self) -> None:
        """Watch no more."""
        self._starting.cancel()
        for task in self._tasks:
            task.cancel()

    def _start(self) -> None:
        self._tasks = [asyncio.ensure_future(self._until_gone()), asyncio.ensure_future(self._until_denied())]

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._end(Malformed("The client went away.", code="client_gone"))  # told to nobody

    async def _until_denied(self) -> None:
        try:
            while True:
                await asyncio.sleep(WATCH_SECONDS)
                await self._still()
        except HaymowError as error:
            self._end(error)
        except Exception:  # whatever it is, nobody watches any more: the answer ends
            self._end(Unavailable("haymow cannot go on now. Try again."))


async def watched(
    receive: Callable[[], Awaitable[Any]], still: Callable[[], Awaitable[object]], work: Coroutine[Any, Any, T]
) -> T:
    """The result of `work`, which is cancelled when the client goes away, or `still` raises.

    In the caller's own task: what `work` waits for is where the cancellation arrives, so nothing it made is lost.
    """
    task = asyncio.current_task()
    assert task is not None  # a coroutine runs in one
    ended: list[HaymowError] = []

    def end(error: HaymowError) -> None:
        if not ended:
            ended.append(error)
            task.cancel()

    watch = Watch(receive, still, end)
    try:
        return await work
    except asyncio.CancelledError:
        if not ended or task.uncancel():
            raise  # somebody else, the server's end perhaps
    finally:
        watch.close()
    raise ended[0]

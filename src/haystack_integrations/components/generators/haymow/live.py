"""Generators that are in use: one for the threads, one for each event loop, closed when another takes their place.

A generator keeps its asynchronous client for ever, and that client belongs to the event loop it was first used on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Any


@dataclass(slots=True)
class _Live:
    key: Hashable
    value: Any
    users: int = 0
    is_replaced: bool = False

    @property
    def is_done(self) -> bool:
        return self.is_replaced and self.users == 0


@dataclass(slots=True)
class _OfLoop:
    live: _Live | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Lender:
    """Lends what belongs to a key to any number of threads; a new key replaces the one before it.

    What is replaced is closed when its last borrower is done.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._of_threads: _Live | None = None

    @contextmanager
    def lent(self, key: Hashable, build: Callable[[], Any]) -> Iterator[Any]:
        """The key's own for the block; whoever comes first builds it, and the others wait for that."""
        with self._lock:
            live, old = self._of_threads, None
            if live is None or live.key != key:
                old, live = live, _Live(key, build())
                self._of_threads = live
            live.users += 1
            done = old is not None and _replaced(old)
        try:
            if old is not None and done:
                _close(old)
            yield live.value
        finally:
            with self._lock:
                live.users -= 1
                done = live.is_done
            if done:
                _close(live)

    def close(self) -> None:
        """Close what the threads have, when the last of them is done with it."""
        with self._lock:
            live, self._of_threads = self._of_threads, None
            done = live is not None and _replaced(live)
        if live is not None and done:
            _close(live)


class LiveGenerators(Lender):
    """Lends the generator of a key, to threads and on event loops."""

    def __init__(self) -> None:
        super().__init__()
        self._loops_lock = Lock()  # another one: no event loop waits while a thread builds
        self._of_loops: dict[asyncio.AbstractEventLoop, _OfLoop] = {}

    @asynccontextmanager
    async def lent_async(self, key: Hashable, build: Callable[[], Any]) -> AsyncIterator[Any]:
        """As `lent`, on the running event loop; `build` runs in a thread, for it may import for seconds."""
        here = self._here()
        async with here.turn:
            live = here.live
            if live is None or live.key != key:
                old, live = live, _Live(key, await asyncio.to_thread(build))
                here.live = live
                if old is not None and _replaced(old):
                    await _close_async(old)
            live.users += 1
        try:
            yield live.value
        finally:
            live.users -= 1
            if live.is_done:
                await _close_async(live)

    def close(self) -> None:
        """Close the generator of the threads, when the last caller is done with it, and those of ended loops."""
        super().close()
        self._give_up_ended()

    async def close_async(self) -> None:
        """Close the generator of the running event loop, when the last caller is done with it."""
        here = self._here()
        live, here.live = here.live, None
        if live is not None and _replaced(live):
            await _close_async(live)

    def _here(self) -> _OfLoop:
        """What belongs to the running event loop. What belonged to those that have ended is given up."""
        self._give_up_ended()
        with self._loops_lock:
            return self._of_loops.setdefault(asyncio.get_running_loop(), _OfLoop())

    def _give_up_ended(self) -> None:
        with self._loops_lock:
            ended = [self._of_loops.pop(loop) for loop in list(self._of_loops) if loop.is_closed()]
        for one in ended:
            if one.live is not None:
                _give_up(one.live)

    def close_everywhere(self) -> None:
        """Close all of them, each where it was used, when nobody is left who could use one."""
        self.close()
        for loop, one in self._of_loops.items():
            if one.live is not None and loop.is_running():
                asyncio.run_coroutine_threadsafe(_close_async(one.live), loop)


def _replaced(live: _Live) -> bool:
    """Mark it as replaced; whether nobody uses it any more."""
    live.is_replaced = True
    return live.is_done


def _close(live: _Live) -> None:
    if hasattr(live.value, "close"):
        live.value.close()


async def _close_async(live: _Live) -> None:
    if hasattr(live.value, "close_async"):
        await live.value.close_async()
    else:
        _close(live)


def _give_up(live: _Live) -> None:
    """Close what an ended event loop has taken the connections of, as far as that goes without the loop.

    A client that nobody closed closes itself when it is collected, as a task of whatever loop runs then; and what it
    cannot do without its own loop would be told to the user there.
    """
    closing = _close_async(live)
    with suppress(Exception):
        closing.send(None)  # up to where it would wait for its loop, which may be for ever
    with suppress(Exception):
        closing.close()

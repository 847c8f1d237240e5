"""An event loop in a thread of its own, for what must not hold up the one that serves."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")


class Away:
    """Runs coroutines in another thread until it is closed."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._background: set[asyncio.Task[None]] = set()
        self._thread = Thread(target=self._loop.run_forever, name="haymow-away", daemon=True)
        self._thread.start()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` returns or raises, which goes on to its end when the caller is cancelled."""
        return await asyncio.shield(asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop)))

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` in the background."""
        self._loop.call_soon_threadsafe(lambda: self._background.add(self._loop.create_task(work)))

    def close(self) -> None:
        """Wait for what runs, but for what runs in the background: that is cancelled."""
        asyncio.run_coroutine_threadsafe(self._finished(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _finished(self) -> None:
        for task in self._background:
            task.cancel()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

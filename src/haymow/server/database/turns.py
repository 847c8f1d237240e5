"""Who may change something when: side by side at first, alone when others came between.

PostgreSQL finds out that transactions are in each other's way by pages and not by rows, so where tables are small
nearly all are, and what is run again beside the others is stopped again by them. Alone it is stopped by other servers
at most.
"""

from __future__ import annotations

import asyncio


class Turns:
    """One event loop's. Those who wait are let in one after the other, as they came."""

    def __init__(self) -> None:
        self._alone = asyncio.Lock()
        self._is_quiet = asyncio.Event()
        self._running = 0

    @property
    def is_free(self) -> bool:
        """Whether nobody is alone, or wants to be."""
        return not self._alone.locked()

    def enter_at_once(self) -> None:
        """Begin beside others while it is free."""
        self._running += 1

    async def enter(self) -> None:
        """Begin beside others when it is free."""
        while self._alone.locked():
            async with self._alone:
                pass
        self._running += 1

    def leave(self) -> None:
        """End what `enter` began."""
        self._running -= 1
        if not self._running:
            self._is_quiet.set()

    async def enter_alone(self) -> None:
        """Begin when all the others have ended; nobody begins meanwhile."""
        await self._alone.acquire()
        try:
            while self._running:
                self._is_quiet.clear()
                await self._is_quiet.wait()
        except BaseException:
            self._alone.release()
            raise

    def leave_alone(self) -> None:
        """End what `enter_alone` began."""
        self._alone.release()

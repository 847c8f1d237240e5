"""Live things, kept warm: built once for each key, lent to any number of callers, closed when nobody needs them.

A file of its own beside the five: it is neither a decision nor storage, but what the service holds between calls.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from haymow.errors import Quota, RateLimited
from haymow.server.serving.rules import Key

MOST_USERS: Final = 1024

log = logging.getLogger(__name__)


class Closable(Protocol):
    """What the pool keeps."""

    async def close(self) -> None:
        """Release connections; called once, when nobody uses it."""


T = TypeVar("T", bound=Closable)


@dataclass(slots=True, eq=False)
class _Entry(Generic[T]):
    building: asyncio.Future[T]
    users: int = 0
    dropped: bool = False
    closed: bool = False


@dataclass(slots=True, eq=False)
class Lease(Generic[T]):
    """The use of a live thing until `release`, which may be called from anywhere on the loop, more than once."""

    live: T
    _entry: _Entry[T]
    _pool: Pool[T]
    _held: bool = True

    def release(self) -> None:
        """Give it back."""
        if self._held:
            self._held = False
            self._pool._give_back(self._entry)


class Pool(Generic[T]):
    """Keeps at most `most` live things, the least recently used given up first; belongs to one event loop.

    One that is in use when it is given up lives on until it is given back. It is lent to `most_users` at once, no more.
    `built` and `evicted` count: evicted are those that others needed the room of, not those that are outdated.
    """

    def __init__(self, most: int, most_users: int = MOST_USERS) -> None:
        self._most = most
        self._most_users = most_users
        self._entries: OrderedDict[Key, _Entry[T]] = OrderedDict()
        self._closing: set[asyncio.Task[None]] = set()
        self.built = 0
        self.evicted = 0

    def __len__(self) -> int:
        return len(self._entries)

    async def lend(self, key: Key, build: Callable[[], Awaitable[T]]) -> Lease[T]:
        """Lend what was built for `key`, building it first when there is none.

        Callers who ask while it is built wait for the one build. Raises what `build` raises, which is not kept, and
        RateLimited.
        """
        entry = self._entries.get(key)
        if entry is None:
            entry = self._add(key, build)
        else:
            self._entries.move_to_end(key)
        if entry.users >= self._most_users:
            quota = Quota("calls-per-model", self._most_users, None)
            message = "This model answers as many calls as it may. Try again."
            raise RateLimited(message, retry_after=1, code="model_busy", quota=quota)
        entry.users += 1
        try:
            # Shielded: a caller who goes away does not end the build that others wait for.
            live = entry.building.result() if entry.building.done() else await asyncio.shield(entry.building)
        except BaseException:
            self._give_back(entry)
            raise
        return Lease(live, entry, self)

    async def close(self) -> None:
        """Give up everything, and wait for it to be closed; what is still lent fails."""
        for key, entry in list(self._entries.items()):
            entry.users = 0
            self._drop(key)
        while self._closing:
            await asyncio.wait(self._closing)

    def _add(self, key: Key, build: Callable[[], Awaitable[T]]) -> _Entry[T]:
        outdated = [other for other in self._entries if key.outdates(other)]
        for other in outdated:
            self._drop(other)
        while len(self._entries) >= self._most:
            self._drop(next(iter(self._entries)))
            self.evicted += 1
        self.built += 1
        entry = _Entry(asyncio.ensure_future(build()))
        entry.building.add_done_callback(lambda building: self._forget_failure(key, entry))
        self._entries[key] = entry
        return entry

    def _forget_failure(self, key: Key, entry: _Entry[T]) -> None:
        failed = entry.building.cancelled() or entry.building.exception() is not None
        if failed and self._entries.get(key) is entry:
            del self._entries[key]

    def _drop(self, key: Key) -> None:
        entry = self._entries.pop(key)
        entry.dropped = True
        self._close_if_idle(entry)

    def _give_back(self, entry: _Entry[T]) -> None:
        entry.users -= 1
        self._close_if_idle(entry)

    def _close_if_idle(self, entry: _Entry[T]) -> None:
        if entry.dropped and entry.users <= 0 and not entry.closed:
            entry.closed = True
            closing = asyncio.ensure_future(_closed(entry))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)


async def _closed(entry: _Entry[T]) -> None:
    try:
        await (await entry.building).close()
    except Exception as error:
        # Its words are a library's, and may hold what the log must not.
        log.warning("a live generator did not close: %s", type(error).__name__)

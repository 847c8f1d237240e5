"""What a replica has of a limit that it shares, and how it comes by more.

A file of its own beside the five: requests and chats, which are counted differently, come by theirs in the same way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar

from haymow.errors import OutcomeUnknown, Unavailable
from haymow.server.database import Database

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")
Now = Callable[["Connection"], datetime]
Clock = Callable[[], float]

PORTION: Final = 200
"""Subjects, or rows to erase, in one unit of work."""


@dataclass(slots=True)
class Share:
    """What a replica has of a subject's limit. Of those who need more one takes it, and the others wait for that."""

    most: int = 0
    closed_until: float = 0.0
    waiting: int = 0
    taking: asyncio.Future[None] | None = None

    async def wait_for(self, more: Callable[[], Awaitable[None]]) -> None:
        """Take more, or wait until somebody has; who goes away does not end what others wait for."""
        self.waiting += 1
        try:
            await asyncio.shield(self.taking or self.begin(more))
        finally:
            self.waiting -= 1

    def begin(self, more: Callable[[], Awaitable[None]]) -> asyncio.Future[None]:
        """Take more, whether or not anybody waits for it."""

        async def taken() -> None:
            try:
                await more()
            finally:
                self.taking = None

        self.taking = asyncio.ensure_future(taken())
        self.taking.add_done_callback(lambda done: done.cancelled() or done.exception())  # looked at, if nobody waits
        return self.taking


async def written(database: Database, unit: Callable[[Connection], T]) -> T:
    """What a unit of work of the limits gives. Raises Unavailable.

    Nobody remembers what it writes, and whoever waits for it has changed nothing yet, whatever became of it.
    """
    try:
        return await database.write(unit, quiet=True)
    except OutcomeUnknown as error:
        message = "haymow lost its storage while it looked for a limit. Nothing was changed; try again."
        raise Unavailable(message, code="storage_failed") from error


def in_portions(all_of: Sequence[T]) -> Iterator[Sequence[T]]:
    """As many as one unit of work is for, and then the next."""
    return (all_of[begin : begin + PORTION] for begin in range(0, len(all_of), PORTION))

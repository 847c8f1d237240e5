"""Limits that one server counts by itself, exactly.

A file of its own beside the five: what is counted here is in no table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from haymow.server.limits.rules import Subject, granted, returned

MOST_SUBJECTS: Final = 10_000


class Requests:
    """When the bucket of each subject is full. `clock` gives seconds and only goes forward."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._full_at: dict[Subject, float] = {}

    async def take(self, subject: Subject, most: int) -> float:
        """Take one request of a limit; 0, or the seconds until there is one."""
        at = self._clock()
        grant = granted(self._full_at.get(subject), at, most, 1)
        if grant.allowed:
            self._forget_full(at)
            self._full_at[subject] = grant.full_at
        return grant.wait

    def give_back(self, subject: Subject, most: int) -> None:
        """A request that was taken is not made."""
        self._full_at[subject] = returned(self._full_at[subject], most, 1)

    def _forget_full(self, at: float) -> None:
        if len(self._full_at) >= MOST_SUBJECTS:
            self._full_at = {subject: full_at for subject, full_at in self._full_at.items() if full_at > at}


class Chats:
    """How many chats each subject has now."""

    def __init__(self) -> None:
        self._chats: dict[Subject, int] = {}

    async def take(self, subject: Subject, most: int) -> bool:
        """Begin a chat; False when there are as many as there may be."""
        chats = self._chats.get(subject, 0)
        if chats >= most:
            return False
        self._chats[subject] = chats + 1
        return True

    def give_back(self, subject: Subject) -> None:
        """A chat has ended."""
        if self._chats[subject] == 1:
            del self._chats[subject]
        else:
            self._chats[subject] -= 1

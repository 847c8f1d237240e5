"""What was found out once and holds for as long as nothing in the database changes.

A file of its own beside the five: like the pool it is what the service holds between calls. No time is in it: what is
kept is used only while the database has the version that it had before it was asked.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class VersionedCache(Generic[V]):
    """Values by their keys, of at most `most` together as `weigh` weighs them; the least recently used goes first."""

    def __init__(self, most: int, weigh: Callable[[V], int] = lambda _: 1) -> None:
        self._most = most
        self._weigh = weigh
        self._weight = 0
        self._values: OrderedDict[Hashable, tuple[int, V]] = OrderedDict()

    def get(self, key: Hashable, version: int) -> V | None:
        """The value for `key`, when it was found out at this version."""
        kept = self._values.get(key)
        if kept is None or kept[0] != version:
            return None
        self._values.move_to_end(key)
        return kept[1]

    def keep(self, key: Hashable, version: int, value: V) -> V:
        """Keep what was found out after the database's version was asked for; gives it back."""
        if (before := self._values.pop(key, None)) is not None:
            self._weight -= self._weigh(before[1])
        self._values[key] = (version, value)
        self._weight += self._weigh(value)
        while self._weight > self._most:
            _, (_, given_up) = self._values.popitem(last=False)
            self._weight -= self._weigh(given_up)
        return value

"""What was found out once and holds for as long as nothing in the database changes.

A file of its own beside the five: like the pool it is what the service holds between calls. No time is in it: what is
kept is used only while the database has the version that it had before it was asked.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class Kept(Generic[V]):
    """At most `most` values by their keys; the least recently used is given up first."""

    def __init__(self, most: int) -> None:
        self._most = most
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
        self._values[key] = (version, value)
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)
        return value

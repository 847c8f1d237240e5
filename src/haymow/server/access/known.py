"""What access remembers between requests, so that most calls need no query to know who is calling.

Every change of access commits first and forgets then, before it is acknowledged. What was read
before a change is never remembered after it: `epoch` tells. One server owns the database, so
nothing changes behind its back.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

MOST_REMEMBERED = 10_000


class Known:
    """A bounded memory that is emptied whole; cheap to fill again, impossible to get half right."""

    def __init__(self) -> None:
        self.epoch = 0
        self._known: dict[Hashable, Any] = {}

    def get(self, key: Hashable) -> Any:
        """What is remembered under `key`, or None."""
        return self._known.get(key)

    def remember(self, key: Hashable, value: Any, epoch: int) -> None:
        """Remember `value`, which was read after `epoch` was, unless something changed since."""
        if epoch != self.epoch:
            return
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[key] = value

    def forget(self) -> None:
        """Something changed: forget everything."""
        self.epoch += 1
        self._known.clear()

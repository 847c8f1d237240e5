"""What access remembers between requests, so that most calls need no query to know who is calling.

Every change of access commits first and forgets then, before it is acknowledged. What was read
before a change is never remembered after it: `epoch` tells. What other servers change is noticed
by the database, which is asked each time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

MOST_REMEMBERED = 10_000


class Known:
    """A bounded memory that is emptied whole; cheap to fill again, impossible to get half right."""

    def __init__(self, elsewhere: Callable[[], int] = lambda: 0) -> None:
        """`elsewhere` gives another number after something was changed by another server."""
        self._elsewhere = elsewhere
        self._heard = elsewhere()
        self._epoch = 0
        self._known: dict[Hashable, Any] = {}

    @property
    def epoch(self) -> int:
        """Another number after every change."""
        heard = self._elsewhere()
        if heard != self._heard:
            self._heard = heard
            self.forget()
        return self._epoch

    def get(self, key: Hashable) -> Any:
        """What is remembered under `key`, or None."""
        if self._elsewhere() != self._heard:
            return None
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
        self._epoch += 1
        self._known.clear()

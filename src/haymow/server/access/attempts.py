"""How often an address may fail to sign in.

What is guessed has 256 random bits, so this keeps nobody from a guess that is right: it keeps guessing from being dear.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address

from haymow.errors import RateLimited

MOST_FAILURES = 20
PERIOD = 60.0
"""Seconds in which an address may fail so often."""

_MOST_ADDRESSES = 10_000


@dataclass(frozen=True, slots=True)
class Attempts:
    """Failures by address, of those that failed last. `clock` gives seconds and only goes forward."""

    clock: Callable[[], float]
    _failures: OrderedDict[str, tuple[int, float]] = field(default_factory=OrderedDict)

    def begin(self, source: str) -> None:
        """Count an attempt, which fails unless it is said to have succeeded. Raises RateLimited."""
        key = _network_of(source)
        count, since = self._failures.get(key, (0, 0.0))
        left = since + PERIOD - self.clock()
        if count == 0 or left <= 0:
            count, since = 0, self.clock()
        elif count >= MOST_FAILURES:
            wait = math.ceil(left)
            raise RateLimited(f"Too many failed attempts. Try again in {wait} s.", retry_after=wait)
        self._failures[key] = (count + 1, since)
        self._failures.move_to_end(key)
        if len(self._failures) > _MOST_ADDRESSES:
            self._failures.popitem(last=False)

    def succeeded(self, source: str) -> None:
        """An attempt was none."""
        key = _network_of(source)
        count, since = self._failures.get(key, (0, 0.0))
        if count > 1:
            self._failures[key] = (count - 1, since)
        else:
            self._failures.pop(key, None)


def _network_of(source: str) -> str:
    """An address of version 4; of version 6 its network, all of whose addresses one machine may have."""
    try:
        address = ip_address(source)
    except ValueError:
        return source
    if address.version == 4 or address.ipv4_mapped is not None:
        return source
    return f"{int(address) >> 64:x}::"

"""Names made into addresses, by the system's resolver, on threads of their own.

A lookup cannot be broken off, and one whose name server is silent takes half a minute. Whoever defines a model chooses
that name server: so a name is looked up once at a time, and nothing else waits for these threads.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, NamedTuple

MOST_LOOKUPS: Final = 64
"""At once, each of another name."""


class Target(NamedTuple):
    """Where a connection really goes: an address, not a name."""

    address: str
    port: int


class Lookups:
    """Looks names up; belongs to one event loop. `look_up` blocks, and is called as socket.getaddrinfo is."""

    def __init__(self, look_up: Callable[..., Any] = socket.getaddrinfo) -> None:
        self._look_up = look_up
        self._threads = ThreadPoolExecutor(MOST_LOOKUPS, thread_name_prefix="haymow-names")
        self._running: dict[tuple[str, int], Future[list[Target]]] = {}

    async def __call__(self, host: str, port: int) -> list[Target]:
        """What is known of a name, or of an address, which is only read. Raises OSError."""
        key = (host, port)
        running = self._running.get(key)
        if running is None or running.done():
            running = self._running[key] = self._threads.submit(self._found, host, port)
        try:
            return await asyncio.shield(asyncio.wrap_future(running))  # others wait for it too
        finally:
            if running.done() and self._running.get(key) is running:
                del self._running[key]

    def _found(self, host: str, port: int) -> list[Target]:
        found = self._look_up(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(Target(str(address[0]), int(address[1])) for *_, address in found))

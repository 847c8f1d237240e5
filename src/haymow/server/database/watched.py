"""A database whose units are counted, timed and, where the request they belong to is traced, traced."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import TypeVar

from haymow.server.database.database import Database
from haymow.server.database.units import Records, Unit
from haymow.server.telemetry.figures import UNIT_SECONDS, Connections, Durations
from haymow.server.telemetry.seen import current
from haymow.server.telemetry.statements import within

T = TypeVar("T")


@dataclass
class WatchedDatabase:
    """Another `Database`; `waiting` counts the units of each kind that are asked for and not over."""

    database: Database
    seconds: Durations = field(default_factory=lambda: Durations(
        "haymow_database_unit_seconds", "How long units of work took: a write until it was on the disk.",
        ("kind",), UNIT_SECONDS,
    ))  # fmt: skip
    waiting: dict[str, int] = field(default_factory=lambda: {"read": 0, "scan": 0, "write": 0})

    async def read(self, unit: Unit[T]) -> T:
        """See `Database`."""
        return await self._timed("read", self.database.read, unit)

    async def scan(self, unit: Unit[T]) -> T:
        """See `Database`."""
        return await self._timed("scan", self.database.scan, unit)

    async def write(self, unit: Unit[T], *, long: bool = False, quiet: bool = False, contents: bool = False) -> T:
        """See `Database`."""
        write = partial(self.database.write, long=long, quiet=quiet, contents=contents)
        return await self._timed("write", write, unit)

    async def version(self) -> int:
        """See `Database`."""
        return await self.database.version()

    def elsewhere(self) -> int:
        """See `Database`."""
        return self.database.elsewhere()

    def follow(self, records: Records) -> None:
        """See `Database`."""
        self.database.follow(records)

    def pools(self) -> Mapping[str, Connections]:
        """See `Database`."""
        return self.database.pools()

    def is_stuck(self) -> bool:
        """See `Database`."""
        return self.database.is_stuck()

    def close(self) -> None:
        """See `Database`."""
        self.database.close()

    async def _timed(self, kind: str, run: Callable[[Unit[T]], Awaitable[T]], unit: Unit[T]) -> T:
        self.waiting[kind] += 1
        begun = perf_counter()
        seen = current()
        span = seen.trace.database(kind) if seen is not None and seen.trace is not None else None
        try:
            return await run(unit if span is None else within(span, unit))
        except BaseException as error:
            if span is not None:
                span.failed(error)
            raise
        finally:
            self.waiting[kind] -= 1
            self.seconds.add((kind,), perf_counter() - begun)
            if span is not None:
                span.end()

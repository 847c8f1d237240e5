"""The database as the rooms see it: `read` and `write` run units of work off the event loop."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from haymow.server.database import schema, sqlite
from haymow.server.database.lanes import Lane, Unit

T = TypeVar("T")


class Database:
    """An open, migrated database.

    A unit of work is a plain function that takes a SQLAlchemy Connection. It must not wait for
    anything but SQL: every other writer waits for it.
    """

    def __init__(self, file: Path) -> None:
        """Open and migrate `file`. Raises StartFailed when it is damaged, foreign or newer than this haymow."""
        writing = sqlite.writing_engine(file)
        schema.prepare(writing, file)
        reading = sqlite.reading_engine(file)
        self._writer = Lane("writer", 1, lambda: sqlite.Writer(writing))
        # One thread for each kind: threads that only compute take turns anyway, and batches are larger.
        self._reader = Lane("reader", 1, lambda: sqlite.Reader(reading))
        self._scanner = Lane("scanner", 1, lambda: sqlite.Reader(reading))

    async def read(self, unit: Unit[T]) -> T:
        """Run `unit` in a snapshot that holds every write acknowledged before the call."""
        return await self._reader.run(unit)

    async def scan(self, unit: Unit[T]) -> T:
        """As `read`, for what looks at many rows: what reads a few never waits behind it."""
        return await self._scanner.run(unit)

    async def write(self, unit: Unit[T]) -> T:
        """Run `unit` in a transaction; returns when its changes are on the disk, raises when none of them is."""
        return await self._writer.run(unit)

    def close(self) -> None:
        """Finish what is under way and close every connection, the writer's last."""
        self._reader.close()
        self._scanner.close()
        self._writer.close()

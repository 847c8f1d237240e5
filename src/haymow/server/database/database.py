"""The database as the rooms see it: units of work that read, look at many rows, or write."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from haymow.errors import Unavailable
from haymow.server.database import schema, sqlite
from haymow.server.database.units import Unit
from haymow.server.database.writer import Writer

T = TypeVar("T")


class Database:
    """An open, migrated database.

    A unit of work is a plain function that takes a SQLAlchemy Connection. It must not wait for
    anything but SQL: every other writer waits for it.
    """

    def __init__(self, file: Path) -> None:
        """Open and migrate `file`. Raises StartFailed when it is damaged, foreign or newer than this haymow."""
        self._closed = False
        writing = sqlite.writing_engine(file)
        schema.prepare(writing, file)
        reading = sqlite.reading_engine(file)
        self._glancer = sqlite.Glancer(reading)
        self._writer = Writer(lambda: sqlite.Writer(writing))
        self._scanner = sqlite.Reader(reading)
        self._scans = ThreadPoolExecutor(1, thread_name_prefix="haymow-scan")

    async def read(self, unit: Unit[T]) -> T:
        """Run `unit`, which finds a few rows by their keys, in a snapshot that holds every acknowledged write.

        It runs where it is asked for: a look into the embedded database takes 0.04 ms and never waits for a
        writer, a hop to another thread and back twice that (docs/adr/0002).
        """
        self._require_open()
        return self._glancer.run(unit)

    async def version(self) -> int:
        """A number that is another one after any commit: what was read at one version holds while it is the version.

        It means something in this process alone, for as long as the database is open.
        """
        self._require_open()
        return self._glancer.version()

    async def scan(self, unit: Unit[T]) -> T:
        """Run `unit`, which may look at many rows, in such a snapshot too, and away from the event loop."""
        self._require_open()
        return await asyncio.get_running_loop().run_in_executor(self._scans, self._scanner.run, unit)

    async def write(self, unit: Unit[T], *, long: bool = False) -> T:
        """Run `unit` in a transaction; returns when its changes are on the disk, raises when none of them is.

        `long` says that it may touch thousands of rows, and keeps it off the event loop.
        """
        self._require_open()
        return await self._writer.run(unit, long)

    def close(self) -> None:
        """Finish what is under way and close every connection, the writer's last."""
        self._closed = True
        self._scans.shutdown(wait=True, cancel_futures=True)
        self._scanner.close()
        self._glancer.close()
        self._writer.close()

    def _require_open(self) -> None:
        if self._closed:
            raise Unavailable("haymow is stopping. Try again.")

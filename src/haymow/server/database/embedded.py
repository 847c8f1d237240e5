"""The embedded database: one file, one server, SQLite."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from haymow.errors import Unavailable
from haymow.server.database import guarantees, schema, sqlite
from haymow.server.database.units import Records, Unit
from haymow.server.database.writer import Writer
from haymow.server.telemetry.figures import Connections

T = TypeVar("T")


class SqliteDatabase:
    """A `Database` in a file of this machine. A unit that writes keeps every other writer waiting."""

    def __init__(
        self, file: Path, permission: schema.Permission = schema.GRANTED, *, unsafe: bool = False, traced: bool = False
    ) -> None:
        """Open and migrate `file`; with `traced`, statements become part of the trace that their unit is of.

        Raises StartFailed when it is damaged, foreign, newer than this haymow, or could lose what it acknowledged and
        `unsafe` does not allow that.
        """
        self._closed = False
        kind = guarantees.check_file_system(file.parent, unsafe=unsafe)
        writing = sqlite.writing_engine(file, traced=traced)
        schema.prepare(writing, file, permission)
        guarantees.check_connection(writing, kind, unsafe=unsafe)
        reading = sqlite.reading_engine(file, traced=traced)
        self._glancer = sqlite.Glancer(reading)
        self._writer = Writer(lambda: sqlite.Writer(writing))
        self._scanner = sqlite.Reader(reading)
        self._scans = ThreadPoolExecutor(1, thread_name_prefix="haymow-scan")

    async def read(self, unit: Unit[T]) -> T:
        """See `Database`. A snapshot, and where it is asked for: a look into the file takes 0.04 ms and never waits
        for a writer, a hop to another thread and back twice that (docs/adr/0002).
        """
        self._require_open()
        return self._glancer.run(unit)

    async def version(self) -> int:
        """See `Database`."""
        self._require_open()
        return self._glancer.version()

    async def scan(self, unit: Unit[T]) -> T:
        """See `Database`. In a snapshot, in a thread."""
        self._require_open()
        return await asyncio.get_running_loop().run_in_executor(self._scans, self._scanner.run, unit)

    async def write(self, unit: Unit[T], *, long: bool = False, quiet: bool = False, contents: bool = False) -> T:
        """See `Database`. No commit is quiet here: `version` is the file's own."""
        self._require_open()
        return await self._writer.run(unit, long)

    def elsewhere(self) -> int:
        """See `Database`. No second server is let in: of this one, what was done after it was given up."""
        return self._writer.late

    def follow(self, records: Records) -> None:
        """Nothing happens elsewhere."""

    def pools(self) -> Mapping[str, Connections]:
        """None: each kind of unit has its one connection."""
        return {}

    def is_stuck(self) -> bool:
        """See `Database`. Who reads does not notice: what was read before is in memory."""
        return self._writer.is_stuck

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

"""The database as the rooms see it: units of work that read, look at many rows, or write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

from haymow.server.database.units import Records, Unit
from haymow.server.telemetry.figures import Connections

T = TypeVar("T")


class Database(Protocol):
    """An open, migrated database: `SqliteDatabase` in a file, `PostgresDatabase` shared by many servers.

    A unit of work is a plain function that takes a SQLAlchemy Connection. It waits for nothing but SQL, and may be
    run again from its start when it came to nothing, because another one came between.
    """

    async def read(self, unit: Unit[T]) -> T:
        """Run `unit`, which finds a few rows by their keys. Every write acknowledged before is seen."""

    async def scan(self, unit: Unit[T]) -> T:
        """Run `unit`, which may look at many rows, in one snapshot and away from the event loop."""

    async def write(self, unit: Unit[T], *, long: bool = False, quiet: bool = False, contents: bool = False) -> T:
        """Run `unit` as if no other ran beside it; returns when its changes are on the disk, raises when none is.

        `long` says that it may touch thousands of rows; `quiet`, that it changes nothing which is remembered anywhere
        by `version` or `elsewhere`, so neither need become another one; `contents`, that it changes what workspaces
        hold and not who may do what, so `elsewhere` need not. Raises what the unit raises, and Unavailable.
        """

    async def version(self) -> int:
        """A number that is another one after any commit but a quiet one: what was read at one holds while it is that.

        It means something in this process alone, for as long as the database is open. A commit of another server
        is noticed within a second.
        """

    def elsewhere(self) -> int:
        """A number that is another one after a commit of another server was noticed, within a second of it.

        And after one of this server's, of which nobody here may have been told. Not after one of contents alone: who
        may do what is asked for with each request, and a busy server would keep the others from remembering it.
        """

    def follow(self, records: Records) -> None:
        """Begin to notice what other servers commit, by the `records` that every change leaves."""

    def pools(self) -> Mapping[str, Connections]:
        """The pools of connections that units wait for, by what they are for; none where nobody waits for one."""

    def is_stuck(self) -> bool:
        """Whether changes have waited for the disk for longer than they may, and still do."""

    def close(self) -> None:
        """Finish what is under way and close every connection."""

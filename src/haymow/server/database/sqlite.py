"""SQLite: how connections are opened, and how a batch of units runs on one.

Write-ahead log with `synchronous=FULL`: a commit is on the disk before it is acknowledged. One
connection does all writing and all checkpoints, which also keeps clear of the WAL-reset bug of
SQLite before 3.51.3 (two connections that write and checkpoint at once may corrupt the file).
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from haymow.errors import OutcomeUnknown, Unavailable
from haymow.server.database.statements import TracedConnection
from haymow.server.database.units import Outcome, Unit

log = logging.getLogger(__name__)

T = TypeVar("T")

WAIT_SECONDS = 5.0
"""How long another program's lock is waited for; never on the event loop."""

_EVERY_CONNECTION = ("PRAGMA foreign_keys=ON", "PRAGMA temp_store=MEMORY", "PRAGMA cache_size=-16000")
_WRITER = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA wal_autocheckpoint=12000")
_READER = ("PRAGMA query_only=ON", "PRAGMA wal_autocheckpoint=0", "PRAGMA busy_timeout=0")

_TROUBLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOTADB,
}


def writing_engine(file: Path, *, traced: bool = False) -> Engine:
    """The engine of the one connection that writes."""
    return _engine(file, _EVERY_CONNECTION + _WRITER, traced=traced)


def reading_engine(file: Path, *, traced: bool = False) -> Engine:
    """An engine whose connections cannot write."""
    return _engine(file, _EVERY_CONNECTION + _READER, traced=traced)


def _engine(file: Path, pragmas: Sequence[str], *, traced: bool) -> Engine:
    # AUTOCOMMIT: pysqlite's own idea of when a transaction begins is not ours; runners say BEGIN themselves.
    engine = create_engine(
        URL.create("sqlite", database=str(file)),  # a path is not parsed: `?` and `%` are letters in it
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,  # an error may be logged, what people sent may not
        connect_args={
            "check_same_thread": False,
            "timeout": WAIT_SECONDS,
            "cached_statements": 256,
            "factory": TracedConnection if traced else sqlite3.Connection,
        },
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in pragmas:
            connection.execute(pragma)

    return engine


class _Runner:
    def __init__(self, engine: Engine) -> None:
        self._connection: Connection = engine.connect()
        raw = self._connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        self._raw = raw

    def close(self) -> None:
        self._connection.close()

    def _roll_back(self) -> None:
        if self._raw.in_transaction:
            self._raw.execute("ROLLBACK")

    def _attempt(self, unit: Unit[Any]) -> Outcome:
        try:
            return unit(self._connection), None
        except Exception as error:
            return None, _explained(error)


class Reader(_Runner):
    """Runs reads, each in a snapshot of its own."""

    def run(self, unit: Unit[T]) -> T:
        """Run one unit. Raises what it raises, and Unavailable."""
        try:
            self._raw.execute("BEGIN")
            return unit(self._connection)
        except Exception as error:
            raise _explained(error) from None
        finally:
            self._roll_back()  # nothing was written; this ends the snapshot


class Glancer(_Runner):
    """Runs short reads on an event loop: those of one turn share a snapshot, which costs as much as such a read.

    A snapshot that began before a commit is never read after it was acknowledged: its end stands in the loop's queue
    before the commit's first word can.
    """

    def run(self, unit: Unit[T]) -> T:
        """Run one unit. Raises what it raises, and Unavailable."""
        return self._in_snapshot(lambda: unit(self._connection))

    def version(self) -> int:
        """A number of this process that is another one after any commit, whoever made it."""
        try:  # outside of a snapshot it is the newest, and no snapshot has to begin and end for it
            return int(self._raw.execute("PRAGMA data_version").fetchone()[0])
        except Exception as error:
            self._end()
            raise _explained(error) from None

    def _in_snapshot(self, look: Callable[[], T]) -> T:
        try:
            if not self._raw.in_transaction:
                self._raw.execute("BEGIN")
                asyncio.get_running_loop().call_soon(self._end)
            return look()
        except Exception as error:
            self._end()
            raise _explained(error) from None

    def _end(self) -> None:
        if not self._connection.closed:
            self._roll_back()


class Busy(Exception):
    """Another program holds the database's lock; nothing was begun."""


class Writer(_Runner):
    """Runs a batch of writes in one transaction, each in a savepoint of its own."""

    def execute(self, units: Sequence[Unit[Any]], wait: bool) -> list[Outcome]:
        """Begin a transaction and run the units; what they wrote is not on the disk yet.

        With `wait`, another program's lock is waited for; without, raises Busy.
        """
        try:
            self._begin(wait)
            return [self._in_savepoint(unit) for unit in units]
        except Busy:
            raise
        except Exception as error:
            return self._failed(error, len(units))

    def _begin(self, wait: bool) -> None:
        self._raw.execute(f"PRAGMA busy_timeout={int(WAIT_SECONDS * 1000) if wait else 0}")
        try:
            self._raw.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if not wait and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise Busy from error
            raise

    def commit(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Put the transaction on the disk, when there is one; waits for it."""
        try:
            if self._raw.in_transaction:
                self._raw.execute("COMMIT")
            return outcomes
        except Exception as error:
            failed = self._failed(error, len(outcomes))
            if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_IOERR:
                return failed
            # What was not synced may be whole in the log, and whoever opens it after a crash finds it there.
            return [(None, one or OutcomeUnknown()) for _, one in outcomes]

    def checkpoint(self) -> None:
        """Write what is in the log back to the database's own pages, as far as no reader needs them as they were.

        A commit that finds the log too long does the same, while its callers wait.
        """
        try:
            self._raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error as error:  # nothing is lost: all of it is in the log still
            log.error("the storage's log could not be written back: %s", error)

    def _failed(self, error: Exception, units: int) -> list[Outcome]:
        """The batch as a whole failed: nothing of it is on the disk, so nothing of it is acknowledged."""
        self._roll_back()
        return [(None, _explained(error))] * units

    def _in_savepoint(self, unit: Unit[Any]) -> Outcome:
        self._raw.execute("SAVEPOINT unit")
        result, error = self._attempt(unit)
        if error is not None:
            if not self._raw.in_transaction:
                raise error  # SQLite gave up the whole transaction (disk full, I/O error)
            self._raw.execute("ROLLBACK TO unit")
        self._raw.execute("RELEASE unit")
        return result, error


def _explained(error: BaseException) -> BaseException:
    """Turn trouble of the storage into Unavailable; everything else is a caller's or a bug and stays as it is."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    extended = getattr(cause, "sqlite_errorcode", 0)
    primary = extended & 0xFF  # SQLite's extended codes keep the plain one in a byte
    if primary not in _TROUBLE and extended != sqlite3.SQLITE_CONSTRAINT_TRIGGER:  # no trigger is haymow's own
        return error
    log.error("storage failed: %s", cause)
    code = "storage_full" if primary == sqlite3.SQLITE_FULL else "storage_failed"
    return Unavailable("haymow cannot write to its storage now. Nothing was changed; try again.", code=code)

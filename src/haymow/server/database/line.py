"""A connection to PostgreSQL in libpq's own calls: statements are sent together, and waited for once.

psycopg's cursors spend 0.04 ms and a turn of the event loop on each statement, and an update has seven of them
(docs/adr/0019). What psycopg knows of connecting, types and errors stays psycopg's.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from psycopg import Error, OperationalError
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from sqlalchemy.util import await_only

_PREPARE: Final = None
"""Stands among the statements that were sent for what made the next one ready."""


class Line:
    """What is sent on one connection, from a greenlet of SQLAlchemy's. Raises psycopg's errors.

    After `answer` and until the next `send` the connection is as psycopg left it, and can be used through it.
    """

    def __init__(self, driver: Any) -> None:
        self.is_undecided = False
        """After an error of `answer`: whether the last statement may have been executed."""
        self.failed: str | None = None
        """The statement that failed."""
        self._pgconn = driver.pgconn
        self._types = Transformer(driver)
        self._names: dict[str, bytes] = {}
        self._made = 0
        self._sent: list[str | None] = []

    def send(self, sql: str, values: Sequence[Any]) -> None:
        """Send a statement, whose parameters are `$1` and so on, cast to their types, and wait for nothing."""
        bound = self._types.dump_sequence(values, [PyFormat.TEXT] * len(values))
        if not self._sent:
            self._pgconn.enter_pipeline_mode()
        name = self._names.get(sql) or self._prepare(sql)
        self._pgconn.send_query_prepared(name, bound)
        self._sent.append(sql)

    def _prepare(self, sql: str) -> bytes:
        self._made += 1
        name = self._names[sql] = b"haymow_%d" % self._made
        self._pgconn.send_prepare(name, sql.encode())
        self._sent.append(_PREPARE)
        return name

    def answer(self) -> Answer:
        """What became of the last statement, when all that were sent are over.

        Raises what became of the first that failed: those after it were not executed.
        """
        sent, self._sent = self._sent, []
        self.failed, self.is_undecided = None, True
        results: list[PGresult] = []
        try:
            self._flush()
            results.extend(self._results())
            self._pgconn.exit_pipeline_mode()
            self.is_undecided = False
        except OperationalError:
            if all(map(_is_done, results)):  # else the server said why, before it went
                raise
        place = next((place for place, result in enumerate(results) if not _is_done(result)), None)
        if place is not None:
            raise self._failure(sent, results, place)
        return Answer(results[-1], self._types)

    def _failure(self, sent: Sequence[str | None], results: Sequence[PGresult], place: int) -> Error:
        self.is_undecided = self.is_undecided and place == len(sent) - 1
        self.failed = sent[place] or sent[place + 1]
        error = error_from_result(results[place])
        if isinstance(error, InvalidSqlStatementName):  # it could not be prepared, or a pooler took another connection
            self._names.clear()
        return error

    def settle(self) -> None:
        """Wait for what was sent, if anything was."""
        if self._sent:
            self.answer()

    @property
    def is_idle(self) -> bool:
        """Whether no transaction is open."""
        return bool(self._pgconn.transaction_status == TransactionStatus.IDLE)

    @property
    def is_closed(self) -> bool:
        """Whether it is closed, or lost."""
        return bool(self._pgconn.status == ConnStatus.BAD)

    def cut(self) -> None:
        """Shut its socket, so that who waits for an answer hears that none will come."""
        with suppress(Exception), socket.socket(fileno=os.dup(self._pgconn.socket)) as shared:
            shared.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close it; nobody may be waiting for an answer."""
        self._pgconn.finish()

    def _flush(self) -> None:
        self._pgconn.pipeline_sync()
        while self._pgconn.flush():  # a server that is writing does not read
            self._wait(to_write=True)
            self._pgconn.consume_input()

    def _results(self) -> Iterator[PGresult]:
        """One of each statement."""
        pgconn = self._pgconn
        while True:
            while pgconn.is_busy():
                self._wait()
                pgconn.consume_input()
            result = pgconn.get_result()
            if result is None:  # the end of a statement
                if pgconn.status == ConnStatus.BAD:
                    raise OperationalError("the connection is lost")
            elif result.status == ExecStatus.PIPELINE_SYNC:
                return
            else:
                yield result

    def _wait(self, *, to_write: bool = False) -> None:
        loop, number = asyncio.get_running_loop(), self._pgconn.socket
        ready = loop.create_future()
        loop.add_reader(number, _ready, ready)
        if to_write:
            loop.add_writer(number, _ready, ready)
        try:
            await_only(ready)
        finally:
            loop.remove_reader(number)
            if to_write:
                loop.remove_writer(number)


def _is_done(result: PGresult) -> bool:
    return result.status in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


def _ready(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class Answer:
    """What a statement gave, as a cursor that has executed it says it."""

    def __init__(self, result: Any, types: Any) -> None:
        self._result = result
        self._types = types

    def fetchone(self) -> Any:
        """The first row, or None."""
        if not self._result.ntuples:
            return None
        self._types.set_pgresult(self._result)
        return self._types.load_row(0, tuple)

    def fetchall(self) -> list[Any]:
        """Every row."""
        self._types.set_pgresult(self._result)
        return list(self._types.load_rows(0, self._result.ntuples, tuple))

    @property
    def rowcount(self) -> int:
        """How many rows it touched."""
        return int(self._result.command_tuples or 0)

    @property
    def said(self) -> str:
        """What the server says it has done."""
        return str(self._result.command_status, "ascii")

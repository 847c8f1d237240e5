"""A connection to PostgreSQL in libpq's own calls: statements are sent together, and waited for once.

psycopg's cursors spend 0.04 ms and a turn of the event loop on each statement, and an update has seven of them
(docs/adr/0019). What psycopg knows of connecting, types and errors stays psycopg's.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from psycopg import Error, OperationalError
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from sqlalchemy.exc import StatementError
from sqlalchemy.util import await_only

from haymow.server.database.prepared import failure

_ONLY_READ: Final = ("SELECT ", "BEGIN ")
"""How statements begin that write nothing. No function that writes is called in them."""


_DONE: Final = frozenset((ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK))


class Line:
    """What is sent on one connection, from a greenlet of SQLAlchemy's. Raises SQLAlchemy's errors.

    Between `wait` and the next `send` the connection is as psycopg left it, and can be used through it.
    """

    def __init__(self, driver: Any) -> None:
        self.is_undecided = False
        """After an error of `wait`: whether the last statement may have been executed."""
        self.has_written = False
        """Whether, since `begin`, a statement was executed that may write, whoever sent it."""
        self._pgconn = driver.pgconn
        self._types = Transformer(driver)
        self._names: dict[str, bytes] = {}
        self._made = 0
        self._sent: list[Statement] = []
        self._opening: str | None = None

    def begin(self, sql: str) -> None:
        """Let a transaction begin with the next statement."""
        self._opening, self.has_written = sql, False

    def note(self, sql: str) -> None:
        """Know of a statement that is about to be executed."""
        if not self.has_written:
            self.has_written = not sql.startswith(_ONLY_READ)

    def look(self, sql: str, values: Sequence[Any]) -> Statement:
        """What a statement gives before the transaction that is to begin."""
        opening, self._opening = self._opening, None
        try:
            return self.execute(sql, values)
        finally:
            self._opening = opening

    def execute(self, sql: str, values: Sequence[Any]) -> Statement:
        """Send a statement, and wait for what becomes of it."""
        statement = self.send(sql, values)
        self.wait()
        return statement

    def send(self, sql: str, values: Sequence[Any]) -> Statement:
        """Send a statement, whose parameters are `$1` and so on, cast to their types, and wait for nothing."""
        self.note(sql)
        try:
            bound = self._types.dump_sequence(values, [PyFormat.TEXT] * len(values))
            if self._opening is not None:
                self._open()
            if not self._sent:
                self._pgconn.enter_pipeline_mode()
            statement = Statement(sql, self, self._types)
            name = self._names.get(sql) or self._prepare(statement)
            self._pgconn.send_query_prepared(name, bound)
        except Error as error:
            raise failure(error, sql) from error
        self._sent.append(statement)
        return statement

    def _open(self) -> None:
        opening, self._opening = self._opening, None
        if opening is not None:
            Line.send(self, opening, ())  # no statement of the unit's

    def _prepare(self, statement: Statement) -> bytes:
        self._made += 1
        name = self._names[statement.sql] = b"haymow_%d" % self._made
        self._pgconn.send_prepare(name, statement.sql.encode())
        self._sent.append(Preparation(statement.sql, self, self._types))
        return name

    def wait(self) -> None:
        """Wait until all that were sent are over.

        Raises what became of the first that failed: those after it were not executed.
        """
        sent, self._sent = self._sent, []
        self.is_undecided = True
        results: list[PGresult] = []
        try:
            self._flush()
            self._read_into(results)
            self._pgconn.exit_pipeline_mode()
            self.is_undecided = False
        except OperationalError as error:
            if all(result.status in _DONE for result in results):  # else the server said why, before it went
                raise failure(error, sent[-1].sql) from error
        except BaseException:  # nobody reads the rest of what comes
            self.close()
            raise
        for place, (statement, result) in enumerate(zip(sent, results, strict=False)):
            if result.status not in _DONE:
                self.is_undecided = self.is_undecided and place == len(sent) - 1
                self._forget(sent[place:])
                raise self._failed(statement, result)
            statement.result = result

    def _forget(self, undone: Sequence[Statement]) -> None:
        """Prepare anew what was not prepared behind a failure: whoever used its name would have to begin again."""
        for one in undone:
            if isinstance(one, Preparation):
                del self._names[one.sql]

    def _failed(self, statement: Statement, result: PGresult) -> StatementError:
        error = error_from_result(result)
        if isinstance(error, InvalidSqlStatementName):  # a pooler took another connection
            self._names.clear()
        failed = failure(error, statement.sql)
        failed.__cause__ = error
        return failed

    def settle(self) -> None:
        """Wait for what was sent, if anything was, and for the transaction's beginning."""
        self._open()
        if self._sent:
            self.wait()

    def roll_back(self) -> None:
        """End what was begun, if anything was."""
        self._opening = None
        with suppress(StatementError):
            self.settle()
        # psycopg's own rollback forgets whatever was prepared.
        if self._pgconn.transaction_status != TransactionStatus.IDLE:
            self.execute("ROLLBACK", ())

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

    def _read_into(self, results: list[PGresult]) -> None:
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
                results.append(result)

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


def _ready(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class Statement:
    """One that was sent, as a cursor that has executed it; who asks waits for what became of it."""

    __slots__ = ("_line", "_types", "result", "sql")

    def __init__(self, sql: str, line: Line, types: Any) -> None:
        self.sql = sql
        self.result: Any = None
        self._line = line
        self._types = types

    def fetchone(self) -> Any:
        """The first row, or None."""
        result = self._over()
        if not result.ntuples:
            return None
        self._types.set_pgresult(result)
        return self._types.load_row(0, tuple)

    def fetchall(self) -> list[Any]:
        """Every row."""
        result = self._over()
        self._types.set_pgresult(result)
        return list(self._types.load_rows(0, result.ntuples, tuple))

    @property
    def rowcount(self) -> int:
        """How many rows it touched."""
        return int(self._over().command_tuples or 0)

    @property
    def said(self) -> str:
        """What the server says it has done."""
        return str(self._over().command_status, "ascii")

    def _over(self) -> Any:
        if self.result is None:
            self._line.settle()
        if self.result is None:
            raise RuntimeError("A unit of work asks for a statement that was sent behind one that failed.")
        return self.result


class Preparation(Statement):
    """What lets the server prepare a statement, before it is sent for the first time."""

    __slots__ = ()

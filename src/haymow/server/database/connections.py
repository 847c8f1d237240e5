"""The connections of a pool: opened when they are first needed, lent, taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from uuid import UUID

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import StatementError
from sqlalchemy.util import await_only

from haymow.server.database import postgres
from haymow.server.database.cluster_statements import TracedLine
from haymow.server.database.line import Line
from haymow.server.database.prepared import LINE, line_of
from haymow.server.database.units import SERVER
from haymow.server.telemetry.figures import Connections


class KeptConnections:
    """At most `most`, lent from greenlets of SQLAlchemy's; the one that came back last is lent first.

    They are SQLAlchemy's, taken out of its pool: to check one out and in again takes as long as an update's statements.
    """

    def __init__(self, url: URL, most: int, server: UUID, *, traced: bool = False) -> None:
        self._engine = postgres.engine(url, traced=traced).sync_engine
        self._line = TracedLine if traced else Line
        self._server = server
        self._free = asyncio.Semaphore(most)
        self._idle: list[Connection] = []
        self._lent: set[Line] = set()
        self.figures = Connections(most, lambda: len(self._lent))
        self._closed = False
        event.listen(self._engine, "before_cursor_execute", _settle)

    @contextmanager
    def lent(self, until: float) -> Iterator[Connection]:
        """A connection, whose socket is shut at a time: a server that is not there any more does not say so.

        What is not committed is rolled back. Raises Unavailable when none comes free in time, DBAPIError.
        """
        connection = self._taken()
        line: Line = line_of(connection)
        self._lent.add(line)
        timer = asyncio.get_running_loop().call_at(until, line.cut)
        try:
            yield connection
        finally:
            try:
                self._take_back(connection, line)
            finally:
                timer.cancel()  # the server may be gone when it is asked to roll back, too
                self._lent.discard(line)
                self._free.release()

    def _taken(self) -> Connection:
        """A connection, for which somebody else may have to give it back first."""
        figures, begun = self.figures, perf_counter()
        figures.waiting += 1
        try:
            self._wait_for_one()
            return self._idle.pop() if self._idle else self._connected()
        finally:
            figures.waiting -= 1
            figures.waited.add(perf_counter() - begun)

    def _wait_for_one(self) -> None:
        entering = self._free.acquire()
        if self._free.locked():
            entering = asyncio.wait_for(entering, postgres.WAIT_SECONDS)
        try:
            await_only(entering)
        except TimeoutError:
            raise postgres.overloaded() from None

    def _connected(self) -> Connection:
        try:
            connection = self._engine.connect()
            line = self._line(connection.connection.driver_connection)
            connection.execution_options(**{SERVER: self._server, LINE: line})
            connection.detach()
        except BaseException:
            self._free.release()
            raise
        self.figures.open += 1
        return connection

    def _take_back(self, connection: Connection, line: Line) -> None:
        try:
            if not line.is_closed:
                _roll_back(connection, line)
        except StatementError:
            line.close()
        except BaseException:  # nobody waits for what the server would say
            line.close()
            raise
        finally:
            if self._closed or line.is_closed or connection.invalidated:
                self._drop(line)
            else:
                self._idle.append(connection)

    def _drop(self, line: Line) -> None:
        line.close()
        self.figures.open -= 1

    def close(self) -> None:
        """Close every connection, whatever it is doing."""
        self._closed = True
        while self._idle:
            self._drop(line_of(self._idle.pop()))
        for line in self._lent:  # whoever has it hears of it, and closes it
            line.cut()


def _settle(connection: Connection, cursor: object, sql: str, *_: object) -> None:
    """Before SQLAlchemy executes something itself."""
    line: Line | None = line_of(connection)
    if line is not None:
        line.settle()
        line.note(sql)


def _roll_back(connection: Connection, line: Line) -> None:
    line.roll_back()
    if connection.in_transaction():  # SQLAlchemy says it has begun one when it has executed anything
        connection.rollback()

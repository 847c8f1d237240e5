"""Units of work on PostgreSQL: a bounded pool of connections for one event loop.

A unit is a plain function; SQLAlchemy's greenlets let it wait for the server and hold neither the loop nor a thread.
One that writes runs in a SERIALIZABLE transaction: what it decided by what it read is still so when it commits, or it
is run again. So the rooms' units need no locks of their own (docs/adr/0013).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from itertools import count
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.util import await_only, greenlet_spawn

from haymow.errors import HaymowError, OutcomeUnknown
from haymow.server.database import postgres
from haymow.server.database.connections import KeptConnections
from haymow.server.database.line import Line
from haymow.server.database.postgres import Again, Lost
from haymow.server.database.prepared import line_of
from haymow.server.database.turns import Turns
from haymow.server.database.units import Unit
from haymow.server.telemetry.figures import Connections

T = TypeVar("T")

_LONGEST_PAUSE: Final = 0.05


class Mode(Enum):
    """What a unit's transaction begins with; LOOK's statements are each a transaction of their own."""

    LOOK = ""
    SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    CHANGE = "BEGIN ISOLATION LEVEL SERIALIZABLE"


class Pool:
    """At most `most` connections, each opened when it is first needed."""

    def __init__(self, url: URL, most: int, server: UUID, *, traced: bool = False) -> None:
        self._connections = KeptConnections(url, most, server, traced=traced)
        self._most = most
        self._closed = False
        self._turns = Turns()

    @property
    def connections(self) -> Connections:
        """Its figures."""
        return self._connections.figures

    async def run(
        self,
        unit: Unit[T],
        mode: Mode,
        seconds: float = postgres.UNIT_SECONDS,
        changed: Callable[[bool], object] = bool,
    ) -> T:
        """Run one unit, to its end even when its caller is cancelled meanwhile. Raises what it raises, Unavailable.

        `changed` is called when it is committed, or may be, before anybody hears of it, with whether it wrote anything.
        """
        loop = asyncio.get_running_loop()
        attempts = loop.create_task(greenlet_spawn(self._attempts, unit, mode, loop.time() + seconds, changed))
        try:
            return await asyncio.shield(attempts)
        except asyncio.CancelledError:
            attempts.add_done_callback(_unheard)
            raise

    def _attempts(self, unit: Unit[T], mode: Mode, until: float, changed: Callable[[bool], object]) -> T:
        now, lost, broken, again = asyncio.get_running_loop().time, 0, None, False
        for tried in count(1):
            try:
                with self._turn(mode, until, alone=again):
                    return self._attempt(unit, mode, until, changed)
            except (Again, Lost) as error:
                lost, again = lost + isinstance(error, Lost), isinstance(error, Again)
                pause = random.uniform(0, min(0.001 * 2**tried, _LONGEST_PAUSE))
                if now() + pause > until or lost > self._most or self._closed:  # all that the pool kept may be dead
                    raise postgres.given_up(error) from error.__cause__
                await_only(asyncio.sleep(pause))
            except (HaymowError, IntegrityError) as error:
                before, broken = broken, postgres.broken_constraint(error)
                if broken is None or broken == before:
                    raise
        raise AssertionError  # count never ends

    def _attempt(self, unit: Unit[T], mode: Mode, until: float, changed: Callable[[bool], object]) -> T:
        try:
            with self._connections.lent(until) as connection:
                return unit(connection) if mode is Mode.LOOK else _transact(connection, unit, mode, changed)
        except DBAPIError as error:
            meant = postgres.explained(error)
            if meant is error:  # nothing is its own cause: who followed it would come to no end
                raise
            raise meant from error

    @contextmanager
    def _turn(self, mode: Mode, until: float, *, alone: bool) -> Iterator[None]:
        """What is run again is run alone: else those who are in each other's way would be so again."""
        if mode is not Mode.CHANGE:
            yield
            return
        turns = self._turns
        begin, end = (turns.enter_alone, turns.leave_alone) if alone else (turns.enter, turns.leave)
        try:
            if alone or not turns.is_free:
                await_only(asyncio.wait_for(begin(), until - asyncio.get_running_loop().time()))
            else:
                turns.enter_at_once()
        except TimeoutError:
            raise postgres.overloaded() from None
        try:
            yield
        finally:
            end()

    def close(self) -> None:
        """Close every connection, whatever it is doing."""
        self._closed = True
        self._connections.close()


def _unheard(attempts: asyncio.Task[Any]) -> None:
    """Take what is raised when nobody waits for it any more: else the loop would complain."""
    if not attempts.cancelled():
        attempts.exception()


def _transact(connection: Connection, unit: Unit[T], mode: Mode, changed: Callable[[bool], object]) -> T:
    """What is not committed is rolled back when the connection is given back."""
    line: Line = line_of(connection)
    line.begin(mode.value)
    result = unit(connection)
    if mode is Mode.CHANGE:
        _commit(line, changed)
    return result


def _commit(line: Line, changed: Callable[[bool], object]) -> None:
    has_written, undone = line.has_written, False
    try:
        said = line.execute("COMMIT", ()).said
        if said != "COMMIT":  # a server answers ROLLBACK, and no error, when a statement before had failed
            undone = True
            raise RuntimeError("A unit of work went on after a statement of it had failed.")
    except DBAPIError as error:
        if line.is_undecided:
            raise OutcomeUnknown from error
        undone = True
        raise
    finally:
        if not undone:
            changed(has_written)

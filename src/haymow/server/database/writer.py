"""The writer: units of work run in batches on the event loop, and are committed away from it.

A batch is whatever waits when the commit before it is done. Its units only compute on pages in
memory, so they run where they were asked for: two threads that hand Python's lock and its objects to
and fro would cost a third more (docs/adr/0002). What waits for the disk, the commit, does so in a
thread; and so does a batch that holds a long unit.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, TypeVar

from haymow.errors import OutcomeUnknown, Unavailable
from haymow.server.database import sqlite
from haymow.server.database.units import Outcome, Unit

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_UNITS_IN_A_BATCH = 16
MOST_WAITING = 10_000

QUIET_SECONDS = 0.25
"""How long nothing is asked for before the log is written back, so that no commit has to wait for it."""
UNITS_WORTH_IT = 250
"""How many units make enough of a log."""

STUCK_SECONDS = 20.0
"""How long a batch may take. Whoever waits is told then that the storage does not answer, whatever it does later."""


class _Ticket(NamedTuple):
    unit: Unit[Any]
    future: asyncio.Future[Any]
    long: bool


class Writer:
    """One connection and the units that wait for it. Used on one event loop at a time."""

    def __init__(self, open_runner: Callable[[], sqlite.Writer]) -> None:
        self._open_runner = open_runner
        self._runner = open_runner()
        self._waiting: deque[_Ticket] = deque()
        self._working: asyncio.Task[None] | None = None
        self._away: Future[list[Outcome]] | None = None
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="haymow-commit")
        self._closed = False
        self.is_stuck = False
        """Whether the disk has kept a batch for longer than it may, and still does."""
        self.late = 0
        """How many batches were over when nobody waited for them any more."""
        self._units_in_log = 0
        self._quiet: asyncio.TimerHandle | None = None

    async def run(self, unit: Unit[T], long: bool = False) -> T:
        """Run `unit` in the next batch; its result, once it is on the disk. Raises what it raises, and Unavailable.

        A unit runs to its end and is committed even when its caller is cancelled meanwhile.
        """
        if self.is_stuck:
            raise _stuck()
        if len(self._waiting) >= MOST_WAITING:
            raise Unavailable("haymow has more to write than it can. Try again.", code="overloaded")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Ticket(unit, future, long))
        if self._working is None or self._working.done():
            self._working = asyncio.ensure_future(self._work())
        return await future

    def close(self) -> None:
        """Commit what waits, and close the connection."""
        self._closed = True
        self._disk.shutdown(wait=True)
        while self._waiting:
            tickets = self._taken()
            _answer(tickets, self._executed_and_committed(tickets))
        self._runner.close()

    async def _work(self) -> None:
        with self._watched():
            await self._at_rest()
        while self._waiting and not self._closed:
            tickets = self._taken()
            self._away = self._begun(tickets)
            with self._watched(tickets):
                outcomes = await asyncio.shield(asyncio.wrap_future(self._away))
            _answer(tickets, outcomes)
            self._units_in_log += len(tickets)
        self._wait_for_quiet()

    @contextmanager
    def _watched(self, tickets: Sequence[_Ticket] = ()) -> Iterator[None]:
        """Let nobody wait for ever for a disk that does not answer."""
        timer = asyncio.get_running_loop().call_later(STUCK_SECONDS, self._give_up, tickets)
        try:
            yield
        finally:
            timer.cancel()
            if self.is_stuck:
                log.warning("the storage answers again")
                self.late += 1
            self.is_stuck = False

    def _give_up(self, tickets: Sequence[_Ticket]) -> None:
        log.error("the storage has not finished a change for %.0f seconds", STUCK_SECONDS)
        self.is_stuck = True
        _answer(tickets, [(None, OutcomeUnknown())] * len(tickets))
        while self._waiting:  # and will not be executed
            _answer([self._waiting.popleft()], [(None, _stuck())])

    def _wait_for_quiet(self) -> None:
        if self._quiet is not None:
            self._quiet.cancel()
        if self._units_in_log >= UNITS_WORTH_IT:
            self._quiet = asyncio.get_running_loop().call_later(QUIET_SECONDS, self._write_back)

    def _write_back(self) -> None:
        """A unit that is asked for meanwhile waits for it in `_at_rest`."""
        if self._working is not None and self._working.done() and not self._closed:
            self._units_in_log = 0
            self._away = self._disk.submit(self._written_back)

    def _written_back(self) -> list[Outcome]:
        self._runner.checkpoint()
        return []

    def _begun(self, tickets: Sequence[_Ticket]) -> Future[list[Outcome]]:
        if not any(ticket.long for ticket in tickets):
            with suppress(sqlite.Busy):
                return self._disk.submit(self._committed, self._executed(tickets, wait=False))
        return self._disk.submit(self._executed_and_committed, tickets)

    async def _at_rest(self) -> None:
        """Wait for a batch whose event loop ended while it was committed, or for the log: the connection is in use."""
        if self._away is not None and not self._away.done():
            await asyncio.wait([asyncio.wrap_future(self._away)])

    def _taken(self) -> list[_Ticket]:
        return [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_UNITS_IN_A_BATCH))]

    def _executed_and_committed(self, tickets: Sequence[_Ticket]) -> list[Outcome]:
        return self._committed(self._executed(tickets, wait=True))

    def _executed(self, tickets: Sequence[_Ticket], wait: bool) -> list[Outcome]:
        try:
            return self._runner.execute([ticket.unit for ticket in tickets], wait)
        except sqlite.Busy:
            raise
        except BaseException as error:  # whatever it was, those who wait must hear
            return self._broken(error, len(tickets))

    def _committed(self, outcomes: list[Outcome]) -> list[Outcome]:
        try:
            return self._runner.commit(outcomes)
        except BaseException as error:
            return self._broken(error, len(outcomes))

    def _broken(self, error: BaseException, units: int) -> list[Outcome]:
        """Another connection in the place of one that failed; nothing of the batch is acknowledged."""
        log.error("a connection to the storage broke, a new one takes its place: %s", error)
        with suppress(Exception):
            self._runner.close()
        try:
            self._runner = self._open_runner()
        except Exception as failure:
            log.error("cannot connect to the storage: %s", failure)
        return [(None, Unavailable("haymow's storage failed. Try again.", code="storage_failed"))] * units


def _stuck() -> Unavailable:
    return Unavailable("haymow's storage does not answer. Nothing was changed. Try again later.", code="storage_failed")


def _answer(tickets: Sequence[_Ticket], outcomes: list[Outcome]) -> None:
    for ticket, (result, error) in zip(tickets, outcomes, strict=True):
        if ticket.future.done() or ticket.future.get_loop().is_closed():
            continue  # nobody waits any more; what was committed stays committed
        if error is None:
            ticket.future.set_result(result)
        else:
            ticket.future.set_exception(error)

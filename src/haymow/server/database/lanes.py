"""Lanes: threads that run units of work in batches and answer the event loop once a batch.

A thread hop and a commit for each call cost far more than the SQL they carry (docs/adr/0002), so
whatever waits in the queue is taken together: one transaction, one wake-up of the event loop.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection

from haymow.errors import Unavailable

log = logging.getLogger(__name__)

T = TypeVar("T")
Unit = Callable[[Connection], T]
Outcome = tuple[Any, BaseException | None]

MOST_UNITS_IN_A_BATCH = 64


@dataclass(frozen=True, slots=True)
class _Ticket:
    unit: Unit[Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


class Lane:
    """One queue of units and the threads that serve it.

    `open_runner` opens a connection for each thread; what it returns runs batches there, and is
    closed when the lane ends.
    """

    def __init__(self, name: str, threads: int, open_runner: Callable[[], BatchRunner]) -> None:
        self._queue: SimpleQueue[_Ticket | None] = SimpleQueue()
        self._open_runner = open_runner
        self._closing = threading.Lock()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._serve, args=(open_runner(),), name=f"haymow-{name}-{n}", daemon=True)
            for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    async def run(self, unit: Unit[T]) -> T:
        """Run `unit` on a thread; its result or its error is the caller's. Raises Unavailable when closed."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._closing:
            if self._closed:
                raise Unavailable("haymow is stopping. Try again.")
            self._queue.put(_Ticket(unit, future, loop))
        return await future

    def close(self) -> None:
        """Finish what is queued, then end the threads."""
        with self._closing:
            self._closed = True
            for _ in self._threads:
                self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _serve(self, runner: BatchRunner) -> None:
        ending = False
        while not ending:
            tickets, ending = self._take()
            if tickets:
                try:
                    outcomes = runner.run([ticket.unit for ticket in tickets])
                except BaseException as error:  # whatever it was, those who wait must hear
                    log.error("a connection to the storage broke, a new one takes its place: %s", error)
                    outcomes = [(None, Unavailable("haymow's storage failed. Try again.", code="storage_failed"))]
                    outcomes *= len(tickets)
                    runner = self._replaced(runner)
                _answer(tickets, outcomes)
        runner.close()

    def _replaced(self, broken: BatchRunner) -> BatchRunner:
        """A new connection; the broken one when there is none to be had, to be tried again with the next batch."""
        with suppress(Exception):
            broken.close()
        try:
            return self._open_runner()
        except Exception:
            log.exception("cannot connect to the storage")
            return broken

    def _take(self) -> tuple[list[_Ticket], bool]:
        """Wait for one ticket, then take all that wait behind it."""
        tickets: list[_Ticket] = []
        ticket = self._queue.get()
        while ticket is not None:
            tickets.append(ticket)
            if len(tickets) == MOST_UNITS_IN_A_BATCH:
                return tickets, False
            try:
                ticket = self._queue.get_nowait()
            except Empty:
                return tickets, False
        return tickets, True


class BatchRunner:
    """Runs batches on one connection; each dialect has its own."""

    def run(self, units: Sequence[Unit[Any]]) -> list[Outcome]:
        """Run every unit and give its outcome, durable if it wrote. Raises when the connection is of no use."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connection."""
        raise NotImplementedError


def _answer(tickets: Sequence[_Ticket], outcomes: Sequence[Outcome]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Ticket, Outcome]]] = {}
    for ticket, outcome in zip(tickets, outcomes, strict=True):
        by_loop.setdefault(ticket.loop, []).append((ticket, outcome))
    for loop, pairs in by_loop.items():
        # A loop that is gone has nobody left to tell; what was committed stays committed.
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, pairs)


def _resolve(pairs: Sequence[tuple[_Ticket, Outcome]]) -> None:
    for ticket, (result, error) in pairs:
        if ticket.future.done():
            continue
        if error is None:
            ticket.future.set_result(result)
        else:
            ticket.future.set_exception(error)

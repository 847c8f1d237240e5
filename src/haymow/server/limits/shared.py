"""Limits that several replicas share: each takes portions of them out of the database, and gives back what is left.

A file of its own beside the five. A portion is taken by a short unit of work about once a second for each subject that
is busy, never by each request; whoever needs one waits for it with the others (docs/adr/0015).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from haymow.server.database import Database
from haymow.server.limits import rules, store
from haymow.server.limits.rules import HOLD, LEASE, REFUSED, RENEW, TEND, Grant, Subject

if TYPE_CHECKING:
    from sqlalchemy import Connection

log = logging.getLogger(__name__)

Now = Callable[["Connection"], datetime]
Clock = Callable[[], float]

PORTION: Final = 200
"""Rows erased in one unit of work."""
_OLD: Final = timedelta(minutes=5)
_ERASE_EVERY: Final = 60
"""Turns of TEND."""


@dataclass(slots=True)
class _Portion:
    """What a replica has of a subject's requests: `left` of `size`, taken at `since`; `used` since then."""

    most: int = 0
    size: int = 1
    left: int = 0
    used: int = 0
    since: float = 0.0
    closed_until: float = 0.0
    waiting: int = 0
    taking: asyncio.Future[None] | None = None


class Requests:
    """Requests of a limit, as `memory.Requests` has them. `now` is the database's time, `clock` this process's."""

    def __init__(self, database: Database, now: Now, clock: Clock) -> None:
        self._database = database
        self._now = now
        self._clock = clock
        self._portions: dict[Subject, _Portion] = {}

    async def take(self, subject: Subject, most: int) -> float:
        """Take one request of a limit; 0, or the seconds until there is one. Raises Unavailable."""
        mine = self._portions.setdefault(subject, _Portion(since=self._clock()))
        mine.most = most
        while not mine.left:
            wait = mine.closed_until - self._clock()
            if wait > 0:
                return wait
            mine.waiting += 1
            try:
                await _one_at_a_time(mine, lambda: self._more(subject, mine))
            finally:
                mine.waiting -= 1
        mine.left -= 1
        mine.used += 1
        if mine.left < mine.size // 4 and mine.taking is None and mine.closed_until <= self._clock():
            _begun(mine, lambda: self._more(subject, mine))  # before anybody has to wait for it
        return 0.0

    def give_back(self, subject: Subject, most: int) -> None:
        """A request that was taken is not made."""
        mine = self._portions.setdefault(subject, _Portion(most, since=self._clock()))
        mine.left += 1

    async def _more(self, subject: Subject, mine: _Portion) -> None:
        wanted = rules.portion(mine.size, self._clock() - mine.since, mine.waiting, mine.most)
        grant = await self._database.write(
            lambda connection: self._grant(connection, subject, mine.most, wanted), quiet=True
        )
        mine.size, mine.since, mine.used = wanted, self._clock(), 0
        mine.left += grant.allowed
        mine.closed_until = mine.since + grant.wait

    def _grant(self, connection: Connection, subject: Subject, most: int, wanted: int) -> Grant:
        full_at, at = store.full_at(connection, subject), self._now(connection).timestamp()
        grant = rules.granted(full_at.timestamp() if full_at else None, at, most, wanted)
        if grant.allowed:
            store.put_full_at(connection, subject, datetime.fromtimestamp(grant.full_at, UTC))
        return grant

    async def tend(self) -> None:
        """Give back what was taken HOLD ago and is not used, and forget who asks for nothing. Raises Unavailable."""
        at = self._clock()
        old = {subject: mine for subject, mine in self._portions.items() if at - mine.since >= HOLD and not mine.taking}
        unused = [(subject, mine.most, mine.left) for subject, mine in old.items() if mine.left]
        for subject, mine in old.items():
            mine.left = 0
            if not mine.used and not mine.waiting and mine.closed_until <= at:
                del self._portions[subject]
            mine.used = 0
        if unused:
            await self._database.write(lambda connection: self._give_back(connection, unused), quiet=True)

    def _give_back(self, connection: Connection, unused: list[tuple[Subject, int, int]]) -> None:
        for subject, most, count in unused:
            full_at = store.full_at(connection, subject)
            if full_at is not None:
                returned = rules.returned(full_at.timestamp(), most, count)
                store.put_full_at(connection, subject, datetime.fromtimestamp(returned, UTC))


@dataclass(slots=True)
class _Places:
    """What a replica has of a subject's chats: places for `held`, of which `used` are taken; `told` is in the table."""

    held: int = 0
    used: int = 0
    told: int = 0
    spare_since: float = 0.0
    closed_until: float = 0.0
    waiting: int = 0
    taking: asyncio.Future[None] | None = None


class Chats:
    """Chats at once, as `memory.Chats` has them."""

    def __init__(self, database: Database, replica: UUID, now: Now, clock: Clock) -> None:
        self._database = database
        self._replica = replica
        self._now = now
        self._clock = clock
        self._places: dict[Subject, _Places] = {}
        self._renewed = clock()

    async def take(self, subject: Subject, most: int) -> bool:
        """Begin a chat; False when there are as many as there may be. Raises Unavailable."""
        mine = self._places.setdefault(subject, _Places())
        while mine.used >= mine.held:
            if self._clock() < mine.closed_until:
                return False
            mine.waiting += 1
            try:
                await _one_at_a_time(mine, lambda: self._more(subject, mine, most))
            finally:
                mine.waiting -= 1
        mine.used += 1
        return True

    def give_back(self, subject: Subject) -> None:
        """A chat has ended."""
        mine = self._places[subject]
        mine.used -= 1
        mine.spare_since = self._clock()

    async def _more(self, subject: Subject, mine: _Places, most: int) -> None:
        wanted = max(1, mine.waiting - (mine.held - mine.used))

        def more(connection: Connection) -> int:
            at = self._now(connection)
            room = most - mine.held - store.chats_of_others(connection, subject, self._replica, at)
            held = mine.held + max(0, min(wanted, room))
            store.put_chats(connection, subject, self._replica, held, at + timedelta(seconds=LEASE))
            return held

        held = await self._database.write(more, quiet=True)
        if held == mine.held:
            mine.closed_until = self._clock() + REFUSED
        mine.held = mine.told = held
        mine.spare_since = self._clock()

    async def tend(self) -> None:
        """Give back places that were free for HOLD, and say that the others are still held. Raises Unavailable."""
        at = self._clock()
        for mine in self._places.values():
            if mine.used < mine.held and at - mine.spare_since >= HOLD and not mine.taking:
                mine.held = mine.used
        due = at - self._renewed >= RENEW
        told = [
            (subject, mine, mine.held)
            for subject, mine in self._places.items()
            if not mine.taking and (mine.held != mine.told or (due and mine.held))
        ]
        if told:
            await self._tell(told)
        if due:
            self._renewed = at
        for subject in [subject for subject, mine in self._places.items() if _is_over(mine)]:
            del self._places[subject]

    async def _tell(self, told: list[tuple[Subject, _Places, int]]) -> None:
        def tell(connection: Connection) -> None:
            until = self._now(connection) + timedelta(seconds=LEASE)
            for subject, _, held in told:
                store.put_chats(connection, subject, self._replica, held, until)

        telling = asyncio.ensure_future(self._database.write(tell, quiet=True))
        for _, mine, _ in told:
            mine.taking = telling
        try:
            await asyncio.shield(telling)
            for _, mine, held in told:
                mine.told = held
        finally:
            for _, mine, _ in told:
                mine.taking = None


def _is_over(mine: _Places) -> bool:
    return not (mine.held or mine.told or mine.used or mine.waiting or mine.taking)


async def _one_at_a_time(mine: _Portion | _Places, take: Callable[[], Awaitable[None]]) -> None:
    """Take more, or wait until somebody has; who goes away does not end what others wait for."""
    await asyncio.shield(mine.taking or _begun(mine, take))


def _begun(mine: _Portion | _Places, take: Callable[[], Awaitable[None]]) -> asyncio.Future[None]:
    async def taken() -> None:
        try:
            await take()
        finally:
            mine.taking = None

    mine.taking = asyncio.ensure_future(taken())
    mine.taking.add_done_callback(lambda done: done.cancelled() or done.exception())  # looked at, if nobody waits
    return mine.taking


async def tend(database: Database, now: Now, requests: Requests, chats: Chats) -> None:
    """Give back, renew and erase, until cancelled."""
    turn = 0
    while True:
        await asyncio.sleep(TEND)
        turn += 1
        try:
            await requests.tend()
            await chats.tend()
            if turn % _ERASE_EVERY == 0:
                await erase(database, now)
        except Exception:  # the next turn may succeed, and there has to be one
            log.exception("limits are not tended now")


async def erase(database: Database, now: Now) -> None:
    """Take away what says nothing any more, in portions."""
    while await database.read(lambda connection: store.has_older(connection, now(connection) - _OLD)):
        await database.write(
            lambda connection: store.erase_older(connection, now(connection) - _OLD, PORTION), quiet=True
        )

"""Limits that several replicas share: each takes portions of them out of the database, and gives back what is left.

A file of its own beside the five. A portion is taken by a short unit of work about once a second for each subject that
is busy, never by each request; whoever needs one waits for it with the others (docs/adr/0015).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final
from uuid import UUID

from haymow.server.database import Database
from haymow.server.limits import rules, store
from haymow.server.limits.rules import HOLD, LEASE, REFUSED, RENEW, TEND, Grant, Subject
from haymow.server.limits.shares import PORTION, Clock, Now, Share, in_portions, written

if TYPE_CHECKING:
    from sqlalchemy import Connection

log = logging.getLogger(__name__)

_OLD: Final = timedelta(minutes=5)
_ERASE_SECONDS: Final = 60.0
_CLOSE_SECONDS: Final = 1.0


@dataclass(slots=True)
class _RequestShare(Share):
    """Requests taken out of the bucket: `left` of a portion of `size` that was asked for at `since`; `used` of it."""

    size: int = 1
    left: int = 0
    used: int = 0
    since: float = 0.0

    def drop_old(self, at: float) -> None:
        """A process that stood still has not given back what was left, and may not use it any more."""
        if at - self.since > HOLD + TEND:
            self.left = 0


class Requests:
    """Requests of a limit, as `memory.Requests` has them. `now` is the database's time, `clock` this process's."""

    def __init__(self, database: Database, now: Now, clock: Clock) -> None:
        self._database = database
        self._now = now
        self._clock = clock
        self._shares: dict[Subject, _RequestShare] = {}

    async def take(self, subject: Subject, most: int) -> float:
        """Take one request of a limit; 0, or the seconds until there is one. Raises Unavailable."""
        mine = self._shares.setdefault(subject, _RequestShare(since=self._clock()))
        mine.most = most
        mine.drop_old(self._clock())
        while not mine.left:
            wait = mine.closed_until - self._clock()
            if wait > 0:
                return wait
            await mine.wait_for(lambda: self._more(subject, mine))
        mine.left -= 1
        mine.used += 1
        if mine.left < mine.size // 4 and mine.taking is None and mine.closed_until <= self._clock():
            mine.begin(lambda: self._more(subject, mine))  # before anybody has to wait for it
        return 0.0

    def give_back(self, subject: Subject, most: int) -> None:
        """A request that was taken is not made."""
        mine = self._shares.setdefault(subject, _RequestShare(most, since=self._clock()))
        mine.left += 1

    async def _more(self, subject: Subject, mine: _RequestShare) -> None:
        asked = self._clock()
        wanted = rules.portion(mine.size, asked - mine.since, mine.waiting, mine.most)
        grant = await written(self._database, lambda c: self._grant(c, subject, mine.most, wanted))
        mine.size, mine.since, mine.used = wanted, asked, 0
        mine.left += grant.allowed
        mine.closed_until = self._clock() + grant.wait

    def _grant(self, connection: Connection, subject: Subject, most: int, wanted: int) -> Grant:
        found, at = store.full_at(connection, subject), self._now(connection).timestamp()
        grant = rules.granted(full_at := found.timestamp() if found else at, at, most, wanted)
        if grant.allowed or grant.full_at < full_at:
            store.put_full_at(connection, subject, datetime.fromtimestamp(grant.full_at, UTC))
        return grant

    async def tend(self) -> None:
        """Give back what was taken HOLD ago and is not used, and forget who asks for nothing. Raises Unavailable."""
        at = self._clock()
        old = {subject: mine for subject, mine in self._shares.items() if at - mine.since >= HOLD and not mine.taking}
        unused = [(subject, mine.most, mine.left) for subject, mine in old.items() if mine.left]
        for subject, mine in old.items():
            mine.left = 0
            if not mine.used and not mine.waiting and mine.closed_until <= at:
                del self._shares[subject]
            mine.used = 0
        for portion in in_portions(unused):
            await written(self._database, partial(self._give_back, portion))

    def _give_back(self, unused: Sequence[tuple[Subject, int, int]], connection: Connection) -> None:
        for subject, most, count in unused:
            full_at = store.full_at(connection, subject)
            if full_at is not None:
                returned = rules.returned(full_at.timestamp(), most, count)
                store.put_full_at(connection, subject, datetime.fromtimestamp(returned, UTC))


@dataclass(slots=True)
class _ChatShare(Share):
    """Places for chats: `held`, of which `used` are taken; the table says `told`.

    Until the lease `lapses` no other replica has them, and there is `room` for so many in all: for fewer than are held
    when chats went on here while the lease was lost.
    """

    held: int = 0
    used: int = 0
    told: int = 0
    room: int = 0
    lapses: float = 0.0
    spare_since: float = 0.0

    def has_place(self, at: float) -> bool:
        """Whether a chat may begin without a word to anybody."""
        return self.used < min(self.held, self.room) and at < self.lapses

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to remember."""
        return not (self.held or self.told or self.used or self.waiting or self.taking)


_Wanted = Sequence[tuple[Subject, _ChatShare, int]]


class Chats:
    """Chats at once, as `memory.Chats` has them."""

    def __init__(self, database: Database, replica: UUID, now: Now, clock: Clock) -> None:
        self._database = database
        self._replica = replica
        self._now = now
        self._clock = clock
        self._shares: dict[Subject, _ChatShare] = {}
        self._renewed = clock()

    async def take(self, subject: Subject, most: int) -> bool:
        """Begin a chat; False when there are as many as there may be. Raises Unavailable."""
        mine = self._shares.setdefault(subject, _ChatShare())
        mine.most = most
        while not mine.has_place(self._clock()):
            if self._clock() < mine.closed_until:
                return False
            await mine.wait_for(lambda: self._more(subject, mine))
        mine.used += 1
        return True

    def give_back(self, subject: Subject) -> None:
        """A chat has ended."""
        mine = self._shares[subject]
        mine.used -= 1
        mine.spare_since = self._clock()

    async def _more(self, subject: Subject, mine: _ChatShare) -> None:
        await self._hold([(subject, mine, mine.used + mine.waiting)])
        mine.spare_since = self._clock()
        if not mine.has_place(mine.spare_since):
            mine.closed_until = mine.spare_since + REFUSED

    async def _hold(self, wanted: _Wanted) -> None:
        """Say how many places are held, and until when: as many as are wanted and there is room for."""
        asked = self._clock()
        found = await written(self._database, lambda connection: self._held(connection, wanted))
        for (_, mine, _), (held, room) in zip(wanted, found, strict=True):
            mine.told, mine.held, mine.room = held, max(held, mine.used), room
            mine.lapses = asked + LEASE

    def _held(self, connection: Connection, wanted: _Wanted) -> list[tuple[int, int]]:
        at, found = self._now(connection), []
        for subject, mine, count in wanted:
            room = mine.most - store.chats_of_others(connection, subject, self._replica, at)
            held = max(mine.used, min(count, room))  # what is under way is held, whatever others were given meanwhile
            store.put_chats(connection, subject, self._replica, held, at + timedelta(seconds=LEASE))
            found.append((held, room))
        return found

    async def tend(self) -> None:
        """Give back places that were free for HOLD, and say that the others are still held. Raises Unavailable."""
        at = self._clock()
        self._let_go(HOLD)
        due = at - self._renewed >= RENEW
        told = [
            (subject, mine, mine.held)
            for subject, mine in self._shares.items()
            if not mine.taking and (mine.held != mine.told or (due and mine.held))
        ]
        for portion in in_portions(told):
            await self._tell(portion)
        if due:
            self._renewed = at
        for subject in [subject for subject, mine in self._shares.items() if mine.is_over]:
            del self._shares[subject]

    async def close(self) -> None:
        """Give back every place that is free: nobody will use it. Raises Unavailable."""
        self._let_go(0)
        for told in in_portions([(subject, mine, mine.held) for subject, mine in self._shares.items() if mine.told]):
            await self._hold(told)

    def _let_go(self, seconds: float) -> None:
        at = self._clock()
        for mine in self._shares.values():
            if mine.used < mine.held and at - mine.spare_since >= seconds and not mine.taking:
                mine.held = mine.used

    async def _tell(self, told: _Wanted) -> None:
        telling = asyncio.ensure_future(self._hold(told))
        for _, mine, _ in told:
            mine.taking = telling
        try:
            await asyncio.shield(telling)
        finally:
            for _, mine, _ in told:
                mine.taking = None


async def tend(database: Database, now: Now, requests: Requests, chats: Chats) -> None:
    """Give back, renew and erase, until cancelled; none of the three waits for the others."""
    try:
        await asyncio.gather(
            _every(TEND, requests.tend),
            _every(TEND, chats.tend),
            _every(_ERASE_SECONDS, lambda: erase(database, now)),
        )
    finally:
        with suppress(Exception):  # else the leases end by themselves
            async with asyncio.timeout(_CLOSE_SECONDS):
                await chats.close()


async def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception:  # the next turn may succeed, and there has to be one
            log.exception("limits are not tended now")


async def erase(database: Database, now: Now) -> None:
    """Take away what says nothing any more, in portions."""
    while await database.read(lambda connection: store.has_older(connection, now(connection) - _OLD)):
        await written(database, lambda c: store.erase_older(c, now(c) - _OLD, PORTION))

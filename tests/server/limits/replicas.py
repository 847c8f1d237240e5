"""Replicas that share a database: each is a `Limits` of its own, and a test sets all of their clocks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Connection

from haymow.errors import OutcomeUnknown, RateLimited, Unavailable
from haymow.server.audit.rules import Actor
from haymow.server.database import Database
from haymow.server.limits import shared
from haymow.server.limits.rules import TEND, Most
from haymow.server.limits.service import Limits
from tests.clocks import Clock

T = TypeVar("T")
ORGANIZATION = UUID(int=1000)


class Counted:
    """A database that counts its writes, and fails when it is told to."""

    def __init__(self, database: Database) -> None:
        self.writes = 0
        self.is_away = self.is_lost = False
        self.read, self._write = database.read, database.write

    async def write(self, unit: Callable[[Connection], T], *, long: bool = False, quiet: bool = False) -> T:
        if self.is_away:
            raise Unavailable("away")
        self.writes += 1
        written = await self._write(unit, long=long, quiet=quiet)
        if self.is_lost:
            raise OutcomeUnknown
        return written


class Replica:
    """One replica, and what is tended in it when time passes."""

    def __init__(self, house: House, most: Most) -> None:
        clock = house.seconds
        database: Any = house.database
        self.requests = shared.Requests(database, house.now, clock)
        self.chats = shared.Chats(database, uuid4(), house.now, clock)
        self.limits = Limits(most, self.requests, self.chats)
        house.replicas.append(self)

    async def asks(self, times: int, token: int = 7, at_once: bool = False) -> int:
        """How many of so many requests are allowed."""
        if at_once:
            return sum(await asyncio.gather(*(self._asks(token) for _ in range(times))))
        return sum([await self._asks(token) for _ in range(times)])

    async def _asks(self, token: int) -> bool:
        try:
            await self.limits.request(actor(token))
        except RateLimited:
            return False
        return True


def actor(token: int = 7) -> Actor:
    return Actor(ORGANIZATION, UUID(int=2), UUID(int=token), "127.0.0.1")


class House:
    """A database, and the time that goes by for all of its replicas."""

    def __init__(self, database: Counted) -> None:
        self.database = database
        self.time = Clock()
        self.back = timedelta()
        self.replicas: list[Replica] = []

    def now(self, connection: Connection) -> Any:
        return self.time() - self.back

    def seconds(self) -> float:
        return self.time().timestamp()

    async def passes(self, seconds: float) -> None:
        """Time goes by, and the living replicas do what they do every TEND."""
        end = self.seconds() + seconds
        while (left := end - self.seconds()) > 1e-6:
            self.time.advance(seconds=min(TEND, left))
            for replica in self.replicas:
                await replica.requests.tend()
                await replica.chats.tend()

    def dies(self, replica: Replica) -> None:
        self.replicas.remove(replica)

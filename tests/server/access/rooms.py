"""The access room on a real database, with a clock that a test sets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection

from haymow.errors import Unauthenticated
from haymow.server.access.attempts import Attempts
from haymow.server.access.rules import Kind, Person, Principal, Role
from haymow.server.access.service import Access
from haymow.server.access.sessions import Sessions
from haymow.server.access.tokens import NewToken, Tokens
from haymow.server.database import Database
from tests import databases, looking
from tests.clocks import Clock, Stopwatch


@dataclass(frozen=True)
class Rooms:
    """People, their tokens and their sessions."""

    folder: Path
    database: Database
    clock: Clock
    access: Access
    tokens: Tokens
    sessions: Sessions
    stopwatch: Stopwatch

    async def admin(self) -> Principal:
        """Whoever the first start made, by a new token."""
        await self.tokens.start("first start")
        return await self.access.authenticate(await self.tokens.for_first_admin("test"), "test")

    async def member(self, admin: Principal, role: Role = Role.USER) -> Person:
        """A new person of the organization."""
        person = Person(uuid4(), "Ada", "L", f"{uuid4().hex}@example.com")
        return (await self.access.add_member(admin, person, role)).person

    async def begin_with_token(self, token: str, source: str) -> tuple[Principal, str]:
        """A session and its cookie's text."""
        return await self._begin(token, Kind.TOKEN, source)

    async def begin_with_code(self, code: str, source: str) -> tuple[Principal, str]:
        """The same, by a link's code."""
        return await self._begin(code, Kind.LINK, source)

    async def signed_in(self, cookie: str) -> Principal:
        """Who is calling, by a session's cookie."""
        return await self.access.authenticate(cookie, "test", Kind.SESSION)

    async def _begin(self, text: str, kind: Kind, source: str) -> tuple[Principal, str]:
        async with self.sessions.attempt(source):
            beginning = await self.sessions.beginning(text, kind, source)
            begun = await self.access.change(beginning.unit)
        return begun.principal, begun.cookie

    async def text(self, admin: Principal, wanted: NewToken) -> str:
        """The text of a new token."""
        return (await self.tokens.create(admin, wanted))[1]


@contextmanager
def open_rooms(folder: Path) -> Iterator[Rooms]:
    clock, stopwatch = Clock(), Stopwatch()
    database = databases.open_in(folder)
    access = Access(database, clock, uuid4)
    try:
        yield Rooms(folder, database, clock, access, Tokens(access), Sessions(access, Attempts(stopwatch)), stopwatch)
    finally:
        database.close()


class Held:
    """Keeps every change from being made until it is let go, so that what is asked for waits; looking does not.

    In a file the one writer is busy, and what waits is done in the order it was asked for. On PostgreSQL somebody has
    locked the tables that changes touch first, and what waits goes on all at once, each with what it had seen before.
    """

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._begun, self._go = threading.Event(), threading.Event()

    async def __aenter__(self) -> Held:
        if databases.is_shared():
            self._holding = asyncio.ensure_future(asyncio.to_thread(self._lock))
        else:
            self._holding = asyncio.ensure_future(self._rooms.database.write(self._wait, long=True))
        await asyncio.to_thread(self._begun.wait, 10)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.let_go()
        await self._holding

    def let_go(self) -> None:
        self._go.set()

    def _wait(self, _: Connection | None = None) -> None:
        self._begun.set()
        self._go.wait(10)

    def _lock(self) -> None:
        tables = "audit, tokens, members, workspace_members, workspaces, users, organizations"
        with looking.connected(self._rooms.folder) as connection:
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql(f"LOCK TABLE {tables} IN EXCLUSIVE MODE")
            self._wait()
            connection.exec_driver_sql("ROLLBACK")


def run(test: Coroutine[Any, Any, None]) -> None:
    """Run a test's coroutine, which is over soon."""
    asyncio.run(asyncio.wait_for(test, 30))


async def refusal_of(attempt: Coroutine[Any, Any, Any]) -> str:
    """The code of a failure that says nobody is calling."""
    with pytest.raises(Unauthenticated) as caught:
        await attempt
    return caught.value.code

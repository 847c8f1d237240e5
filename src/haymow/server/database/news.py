"""What other servers committed: heard at once where the database can tell, and looked for twice a second.

What this server committed is looked for, too: of what was committed after it had been given up nobody was told.

Every change leaves a record in its own transaction. Their numbers are given when a record is made and not when it is
committed, so a later one may be seen first: records are counted above a number that is older than any transaction
can be. No clock of another machine is asked, and no server has to be there when another one commits.

What concerns the contents of workspaces alone is told apart from what may concern who may do what: the one is changed
all the time, and the other is remembered for each request.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Final
from uuid import UUID

import psycopg
from sqlalchemy import URL, Connection

from haymow.server.database.pool import Mode, Pool
from haymow.server.database.postgres import CONNECT, LONG_SECONDS
from haymow.server.database.units import Counts, Records

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.5
GOOD_SECONDS: Final = 2.0
"""How long after a look nothing that is remembered is doubted."""
TELL_SECONDS: Final = 0.05
"""How often, at most, others are told; a server that commits all the time would wake them all the time."""
_CHANNEL: Final = "haymow"
_CONTENTS: Final = " contents"
"""Follows the id of a server that tells of contents alone. Where that is not known yet, both are taken for an id."""
_MARGIN_SECONDS: Final = 2
_UNDER_WAY_AT_START: Final = 100_000


class Marks:
    """Numbers of records, of which the oldest is one to count from: no transaction is open that made one below it."""

    def __init__(self, newest: int) -> None:
        # What was under way when this server started may have any of the numbers that were given out before.
        self._seen: deque[tuple[float, int]] = deque([(float("-inf"), newest - _UNDER_WAY_AT_START)])
        self._above: Counts | None = None

    def next(self, now: float) -> tuple[int, int]:
        """The number to count from, and the one to count from the next time."""
        number = self._seen[0][1]
        while len(self._seen) > 1 and self._seen[1][0] < now - LONG_SECONDS - _MARGIN_SECONDS:
            self._seen.popleft()
        return number, self._seen[0][1]

    def moved(self, now: float, above: Counts, above_next: Counts, newest: int) -> tuple[bool, bool]:
        """Whether a record is there that was not counted before, and one that is not of contents alone."""
        before, self._above = self._above, above_next
        if newest > self._seen[-1][1]:
            self._seen.append((now, newest))
        return before != above, before is None or before.of_rights != above.of_rights


class News:
    """Says when something was changed elsewhere. One server's, told from its event loop, followed in a thread."""

    def __init__(self, url: URL, pool: Pool, server: UUID) -> None:
        self._url, self._pool, self._id = url, pool, server.hex
        self._heard = Counts(0, 0)
        self._doubts = 0  # counted apart: of a sum that is told from two threads, a number would come again
        self._rights_to_tell: bool | None = None  # whether of rights; None while there is nothing to tell
        self._good_until = float("-inf")
        self._telling: asyncio.Task[None] | None = None

    def heard(self) -> Counts:
        """Other numbers after each change that was noticed, and each time it is asked while there are no news."""
        if monotonic() > self._good_until:
            self._doubts += 1
        heard = self._heard
        return Counts(heard.all + self._doubts, heard.of_rights + self._doubts)

    def hear(self, *, rights: bool) -> None:
        """Something was changed elsewhere. Called in the thread alone, as `heard` is on the event loop alone."""
        self._heard = Counts(self._heard.all + 1, self._heard.of_rights + rights)

    def tell(self, pool: Pool, *, rights: bool) -> None:
        """Tell the others that something was committed here, soon and together with what follows."""
        self._rights_to_tell = rights or bool(self._rights_to_tell)
        if self._telling is None or self._telling.done():
            self._telling = asyncio.get_running_loop().create_task(self._told(pool))

    def close(self) -> None:
        """Tell nobody any more: they look for themselves."""
        if self._telling is not None:
            with suppress(RuntimeError):  # its loop has ended
                self._telling.cancel()

    async def _told(self, pool: Pool) -> None:
        while self._rights_to_tell is not None:  # also what was committed while others were told
            await asyncio.sleep(TELL_SECONDS)
            rights, self._rights_to_tell = self._rights_to_tell, None
            said = self._id if rights else self._id + _CONTENTS
            tell = f"SELECT pg_notify('{_CHANNEL}', '{said}')"
            with suppress(Exception):  # those who cannot be told look for themselves
                await pool.run(partial(_execute, tell), Mode.LOOK)

    async def follow(self, records: Records) -> None:
        """Listen and look, until it is cancelled."""
        listening = asyncio.create_task(self._listened())
        marks: Marks | None = None
        try:
            while True:
                try:
                    marks = marks or Marks(await self._pool.run(records.newest, Mode.LOOK))
                    await self._look(records, marks)
                except Exception as error:  # nothing that is remembered is good until there are news again
                    log.warning("other servers' changes cannot be looked for: %s", type(error).__name__)
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            listening.cancel()

    async def _look(self, records: Records, marks: Marks) -> None:
        asked = monotonic()
        number, later = marks.next(asked)

        def look(connection: Connection) -> tuple[Counts, Counts, int]:
            return *records.counted(connection, number, later), records.newest(connection)

        moved, rights = marks.moved(asked, *await self._pool.run(look, Mode.SNAPSHOT))
        if moved:
            self.hear(rights=rights)
        self._good_until = asked + GOOD_SECONDS

    async def _listened(self) -> None:
        while True:
            with suppress(psycopg.Error):  # a database that cannot tell, or that is away: what is looked for is enough
                await self._listen()
            await asyncio.sleep(LOOK_SECONDS)

    async def _listen(self) -> None:
        conninfo = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True, **CONNECT) as connection:
            await connection.execute(f"LISTEN {_CHANNEL}")
            async for notice in connection.notifies():
                server = notice.payload.removesuffix(_CONTENTS)
                if server != self._id:
                    self.hear(rights=server == notice.payload)


def _execute(sql: str, connection: Connection) -> None:
    connection.exec_driver_sql(sql)

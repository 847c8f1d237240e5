"""The database that many servers share: PostgreSQL, and what speaks its protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import TypeVar
from uuid import uuid4

from sqlalchemy import URL

from haymow.errors import Unavailable
from haymow.server.database import cluster_schema, postgres, schema
from haymow.server.database.away import Away
from haymow.server.database.news import News
from haymow.server.database.pool import Mode, Pool
from haymow.server.database.units import Records, Unit
from haymow.server.telemetry.figures import Connections

T = TypeVar("T")

SCANNING = 2
"""Connections for what may look at or touch many rows, and for news."""


class PostgresDatabase:
    """A `Database` that other servers read and change, too.

    Short units run on the caller's event loop, over at most `connections`; the others on a loop in a thread, over
    two more, so that thousands of rows keep no other caller waiting.
    """

    def __init__(
        self,
        url: URL,
        connections: int,
        *,
        unsafe: bool = False,
        permission: schema.Permission = schema.GRANTED,
        traced: bool = False,
    ) -> None:
        """Open and migrate the database at `url`; with `traced`, statements become part of their unit's trace.

        Raises StartFailed when it cannot be reached, is foreign, is newer than this haymow, or could lose what it
        acknowledged and `unsafe` does not allow that.
        """
        cluster_schema.prepare(url, permission, unsafe=unsafe)
        self._closed = False
        self._commits = 0
        server = uuid4()
        self._near = Pool(url, connections, server, traced=traced)
        self._far = Pool(url, SCANNING, server, traced=traced)
        self._away = Away()
        self._news = News(url, self._far, server)

    async def read(self, unit: Unit[T]) -> T:
        """See `Database`. Not one snapshot: each statement sees what is newest when it runs."""
        self._require_open()
        return await self._near.run(unit, Mode.LOOK)

    async def scan(self, unit: Unit[T]) -> T:
        """See `Database`."""
        self._require_open()
        return await self._away.run(self._far.run(unit, Mode.SNAPSHOT))

    async def write(self, unit: Unit[T], *, long: bool = False, quiet: bool = False, contents: bool = False) -> T:
        """See `Database`. Raises OutcomeUnknown, too, when the connection was lost during the commit."""
        self._require_open()
        changed = _nothing if quiet else self._contents_changed if contents else self._changed
        if not long:
            return await self._near.run(unit, Mode.CHANGE, changed=changed)
        changed = partial(_in, asyncio.get_running_loop(), changed)
        return await self._away.run(self._far.run(unit, Mode.CHANGE, postgres.LONG_SECONDS, changed))

    def _contents_changed(self, has_written: bool) -> None:
        self._changed(has_written, rights=False)

    def _changed(self, has_written: bool, *, rights: bool = True) -> None:
        """A unit was committed, or may have been, whether or not its caller still waits.

        One that wrote nothing may have found what another server wrote: nothing older may be remembered here after it.
        """
        self._commits += 1
        if has_written:
            self._news.tell(self._near, rights=rights)

    async def version(self) -> int:
        """See `Database`."""
        self._require_open()
        return self._commits + self._news.heard().all

    def elsewhere(self) -> int:
        """See `Database`. While nothing can be heard of the others, another number each time."""
        return self._news.heard().of_rights

    def follow(self, records: Records) -> None:
        """See `Database`. Until it is called, nothing that was read before counts as good."""
        self._away.start(self._news.follow(records))

    def pools(self) -> Mapping[str, Connections]:
        """See `Database`."""
        return {"short": self._near.connections, "long": self._far.connections}

    def is_stuck(self) -> bool:
        """Never: a unit has its end, after which it is given up."""
        return False

    def close(self) -> None:
        """Finish what is under way away from the event loop, and close every connection."""
        if self._closed:
            return
        self._closed = True
        self._news.close()
        self._away.close()
        self._far.close()
        self._near.close()

    def _require_open(self) -> None:
        if self._closed:
            raise Unavailable("haymow is stopping. Try again.")


def _nothing(has_written: bool) -> None:
    """Nobody remembers what was changed."""


def _in(loop: asyncio.AbstractEventLoop, call: Callable[[bool], None], has_written: bool) -> None:
    with suppress(RuntimeError):  # the loop has ended
        loop.call_soon_threadsafe(call, has_written)

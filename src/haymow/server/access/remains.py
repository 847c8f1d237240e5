"""What a deleted workspace or a removed member has left: taken away in portions, each a short unit of work of its own.

A file of its own beside the five. The workspace goes in one unit, and from then on nobody sees anything of it. Its
tokens, and what higher rooms keep under its id, may be millions of rows: in one unit they would keep others waiting,
and where a unit has to end in time, they would never go. So may a member's tokens, which open nothing from then on.
Whatever is broken off is gone on with, by whichever server looks next.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

from haymow.errors import HaymowError
from haymow.server.access import remains_store
from haymow.server.database import Database

if TYPE_CHECKING:
    from sqlalchemy import Connection

log = logging.getLogger(__name__)

Erase = Callable[["Connection", UUID, int], int]
"""Takes away at most so many rows of one kind that one has; how many they were. Fewer: none is left."""


class Leftovers(NamedTuple):
    """Of what something may be left, and what it is called; where it is noted, and how its tokens are taken away."""

    what: str
    all_ids: Callable[[Connection], list[UUID]]
    remove_note: Callable[[Connection, UUID], None]
    erase: Sequence[Erase]


WORKSPACES: Final = Leftovers(
    "a deleted workspace",
    remains_store.workspace_ids,
    remains_store.remove_workspace_note,
    (remains_store.erase_workspace_sessions, remains_store.erase_workspace),
)
MEMBERS: Final = Leftovers(
    "a removed member",
    remains_store.member_ids,
    remains_store.remove_member_note,
    (remains_store.erase_member_sessions, remains_store.erase_member),
)

PORTION_SECONDS: Final = 0.05
"""How long a portion should take: so many rows are in it."""
PORTIONS: Final = (250, 5000)
"""The fewest and the most rows of one."""
PATIENCE_SECONDS: Final = 10.0
"""How long who deletes or removes one waits for the last of it."""
_TEND_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Remains:
    """Takes away what is left of deleted workspaces, or of removed members: tokens, then what else `erase` knows."""

    database: Database
    erase: Sequence[Erase] = ()
    of: Leftovers = WORKSPACES
    _erasing: dict[UUID, asyncio.Task[None]] = field(default_factory=dict, repr=False)

    async def gone(self, one_id: UUID) -> None:
        """Begin to take away what is left of one, and wait for its end, but not for ever."""
        await asyncio.wait([self._begun(one_id)], timeout=PATIENCE_SECONDS)

    async def tend(self) -> None:
        """Take away what others have left when they were broken off, until cancelled."""
        try:
            while True:
                try:
                    await self.go_on()
                except Exception:  # the next turn may succeed, and there has to be one
                    log.exception("what is left of %s is not looked for now", self.of.what)
                await asyncio.sleep(_TEND_SECONDS)
        finally:
            for task in self._erasing.values():
                task.cancel()

    async def go_on(self) -> None:
        """Take away what is left of every one."""
        for one_id in await self.database.read(self.of.all_ids):
            await asyncio.wait([self._begun(one_id)])

    def _begun(self, one_id: UUID) -> asyncio.Task[None]:
        task = self._erasing.get(one_id)
        if task is None:
            task = self._erasing[one_id] = asyncio.ensure_future(self._erased(one_id))
            task.add_done_callback(lambda _: self._erasing.pop(one_id))
        return task

    async def _erased(self, one_id: UUID) -> None:
        try:
            while not await self._is_gone(one_id):
                for erase in (*self.of.erase, *self.erase):
                    await self._all_erased(erase, one_id)
        except HaymowError as error:
            log.warning("what is left of %s is taken away later: %s", self.of.what, error.code)
        except Exception:
            log.exception("what is left of %s is taken away later", self.of.what)

    async def _is_gone(self, one_id: UUID) -> bool:
        """Whether nothing is left, which is looked at where nothing can come between.

        Not quiet: servers of the version before, which do not know what is hidden, may have remembered it meanwhile.
        """

        def look(connection: Connection) -> bool:
            if any(erase(connection, one_id, 1) for erase in (*self.of.erase, *self.erase)):
                return False
            self.of.remove_note(connection, one_id)
            return True

        return await self.database.write(look, long=True)

    async def _all_erased(self, erase: Erase, one_id: UUID) -> None:
        fewest, most = PORTIONS
        portion, left = fewest, True
        while left:
            begun = monotonic()
            left = await self._erased_some(erase, one_id, portion) == portion
            took = monotonic() - begun
            portion = max(fewest, min(most, int(portion * PORTION_SECONDS / took)))
            await asyncio.sleep(took)  # the others have half of the time

    async def _erased_some(self, erase: Erase, one_id: UUID, portion: int) -> int:
        return await self.database.write(lambda connection: erase(connection, one_id, portion), long=True, quiet=True)

"""What a deleted workspace has left: taken away in portions, each a short unit of work of its own.

A file of its own beside the five. The workspace itself goes in one unit, and from then on nobody sees anything of it.
What higher rooms keep under its id may be millions of rows: in one unit they would keep others waiting, and where a
unit has to end in time, they would never go. Whatever is broken off is gone on with, by whichever server looks next.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Final
from uuid import UUID

from haymow.errors import HaymowError
from haymow.server.access import remains_store
from haymow.server.database import Database

if TYPE_CHECKING:
    from sqlalchemy import Connection

log = logging.getLogger(__name__)

Erase = Callable[["Connection", UUID, int], int]
"""Takes away at most so many rows of one kind that a workspace has; how many they were. Fewer: none is left."""

PORTION_SECONDS: Final = 0.05
"""How long a portion should take: so many rows are in it."""
PORTIONS: Final = (250, 5000)
"""The fewest and the most rows of one."""
PATIENCE_SECONDS: Final = 10.0
"""How long who deletes a workspace waits for the last of it."""
_TEND_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Remains:
    """Takes away what is left of deleted workspaces."""

    database: Database
    erase: Sequence[Erase]
    _erasing: dict[UUID, asyncio.Task[None]] = field(default_factory=dict, repr=False)

    async def gone(self, workspace_id: UUID) -> None:
        """Begin to take away what is left of one, and wait for its end, but not for ever."""
        await asyncio.wait([self._begun(workspace_id)], timeout=PATIENCE_SECONDS)

    async def tend(self) -> None:
        """Take away what others have left when they were broken off, until cancelled."""
        try:
            while True:
                try:
                    await self.go_on()
                except Exception:  # the next turn may succeed, and there has to be one
                    log.exception("what is left of deleted workspaces is not looked for now")
                await asyncio.sleep(_TEND_SECONDS)
        finally:
            for task in self._erasing.values():
                task.cancel()

    async def go_on(self) -> None:
        """Take away what is left of every one."""
        for workspace_id in await self.database.read(remains_store.all_ids):
            await asyncio.wait([self._begun(workspace_id)])

    def _begun(self, workspace_id: UUID) -> asyncio.Task[None]:
        task = self._erasing.get(workspace_id)
        if task is None:
            task = self._erasing[workspace_id] = asyncio.ensure_future(self._erased(workspace_id))
            task.add_done_callback(lambda _: self._erasing.pop(workspace_id))
        return task

    async def _erased(self, workspace_id: UUID) -> None:
        try:
            while not await self._is_gone(workspace_id):
                for erase in self.erase:
                    await self._all_erased(erase, workspace_id)
        except HaymowError as error:
            log.warning("what is left of a deleted workspace is taken away later: %s", error.code)
        except Exception:
            log.exception("what is left of a deleted workspace is taken away later")

    async def _is_gone(self, workspace_id: UUID) -> bool:
        """Whether nothing is left, which is looked at where nothing can come between."""

        def look(connection: Connection) -> bool:
            if any(erase(connection, workspace_id, 1) for erase in self.erase):
                return False
            remains_store.remove(connection, workspace_id)
            return True

        return await self.database.write(look, long=True, quiet=True)

    async def _all_erased(self, erase: Erase, workspace_id: UUID) -> None:
        fewest, most = PORTIONS
        portion, left = fewest, True
        while left:
            begun = monotonic()
            left = await self._erased_some(erase, workspace_id, portion) == portion
            took = monotonic() - begun
            portion = max(fewest, min(most, int(portion * PORTION_SECONDS / took)))
            await asyncio.sleep(took)  # the others have half of the time

    async def _erased_some(self, erase: Erase, workspace_id: UUID, portion: int) -> int:
        return await self.database.write(
            lambda connection: erase(connection, workspace_id, portion), long=True, quiet=True
        )

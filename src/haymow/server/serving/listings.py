"""The models of a workspace as OpenAI lists them, kept as bytes for as long as nothing changes.

A file of its own beside the five: like the pool it is what the service holds between calls. Clients ask for the list at
every start, and one of a thousand models takes a hundred times as long to make as to send.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import UUID

from haymow.server.access.rules import Principal
from haymow.server.registry.rules import Usable
from haymow.server.serving import events, rules

MOST_LISTED: Final = 1000
MOST_KEPT: Final = 64


class Listings:
    """Lists models. `version` and `usable` are the registry's; both raise NotFound for a workspace that is not seen."""

    def __init__(
        self,
        version: Callable[[Principal, UUID], Awaitable[int]],
        usable: Callable[[Principal, UUID, str | None, int], Awaitable[Sequence[Usable]]],
    ) -> None:
        self._version = version
        self._usable = usable
        self._kept: OrderedDict[UUID, tuple[int, bytes]] = OrderedDict()

    async def first(self, principal: Principal, workspace_id: UUID) -> bytes:
        """The first MOST_LISTED models, as JSON."""
        version = await self._version(principal, workspace_id)
        kept = self._kept.get(workspace_id)
        if kept is not None and kept[0] == version:
            return kept[1]
        made = await self.page(principal, workspace_id, None, MOST_LISTED)
        self._keep(workspace_id, version, made)  # what was read after `version` was: no older than that
        return made

    async def page(self, principal: Principal, workspace_id: UUID, after: str | None, limit: int) -> bytes:
        """So many models from the one after the name `after`, as JSON."""
        models = await self._usable(principal, workspace_id, after, limit + 1)
        return events.written(rules.listing(models, limit))

    def _keep(self, workspace_id: UUID, version: int, made: bytes) -> None:
        self._kept[workspace_id] = (version, made)
        self._kept.move_to_end(workspace_id)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

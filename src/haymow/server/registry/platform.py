"""The platform's own models: what haymow ships or runs itself, put into the database at every start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from haymow.server.database import Database
from haymow.server.registry import rules, store
from haymow.server.registry.changes import new_tag
from haymow.server.registry.proposals import NOTHING, Change, Proposal, applied, propose
from haymow.server.registry.rules import Model

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True)
class Platform:
    """Writes the platform's models; nobody else can."""

    database: Database
    now: Callable[[], datetime]

    async def put(self, wanted: Mapping[UUID, Change]) -> None:
        """Make the platform's models exactly `wanted`, by id; those that are as they were, stay untouched."""
        proposals = {model_id: propose(change) for model_id, change in wanted.items()}
        await self.database.write(lambda connection: self._put(connection, proposals))

    def _put(self, connection: Connection, wanted: Mapping[UUID, Proposal]) -> None:
        present = {model.model_id: model for model in store.all_of(connection, rules.PLATFORM_ID)}
        store.remove(connection, rules.PLATFORM_ID, present.keys() - wanted.keys())
        for model_id, proposal in wanted.items():
            before = present.get(model_id)
            definition = applied(before.definition if before else NOTHING, proposal, administrator=True)
            if before is None:
                at = self.now()
                model = Model(rules.PLATFORM_ID, model_id, definition, 1, new_tag(), at, None, at, None)
                store.add(connection, model, None)
            elif rules.changed_fields(before.definition, definition):
                store.saving(connection, before, rules.next_revision(before, definition, new_tag(), self.now(), None))()

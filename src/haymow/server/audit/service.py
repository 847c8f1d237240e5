"""Keeping and reading the audit record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from haymow.server.audit import store
from haymow.server.audit.rules import Filters, Page, Record
from haymow.server.database import Database, Records

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["RECORDS", "Audit", "record", "subjects"]

MOST_LOOKED_AT: Final = 100_000
"""Entries, of which a quarter of a second goes by."""


def record(connection: Connection, change: Record) -> None:
    """Write `change` within the unit of work that makes it: both happen, or neither."""
    store.add(connection, change)


def subjects(connection: Connection, action: str, name: str) -> set[UUID]:
    """What has an entry of this action and name. Not for a unit that writes: it reads the whole record."""
    return store.subjects(connection, action, name)


RECORDS: Final = Records(store.newest, store.counted)
"""How other servers' changes are noticed: each has left an entry when it is committed."""


@dataclass(frozen=True)
class Audit:
    """Reads the record; who may is for the caller to have decided.

    The filters have no index, which would be written with every change and read now and then: entries are looked at
    one after the other, `most_looked_at` of them for a page, so that nobody else waits for long.
    """

    database: Database
    most_looked_at: int = MOST_LOOKED_AT

    async def page(
        self, organization_id: UUID, workspace_id: UUID | None, filters: Filters, before: int | None, limit: int
    ) -> Page:
        """Up to `limit` entries, newest first, older than `before`; fewer where the filters leave few."""

        def read(connection: Connection) -> Page:
            whose = (organization_id, workspace_id)
            end = None
            if filters != Filters():
                end = store.number_behind(connection, *whose, before, self.most_looked_at)
            entries = store.page(connection, *whose, filters, before, end, limit + 1)
            if len(entries) > limit:
                return Page(tuple(entries[:limit]), entries[limit - 1].number)
            return Page(tuple(entries), None if end is None else end + 1)

        return await self.database.scan(read)

"""Keeping and reading the audit record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from haymow.server.audit import store
from haymow.server.audit.rules import Filters, Page, Record
from haymow.server.database import Database

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["Audit", "record"]


def record(connection: Connection, change: Record) -> None:
    """Write `change` within the unit of work that makes it: both happen, or neither."""
    store.add(connection, change)


@dataclass(frozen=True)
class Audit:
    """Reads the record; who may is for the caller to have decided."""

    database: Database

    async def page(
        self, organization_id: UUID, workspace_id: UUID | None, filters: Filters, before: int | None, limit: int
    ) -> Page:
        """Up to `limit` entries, newest first, older than `before`."""
        entries = await self.database.scan(
            lambda connection: store.page(connection, organization_id, workspace_id, filters, before, limit + 1)
        )
        more = len(entries) > limit
        return Page(tuple(entries[:limit]), entries[limit - 1].number if more else None)

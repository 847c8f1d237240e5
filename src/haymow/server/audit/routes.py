"""HTTP of the audit record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.responses import Response

from haymow.server.audit.rules import Author, Entry, Filters
from haymow.server.audit.service import Audit
from haymow.server.http import Call, Operation, json_answer
from haymow.wire import audit as wire

Allow = Callable[[Any, UUID | None], Awaitable[UUID]]
"""Principal and workspace (None: the whole organization) -> the organization's id; raises NotFound, Denied."""
Authors = Callable[[Collection[UUID]], Awaitable[Mapping[UUID, Author]]]
"""The people behind these ids; ids nobody has are left out."""


@dataclass(frozen=True)
class AuditRoutes:
    """The record of a workspace and of the whole organization.

    `allow` decides who may read it, `authors` names who is in it.
    """

    audit: Audit
    allow: Allow
    authors: Authors

    def operations(self) -> list[Operation]:
        """Everything these routes answer."""
        text = "Who changed what, when and from where; newest first."
        return [
            Operation("GET", "/api/v2/audit", self.of_organization, "Read Audit", text,
                      query=wire.AuditQuery, answer=wire.AuditPage),
            Operation("GET", "/api/v2/workspaces/{workspace_id}/audit", self.of_workspace, "Read Workspace Audit", text,
                      query=wire.AuditQuery, answer=wire.AuditPage),
        ]  # fmt: skip

    async def of_organization(self, call: Call[Any]) -> Response:
        return await self._page(call, None)

    async def of_workspace(self, call: Call[Any]) -> Response:
        return await self._page(call, call.id("workspace_id"))

    async def _page(self, call: Call[Any], workspace_id: UUID | None) -> Response:
        organization_id = await self.allow(call.principal, workspace_id)
        query = call.query(wire.AuditQuery)
        filters = Filters(query.action, query.user_id, query.subject_id, query.since, query.until)
        page = await self.audit.page(organization_id, workspace_id, filters, query.before, query.limit)
        authors = await self.authors({entry.record.actor.user_id for entry in page.entries})
        content = {
            "data": [_entry(entry, authors) for entry in page.entries],
            "has_more": page.next_cursor is not None,
            "next_cursor": page.next_cursor,
        }
        return json_answer(content)


def _entry(entry: Entry, authors: Mapping[UUID, Author]) -> dict[str, Any]:
    kept = entry.record._asdict()
    actor = kept.pop("actor")._asdict()
    actor.pop("organization_id")
    author = authors.get(entry.record.actor.user_id)
    return {"number": entry.number, **kept, **actor, "user": author._asdict() if author else None}

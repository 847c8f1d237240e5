"""The record of changes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from haymow.wire.shapes import Answer, Query


class AuditQuery(Query):
    """Which part of the record, newest first."""

    limit: int = Field(default=100, ge=1, le=100)
    before: int | None = Field(default=None, ge=0, le=2**53 - 1, description="Only records older than this number.")


class AuditRecord(Answer):
    """Who changed what, when and from where. `changes` names fields, never their values."""

    number: int = Field(description="Grows with every record; not every number is used.")
    at: datetime
    action: str = Field(description="Such as model.update.")
    workspace_id: UUID | None = Field(description="Null for things of the organization.")
    subject_id: UUID
    subject_name: str
    revision: int | None
    changes: list[str]
    user_id: UUID
    token_id: UUID | None = Field(description="Null for the operator at the command line.")
    source: str = Field(description="The address the call came from.")


class AuditPage(Answer):
    """A part of the record, newest first; `next_cursor` as `before` gets the next part."""

    data: list[AuditRecord]
    has_more: bool
    next_cursor: int | None

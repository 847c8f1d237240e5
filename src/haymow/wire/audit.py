"""The record of changes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from haymow.wire.registry import OauthUser
from haymow.wire.shapes import Answer, Id, Instant, Query


class AuditQuery(Query):
    """Which part of the record, newest first; the filters all have to hold."""

    limit: int = Field(default=100, ge=1, le=100)
    before: int | None = Field(default=None, ge=0, le=2**53 - 1, description="Only records older than this number.")
    action: str | None = Field(
        default=None, max_length=64, description="Only this action, such as model.update; model means all of a model's."
    )
    user_id: Id | None = Field(default=None, description="Only what this user did.")
    subject_id: Id | None = Field(default=None, description="Only what was done to the thing of this id.")
    since: Instant | None = Field(default=None, description="Only what was done at this time or later.")
    until: Instant | None = Field(default=None, description="Only what was done before this time.")


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
    user: OauthUser | None = Field(description="Who that is, also when they have left; null when nobody knows.")
    token_id: UUID | None = Field(description="Null for the operator at the command line.")
    source: str = Field(description="The address the call came from.")


class AuditPage(Answer):
    """A part of the record, newest first; `next_cursor` as `before` gets the next part.

    With filters a part may be short, or empty, and not be the last: haymow looks at 100,000 records for each.
    """

    data: list[AuditRecord]
    has_more: bool
    next_cursor: int | None

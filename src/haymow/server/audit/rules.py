"""What a record of a change says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

CONTENTS: Final = "model"
"""The kind of actions that change what workspaces hold, and never who may do what."""


class Actor(NamedTuple):
    """Who did it, with which token, from where. `token_id` is None for the operator at the command line."""

    organization_id: UUID
    user_id: UUID
    token_id: UUID | None
    source: str


class Record(NamedTuple):
    """One change. `changes` are names of fields, never their values."""

    actor: Actor
    workspace_id: UUID | None
    action: str
    subject_id: UUID
    subject_name: str
    at: datetime
    revision: int | None = None
    changes: tuple[str, ...] = ()


class Author(NamedTuple):
    """Who made a change, by name."""

    user_id: UUID
    given_name: str
    family_name: str


@dataclass(frozen=True, slots=True)
class Filters:
    """Which records are wanted; None is no filter.

    `action` is a whole one, such as model.update, or a kind, such as model; the time is `since` or later, and before
    `until`.
    """

    action: str | None = None
    user_id: UUID | None = None
    subject_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


class Entry(NamedTuple):
    """A record as it was kept; `number` grows with every record."""

    number: int
    record: Record


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first; `next_cursor` is None on the last page."""

    entries: tuple[Entry, ...]
    next_cursor: int | None

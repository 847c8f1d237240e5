"""Ids: UUIDs in their one spelling, with hyphens (RFC 9562, section 4)."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

_LENGTH = 36


def id_of(text: str) -> UUID | None:
    """The id that `text` spells, in either case; None for anything else, braces and `urn:uuid:` among it."""
    return _id_of(text) if len(text) == _LENGTH else None


@lru_cache(maxsize=4096)  # a workspace's id comes with most requests; no text that is kept is longer than an id
def _id_of(text: str) -> UUID | None:
    try:
        value = UUID(text)
    except ValueError:
        return None
    return value if str(value) == text.lower() else None

"""Parts of long lists, and the cursors from which they go on. Pure, as rules are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Generic, NamedTuple, TypeVar
from uuid import UUID

from haymow.errors import Fault, Invalid
from haymow.server.access.rules import Token

T = TypeVar("T")

_MOMENT: Final = "%Y%m%d%H%M%S%f"
_MOMENT_LENGTH: Final = 20


class Page(NamedTuple, Generic[T]):
    """A part of a list; `total` counts the whole of it."""

    rows: Sequence[T]
    has_more: bool
    total: int


def cursor_of(token: Token) -> str:
    """Where a list of tokens goes on after this one, also when it is revoked meanwhile."""
    return token.created_at.astimezone(UTC).strftime(_MOMENT) + token.token_id.hex


def position_of(cursor: str) -> tuple[datetime, UUID]:
    """When the token before was made, and its id. Raises Invalid."""
    try:
        made_at = datetime.strptime(cursor[:_MOMENT_LENGTH], _MOMENT).replace(tzinfo=UTC)
        return made_at, UUID(hex=cursor[_MOMENT_LENGTH:])
    except ValueError:
        raise unknown_cursor("Send the `next_cursor` of the part before.") from None


def unknown_cursor(message: str) -> Invalid:
    """What is said of a cursor that no part of the list has ended with."""
    return Invalid("The request is invalid.", [Fault("#/query/after", "unknown_cursor", message)])

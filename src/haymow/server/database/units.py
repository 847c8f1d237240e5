"""Units of work: plain functions that take a connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Connection

T = TypeVar("T")

Unit = Callable[[Connection], T]
Outcome = tuple[Any, BaseException | None]
"""What a unit returned, or what it raised."""


class Counts(NamedTuple):
    """How many records there are, and how many of them are not of contents alone."""

    all: int
    of_rights: int


class Records(NamedTuple):
    """The records that every change leaves, numbered when they are made."""

    newest: Callable[[Connection], int]
    """The highest number."""
    counted: Callable[[Connection, int, int], tuple[Counts, Counts]]
    """Those with a number above the one given, and above a later one."""


SERVER: Final = "haymow_server"
"""The execution option of a connection that is the id of its server."""


def server_of(connection: Connection) -> UUID | None:
    """Which server a unit runs on, one of several; None where there is but one."""
    server: UUID | None = connection.get_execution_options().get(SERVER)
    return server

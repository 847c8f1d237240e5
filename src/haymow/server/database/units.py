"""Units of work: plain functions that take a connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")

Unit = Callable[[Connection], T]
Outcome = tuple[Any, BaseException | None]
"""What a unit returned, or what it raised."""


class Records(NamedTuple):
    """The records that every change leaves, numbered when they are made."""

    newest: Callable[[Connection], int]
    """The highest number."""
    counted: Callable[[Connection, int, int], tuple[int, int]]
    """How many have a number above the one given, and above a later one."""

"""Units of work: plain functions that take a connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")

Unit = Callable[[Connection], T]
Outcome = tuple[Any, BaseException | None]
"""What a unit returned, or what it raised."""

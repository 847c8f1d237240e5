"""SQL statements, for the trace of the unit of work that they belong to.

A driver's cursor tells of each, where haymow traces (`database/statements.py`). Texts have places for parameters and
never the parameters themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from haymow.server.telemetry.traces import UnitSpan

C = TypeVar("C")
T = TypeVar("T")

Whose = Mapping[str, str | int]
"""What OpenTelemetry's conventions say of a database: `db.system.name` and where it is."""

_SUMMARY_LETTERS: Final = 255
_PARTS: Final = re.compile(
    r"\b(?P<operation>SELECT|INSERT|DELETE|UPDATE(?= \w+ SET\b))\b"
    r"|(?:(?<=\bFROM )|(?<=\bJOIN )|(?<=\bINTO )|(?<=\bUPDATE ))(?P<target>[a-z_]\w*)"
)

_unit: ContextVar[UnitSpan | None] = ContextVar("haymow_unit", default=None)


def within(span: UnitSpan, unit: Callable[[C], T]) -> Callable[[C], T]:
    """The unit, whose statements become spans below `span`, in whatever thread it runs; itself where none is kept."""
    if not span.is_kept:
        return unit

    def traced(connection: C) -> T:
        _unit.set(span)
        try:
            return unit(connection)
        finally:
            _unit.set(None)

    return traced


def unit_span() -> UnitSpan | None:
    """The span of the unit that runs now, where one is kept."""
    return _unit.get()


def statement(text: str, whose: Callable[[], Whose], unit: UnitSpan | None = None) -> AbstractContextManager[None]:
    """A statement runs for as long as the block does; `whose` is asked where somebody traces it.

    `unit` is the one that it belongs to, if that is over.
    """
    span = unit or _unit.get()
    return nullcontext() if span is None else span.statement(text, summary_of(text), whose)


@lru_cache(maxsize=1024)
def summary_of(text: str) -> str:
    """A statement's operations and tables in their order, as OpenTelemetry's `db.query.summary` has them."""
    parts = [found[0] for found in _PARTS.finditer(text)] or text.split(maxsplit=1)[:1]
    summary = ""
    for part in parts:
        if len(summary) + 1 + len(part) > _SUMMARY_LETTERS:
            break
        summary = f"{summary} {part}".lstrip()
    return summary

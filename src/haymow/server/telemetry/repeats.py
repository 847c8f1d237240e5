"""What is said again and again while something is wrong: once, and then how often."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from haymow.server.telemetry.seen import current

QUIET_SECONDS: Final = 10.0
_MOST: Final = 1000
_OURS: Final = ("haymow", "uvicorn")


def is_ours(record: logging.LogRecord) -> bool:
    """Whether its words are haymow's own, or those of the server below it."""
    return record.name.partition(".")[0] in _OURS


class Repeats(logging.Filter):
    """Holds a warning or an error back that was there less than `QUIET_SECONDS` ago; the next one has `repeated`.

    A database that is away for an hour would be many thousand lines else. What tells of one request alone is never
    held back: events with fields of their own, and exceptions while a request is answered.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._until: dict[tuple[str, int, str], float] = {}
        self._held: dict[tuple[str, int, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING or hasattr(record, "haymow"):
            return True
        if record.exc_info and current() is not None:
            return True
        words = f"{record.msg} {record.args}" if is_ours(record) else ""  # a library's are in no line
        key, at = (record.name, record.lineno, words), self._clock()
        if at < self._until.get(key, at):
            self._held[key] = self._held.get(key, 0) + 1
            return False
        if len(self._until) >= _MOST:
            self._until.clear()
            self._held.clear()
        self._until[key] = at + QUIET_SECONDS
        record.repeated = self._held.pop(key, 0)
        return True

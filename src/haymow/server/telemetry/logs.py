"""The log, on stderr: one line for each event and, if wanted, for each request; as JSON for machines, or as text.

What haymow itself says repeats nothing that was sent. Libraries promise nothing of the kind: of theirs the log has
where it was said, not the words; and of an exception its classes and its places.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from sqlalchemy.exc import StatementError

from haymow.errors import HaymowError, origins
from haymow.server.telemetry.repeats import Repeats, is_ours
from haymow.server.telemetry.seen import Seen, current
from haymow.server.telemetry.statements import summary_of

Sink = Callable[[bytes], None]

STDERR: Final = 2

SOON_SECONDS: Final = 0.1
"""How long a request's line may wait for others. Events are written at once."""

_WITHHELD: Final = "%s said something; its words are withheld, for they may repeat what was sent"
_WORDS_ARE_SAFE: Final = (HaymowError, OSError, sqlite3.Error)

_IDS: Final = ("user_id", "token_id", "workspace_id", "model_id")
_MORE: Final = ("code", *_IDS, "revision", "upstream_host", "upstream_status")


def to_stderr(line: bytes) -> None:
    """Write a line. Nobody who reads is no reason to stop serving."""
    with suppress(OSError):
        while line:
            line = line[os.write(STDERR, line) :]


def start(*, as_json: bool, level: str, sink: Sink = to_stderr, clock: Callable[[], float] = time.monotonic) -> None:
    """Send everything that is logged to `sink`: haymow's own from `level` on, that of libraries from warnings on."""
    handler = _Handler(sink, json_line if as_json else text_line)
    handler.addFilter(Repeats(clock))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("haymow").setLevel(level.upper())
    logging.captureWarnings(True)


class RequestLog:
    """Writes a line for each request, soon: many at a time take a third of what each would alone."""

    def __init__(self, *, as_json: bool, sink: Sink = to_stderr) -> None:
        self._line = json_request if as_json else text_request
        self._sink = sink
        self._waiting: list[Seen] = []
        self._due: asyncio.TimerHandle | None = None

    def __call__(self, seen: Seen) -> None:
        """Hear of a request; on an event loop."""
        self._waiting.append(seen)
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(SOON_SECONDS, self.write)

    def write(self) -> None:
        """Write the lines of all that has been heard of."""
        waiting, self._waiting, self._due = self._waiting, [], None
        if waiting:
            self._sink(b"".join(map(self._line, waiting)))


class _Handler(logging.Handler):
    def __init__(self, sink: Sink, line: Callable[[logging.LogRecord], bytes]) -> None:
        super().__init__()
        self._sink = sink
        self._line = line

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._sink(self._line(record))
        except Exception:  # a log that fails is no reason to fail
            self._sink(b"a line of haymow's log could not be written\n")


def json_line(record: logging.LogRecord) -> bytes:
    """An event as a JSON object in one line."""
    seen = current()
    fields: dict[str, Any] = {
        "time": _time(record.created),
        "level": record.levelname.lower(),
        "message": _message(record),
        "logger": record.name,
    }
    if seen is not None:
        fields["request_id"] = seen.request_id
    if (place := _place(record)) is not None:
        fields["place"] = place
    fields.update(getattr(record, "haymow", {}))
    if repeated := getattr(record, "repeated", 0):
        fields["repeated"] = repeated
    if record.exc_info and record.exc_info[1] is not None:
        fields["traceback"] = "".join(_told(record.exc_info[1]))
    return _line(fields)


def text_line(record: logging.LogRecord) -> bytes:
    """An event for a person; a traceback follows on lines of its own."""
    when = _time(record.created)
    line = f"{when} {record.levelname} {record.name} {_on_one_line(_message(record))}"
    for name, value in getattr(record, "haymow", {}).items():
        line += f" {name}={_on_one_line(str(value))}"
    if (place := _place(record)) is not None:
        line += f" ({place})"
    if repeated := getattr(record, "repeated", 0):
        line += f" repeated={repeated}"
    if record.exc_info and record.exc_info[1] is not None:
        line += "\n" + "".join(_told(record.exc_info[1]))
    return f"{line.rstrip()}\n".encode(errors="replace")


def json_request(seen: Seen) -> bytes:
    """A request as a JSON object in one line; what is not known of it is left out."""
    fields: dict[str, Any] = {
        "time": _time(seen.ended),
        "level": _level(seen),
        "message": "request",
        "request_id": seen.request_id,
        "method": seen.method,
        "route": seen.route,
        "status": seen.status,
        "duration_ms": round(seen.seconds * 1000, 3),
        "client": seen.client,
    }
    for name in _MORE:
        if (value := getattr(seen, name)) is not None:
            fields[name] = value
    if not seen.whole:
        fields["broken_off"] = True
    return _line(fields)


def text_request(seen: Seen) -> bytes:
    """A request for a person."""
    more = "".join(f" {name}={value}" for name in _MORE if (value := getattr(seen, name)) is not None)
    cut = "" if seen.whole else " broken off"
    what = f"{seen.method} {seen.route} {seen.status} {seen.seconds * 1000:.1f} ms{cut}"
    line = f"{_time(seen.ended)} {_level(seen).upper()} request {what} {seen.client} request_id={seen.request_id}{more}"
    return f"{_on_one_line(line)}\n".encode(errors="replace")


def _level(seen: Seen) -> str:
    if seen.status < 500 and seen.status:
        return "info"
    return "error" if seen.status in (0, 500) else "warning"


def _line(fields: dict[str, Any]) -> bytes:
    return orjson.dumps(fields, default=str, option=orjson.OPT_APPEND_NEWLINE)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _message(record: logging.LogRecord) -> str:
    return record.getMessage() if is_ours(record) else _WITHHELD % record.name


def _place(record: logging.LogRecord) -> str | None:
    return None if is_ours(record) else f"{record.module}:{record.lineno}"


def _on_one_line(text: str) -> str:
    return text if text.isprintable() else "".join(one if one.isprintable() else _escaped(one) for one in text)


def _escaped(one: str) -> str:
    return one.encode("unicode_escape").decode("ascii")


def _told(error: BaseException) -> Iterator[str]:
    """An exception as Python tells it, the first cause first, but for words that may repeat what was sent."""
    cause, *later = reversed(list(origins(error)))
    yield from _told_alone(cause)
    for one in later:
        yield "\nand then:\n\n"
        yield from _told_alone(one)


def _told_alone(error: BaseException) -> Iterator[str]:
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    words = _words(error)
    yield f"{type(error).__module__}.{type(error).__qualname__}{words and f': {words}'}\n"


def _words(error: BaseException) -> str:
    if isinstance(error, StatementError):  # which statement it was; a line of the code may be of one after it
        return summary_of(error.statement or "")
    return _on_one_line(str(error)) if isinstance(error, _WORDS_ARE_SAFE) else ""

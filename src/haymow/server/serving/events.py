"""Server-sent events, as OpenAI's API streams them: JSON of ours written, and a provider's told apart.

A file of its own beside the five: both lanes and the routes speak it.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from haymow.server.http.answers import encoded

DONE: Final = b"data: [DONE]\n\n"
MOST_EVENT_BYTES: Final = 16 * 1024 * 1024

_DONE: Final = re.compile(rb"^data: ?\[DONE\]\s*$", re.MULTILINE)


def written(content: Any) -> bytes:
    """JSON as UTF-8."""
    try:
        return encoded(content)
    except TypeError:
        # A model may say half a surrogate pair, which is no UTF-8: then escaped, as JSON allows.
        return json.dumps(content).encode()


def event(data: bytes) -> bytes:
    """One event."""
    return b"data: %b\n\n" % data


class Splitter:
    """Cuts what comes of a stream where its events end. A carriage return before a line's end is left out."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._held = b""  # a carriage return, until it is known what follows

    def whole(self, part: bytes) -> bytes:
        """The events that are whole by now, and were not before. Raises ValueError for one that has no end.

        Of the rest it looks at no more than a byte again, however small the parts are that an event comes in.
        """
        part = self._with_newlines(part)
        last = bytes(self._rest[-1:])
        at = (last + part).rfind(b"\n\n")
        end = 0 if at < 0 else at + 2 - len(last)
        found = bytes(self._rest) + part[:end] if end else b""
        if end:
            self._rest.clear()
        self._rest += part[end:]
        if len(self._rest) > MOST_EVENT_BYTES:
            raise ValueError("an event without an end")
        return found

    def _with_newlines(self, part: bytes) -> bytes:
        if self._held or b"\r" in part:
            part = self._held + part
            self._held = b"\r" if part.endswith(b"\r") else b""
            part = part.removesuffix(b"\r").replace(b"\r\n", b"\n")
        return part

    @property
    def is_between(self) -> bool:
        """Whether nothing of an event that is not whole has come."""
        return not self._rest.strip()


def before_done(events: bytes) -> tuple[bytes, bool]:
    """The events before the one that says that there are no more, and whether that one is there."""
    found = _DONE.search(events) if b"[DONE]" in events else None
    return (events, False) if found is None else (events[: found.start()], True)


def first_document(events: bytes) -> Any:
    """The first data of whole events, parsed; None when there is none, but comments. Raises ValueError."""
    for event in events.split(b"\n\n"):
        if data := _data(event):
            return parsed(data)
    return None


def parsed(data: bytes) -> Any:
    """A provider's JSON. Raises ValueError, for one that is nested too deeply too."""
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _data(event: bytes) -> bytes:
    lines = [line[5:].removeprefix(b" ") for line in event.split(b"\n") if line.startswith(b"data:")]
    return b"\n".join(lines)

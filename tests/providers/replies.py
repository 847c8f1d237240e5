"""What a scripted provider says, whatever its wire format."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reply:
    """9 tokens were read, 3 written; `calls` are (id, tool, arguments); the reason is in OpenAI's words."""

    text: str = "Hello"
    calls: Sequence[tuple[str, str, Mapping[str, Any]]] = ()
    reasoning: str = ""
    reason: str = ""

    @property
    def finish_reason(self) -> str:
        return self.reason or ("tool_calls" if self.calls else "stop")


def halves(text: str) -> tuple[str, str]:
    """A text in two pieces."""
    middle = len(text) // 2
    return text[:middle], text[middle:]


def sse(data: object, event: str | None = None, end: str = "\n") -> bytes:
    """A server-sent event."""
    name = f"event: {event}{end}" if event else ""
    return f"{name}data: {json.dumps(data)}{end}{end}".encode()

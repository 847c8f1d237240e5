"""What a scripted provider answers: in OpenAI's words, in none, or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}


@dataclass(frozen=True)
class Says:
    """Text, whole or in `pieces`; `pause` seconds before each piece of a stream."""

    text: str = "Hello"
    pieces: int = 2
    finish_reason: str = "stop"
    pause: float = 0.0
    usage: Mapping[str, int] = field(default_factory=lambda: USAGE)

    def message(self) -> dict[str, Any]:
        return {"role": "assistant", "content": self.text, "refusal": None}

    def deltas(self) -> list[dict[str, Any]]:
        size = -(-len(self.text) // self.pieces) or 1
        parts = [self.text[at : at + size] for at in range(0, len(self.text), size)]
        return [{"role": "assistant", "content": "", "refusal": None}, *({"content": part} for part in parts)]


@dataclass(frozen=True)
class Calls:
    """Tool calls: (id, function, arguments)."""

    calls: Sequence[tuple[str, str, Mapping[str, Any]]]
    finish_reason: str = "tool_calls"
    pause: float = 0.0
    usage: Mapping[str, int] = field(default_factory=lambda: USAGE)

    def message(self) -> dict[str, Any]:
        calls = [
            {"id": id_, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
            for id_, name, arguments in self.calls
        ]
        return {"role": "assistant", "content": None, "tool_calls": calls, "refusal": None}

    def deltas(self) -> list[dict[str, Any]]:
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": None}]
        for index, (id_, name, arguments) in enumerate(self.calls):
            start = {"index": index, "id": id_, "type": "function", "function": {"name": name, "arguments": ""}}
            text = json.dumps(arguments)
            pieces = [{"index": index, "function": {"arguments": part}} for part in (text[:4], text[4:])]
            deltas += [{"tool_calls": [call]} for call in (start, *pieces)]
        return deltas


@dataclass(frozen=True)
class Fails:
    """An error status, with whatever text and headers a hostile provider might put there."""

    status: int
    text: str = "scripted failure"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Dies:
    """A stream that breaks off after some deltas: with OpenAI's error event, or with the connection."""

    after: int = 1
    event: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Stalls:
    """A stream that is silent after some deltas until the caller gives up."""

    after: int = 1


@dataclass(frozen=True)
class Garbles:
    """A body that is no chat completion."""

    body: bytes = b"<html>It works!</html>"
    media_type: str = "text/html"
    status: int = 200


@dataclass(frozen=True)
class Hangs:
    """No answer until the caller gives up, or `seconds` are over."""

    seconds: float = 30.0


@dataclass(frozen=True)
class Trickles:
    """200, then white space without end, which is never silence long enough for a read to time out."""

    pause: float = 0.05


BEGINNING = Says("Hello there", pieces=11).deltas()

Answer = Trickles | Says | Calls | Fails | Dies | Stalls | Garbles | Hangs

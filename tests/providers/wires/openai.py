"""OpenAI's chat completions, as tests/upstream.py writes them."""

from __future__ import annotations

import json
from typing import Any

from tests.answers import USAGE, Calls, Says
from tests.providers.replies import Reply, sse

STREAMED = "text/event-stream"


def streams(path: str, body: Any) -> bool:
    return bool(body.get("stream"))


def whole(reply: Reply) -> tuple[bytes, str]:
    choice = {"index": 0, "message": _said(reply).message(), "logprobs": None, "finish_reason": reply.finish_reason}
    answer = {"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": USAGE}
    return json.dumps(answer).encode(), "application/json"


def stream(reply: Reply) -> list[bytes]:
    parts = [_chunk([_choice(delta)]) for delta in _said(reply).deltas()]
    ending = [_chunk([_choice({}, reply.finish_reason)]), _chunk([], USAGE)]
    return [*(sse(part) for part in (*parts, *ending)), b"data: [DONE]\n\n"]


def failure(status: int, text: str) -> tuple[bytes, dict[str, str]]:
    return json.dumps({"error": {"message": text, "type": "scripted", "param": None, "code": None}}).encode(), {}


def _said(reply: Reply) -> Says | Calls:
    return Calls(reply.calls) if reply.calls else Says(reply.text)


def _choice(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}


def _chunk(choices: list[Any], usage: Any = None) -> dict[str, Any]:
    chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices}
    return {**chunk, "usage": usage}

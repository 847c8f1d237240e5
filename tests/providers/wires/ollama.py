"""Ollama's chat: https://github.com/ollama/ollama/blob/main/docs/api.md, a line of JSON for each part."""

from __future__ import annotations

import json
from typing import Any

from tests.providers.replies import Reply, halves

_COUNTS = {
    "total_duration": 5, "load_duration": 1, "prompt_eval_count": 9, "prompt_eval_duration": 1, "eval_count": 3,
    "eval_duration": 1,
}  # fmt: skip
STREAMED = "application/x-ndjson"


def streams(path: str, body: Any) -> bool:
    return bool(body.get("stream", True))


def whole(reply: Reply) -> tuple[bytes, str]:
    message: dict[str, Any] = {"content": reply.text}
    if reply.reasoning:
        message["thinking"] = reply.reasoning
    if reply.calls:
        message["tool_calls"] = _calls(reply)
    return _line(message, reply.finish_reason), "application/json; charset=utf-8"


def stream(reply: Reply) -> list[bytes]:
    thoughts = [_line({"content": "", "thinking": part}) for part in halves(reply.reasoning) if part]
    texts = [_line({"content": part}) for part in halves(reply.text) if part]
    calls = [_line({"content": "", "tool_calls": [call]}) for call in _calls(reply)]
    return [*thoughts, *texts, *calls, _line({"content": ""}, reply.finish_reason)]


def failure(status: int, text: str) -> tuple[bytes, dict[str, str]]:
    return json.dumps({"error": text}).encode(), {}


def failure_in_stream(text: str) -> bytes:
    return json.dumps({"error": text}).encode() + b"\n"


def _line(message: dict[str, Any], reason: str | None = None) -> bytes:
    part: dict[str, Any] = {"model": "scripted", "created_at": "2026-11-01T00:00:00Z"}
    part |= {"message": {"role": "assistant", **message}, "done": bool(reason)}
    if reason:
        part |= {"done_reason": "length" if reason == "length" else "stop", **_COUNTS}
    return json.dumps(part).encode() + b"\n"


def _calls(reply: Reply) -> list[Any]:
    return [{"function": {"name": name, "arguments": given}} for _, name, given in reply.calls]

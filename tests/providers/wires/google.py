"""Google's generateContent: https://ai.google.dev/api/generate-content, the same for Vertex AI."""

from __future__ import annotations

import json
from typing import Any

from tests.providers.replies import Reply, halves, sse

_REASONS = {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP"}
STREAMED = "text/event-stream"


def streams(path: str, body: Any) -> bool:
    return path.endswith(":streamGenerateContent?alt=sse")


def whole(reply: Reply) -> tuple[bytes, str]:
    content = _content(_parts(reply), _REASONS[reply.finish_reason], counted=True)
    return json.dumps(content).encode(), "application/json; charset=UTF-8"


def stream(reply: Reply) -> list[bytes]:
    pieces = [{**part, "text": half} for part in _parts(reply) if "text" in part for half in halves(part["text"])]
    calls = [part for part in _parts(reply) if "functionCall" in part]
    said = [sse(_content([part]), end="\r\n") for part in (*pieces, *calls)]
    return [*said, sse(_content([{"text": ""}], _REASONS[reply.finish_reason], counted=True), end="\r\n")]


def failure(status: int, text: str) -> tuple[bytes, dict[str, str]]:
    return json.dumps({"error": {"code": status, "message": text, "status": "UNKNOWN"}}).encode(), {}


def wrong_key(text: str) -> bytes:
    """What stands for 401 here: 400 and a reason."""
    reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "metadata": {}}
    error = {"code": 400, "message": text, "status": "INVALID_ARGUMENT", "details": [reason]}
    return json.dumps({"error": error}).encode()


def failure_in_stream(text: str) -> bytes:
    return sse({"error": {"code": 503, "message": text, "status": "UNAVAILABLE"}}, end="\r\n")


def _content(parts: list[Any], reason: str | None = None, counted: bool = False) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    counts = {"promptTokenCount": 9, "totalTokenCount": 9}
    if reason:
        candidate["finishReason"] = reason
    if counted:
        counts = {"promptTokenCount": 9, "candidatesTokenCount": 3, "totalTokenCount": 12}
    return {"candidates": [candidate], "usageMetadata": counts, "modelVersion": "gemini-scripted", "responseId": "r1"}


def _parts(reply: Reply) -> list[dict[str, Any]]:
    thought = [{"text": reply.reasoning, "thought": True}] if reply.reasoning else []
    text = [{"text": reply.text}] if reply.text else []
    return [*thought, *text, *({"functionCall": {"name": name, "args": given}} for _, name, given in reply.calls)]

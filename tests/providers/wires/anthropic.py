"""Anthropic's messages: https://docs.anthropic.com/en/api/messages and /streaming."""

from __future__ import annotations

import json
from typing import Any

from tests.providers.replies import Reply, halves, sse

_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}


def streams(path: str, body: Any) -> bool:
    return bool(body.get("stream"))


def whole(reply: Reply) -> tuple[bytes, str]:
    return json.dumps(_message(reply, _blocks(reply), _REASONS[reply.finish_reason])).encode(), "application/json"


def stream(reply: Reply) -> list[bytes]:
    events = [_event("message_start", message=_message(reply, [], None)), _event("ping")]
    for index, block in enumerate(_blocks(reply)):
        events.append(_event("content_block_start", index=index, content_block=_opening(block)))
        events += [_event("content_block_delta", index=index, delta=delta) for delta in _deltas(block)]
        events.append(_event("content_block_stop", index=index))
    ending = {"stop_reason": _REASONS[reply.finish_reason], "stop_sequence": None}
    events.append(_event("message_delta", delta=ending, usage={"output_tokens": 3}))
    return [*events, _event("message_stop")]


STREAMED = "text/event-stream; charset=utf-8"


def failure(status: int, text: str) -> tuple[bytes, dict[str, str]]:
    error = {"type": "error", "error": {"type": "api_error", "message": text}, "request_id": "req_1"}
    return json.dumps(error).encode(), {}


def failure_in_stream(text: str) -> bytes:
    return _event("error", error={"type": "overloaded_error", "message": text})


def _event(kind: str, **more: Any) -> bytes:
    return sse({"type": kind, **more}, kind)


def _message(reply: Reply, content: list[Any], reason: str | None) -> dict[str, Any]:
    counts = {"input_tokens": 9, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 3}
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-scripted", "content": content,
        "stop_reason": reason, "stop_sequence": None, "usage": {**counts, "service_tier": "standard"},
    }  # fmt: skip


def _blocks(reply: Reply) -> list[dict[str, Any]]:
    thinking = [{"type": "thinking", "thinking": reply.reasoning, "signature": "c2ln"}] if reply.reasoning else []
    text = [{"type": "text", "text": reply.text}] if reply.text else []
    calls = [{"type": "tool_use", "id": id_, "name": name, "input": given} for id_, name, given in reply.calls]
    return [*thinking, *text, *calls]


def _opening(block: dict[str, Any]) -> dict[str, Any]:
    empty = {"thinking": "", "signature": "", "text": "", "input": {}}
    return {key: empty.get(key, value) for key, value in block.items()}


def _deltas(block: dict[str, Any]) -> list[dict[str, Any]]:
    match block["type"]:
        case "text":
            return [{"type": "text_delta", "text": part} for part in halves(block["text"])]
        case "thinking":
            thought = [{"type": "thinking_delta", "thinking": part} for part in halves(block["thinking"])]
            return [*thought, {"type": "signature_delta", "signature": block["signature"]}]
        case _:
            written = json.dumps(block["input"]) if block["input"] else ""
            parts = ["", *halves(written)] if written else [""]
            return [{"type": "input_json_delta", "partial_json": part} for part in parts]

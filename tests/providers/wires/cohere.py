"""Cohere's chat, version 2: https://docs.cohere.com/reference/chat and /chat-stream."""

from __future__ import annotations

import json
from typing import Any

from tests.providers.replies import Reply, halves, sse

_REASONS = {"stop": "COMPLETE", "length": "MAX_TOKENS", "tool_calls": "TOOL_CALL"}
_USAGE = {
    "billed_units": {"input_tokens": 9, "output_tokens": 3},
    "tokens": {"input_tokens": 75, "output_tokens": 3},
}
STREAMED = "text/event-stream"


def streams(path: str, body: Any) -> bool:
    return bool(body.get("stream"))


def whole(reply: Reply) -> tuple[bytes, str]:
    message: dict[str, Any] = {"role": "assistant"}
    if reply.text:
        message["content"] = [{"type": "text", "text": reply.text}]
    if reply.calls:
        message |= {"tool_plan": "I will look.", "tool_calls": [_call(*call) for call in reply.calls]}
    answer = {"id": "c1", "finish_reason": _REASONS[reply.finish_reason], "message": message, "usage": _USAGE}
    return json.dumps(answer).encode(), "application/json"


def stream(reply: Reply) -> list[bytes]:
    opening = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    events = [sse({"id": "c1", "type": "message-start", "delta": {"message": opening}}, "message-start")]
    if reply.text:
        events.append(_event("content-start", 0, content={"type": "text", "text": ""}))
        events += [_event("content-delta", 0, content={"text": part}) for part in halves(reply.text)]
        events.append(sse({"type": "content-end", "index": 0}, "content-end"))
    if reply.calls:
        events.append(sse({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I will look."}}}))
    for index, (id_, name, given) in enumerate(reply.calls):
        events.append(_event("tool-call-start", index, tool_calls=_call(id_, name, None)))
        parts = halves(json.dumps(given)) if given else ()
        events += [_event("tool-call-delta", index, tool_calls={"function": {"arguments": part}}) for part in parts]
        events.append(sse({"type": "tool-call-end", "index": index}, "tool-call-end"))
    ending = {"finish_reason": _REASONS[reply.finish_reason], "usage": _USAGE}
    return [*events, sse({"type": "message-end", "delta": ending}, "message-end")]


def failure(status: int, text: str) -> tuple[bytes, dict[str, str]]:
    return json.dumps({"id": "c1", "message": text}).encode(), {}


def _event(kind: str, index: int, **message: Any) -> bytes:
    return sse({"type": kind, "index": index, "delta": {"message": message}}, kind)


def _call(id_: str, name: str, given: Any) -> dict[str, Any]:
    arguments = "" if given is None else json.dumps(given)
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}

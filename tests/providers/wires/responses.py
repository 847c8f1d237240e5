"""OpenAI's Responses: https://platform.openai.com/docs/api-reference/responses and /responses-streaming."""

from __future__ import annotations

import json
from typing import Any

from tests.providers.replies import Reply, halves, sse

_USAGE = {
    "input_tokens": 9, "input_tokens_details": {"cached_tokens": 2},
    "output_tokens": 3, "output_tokens_details": {"reasoning_tokens": 1}, "total_tokens": 12,
}  # fmt: skip
STREAMED = "text/event-stream; charset=utf-8"


def streams(path: str, body: Any) -> bool:
    return bool(body.get("stream"))


def whole(reply: Reply) -> tuple[bytes, str]:
    return json.dumps(_response(reply, _items(reply))).encode(), "application/json"


def stream(reply: Reply) -> list[bytes]:
    opening = {**_response(reply, []), "status": "in_progress", "usage": None, "incomplete_details": None}
    events: list[dict[str, Any]] = [{"type": "response.created", "response": opening}]
    for index, item in enumerate(_items(reply)):
        empty = {**item, "content": []} if item["type"] == "message" else {**item, "arguments": ""}
        events.append({"type": "response.output_item.added", "output_index": index, "item": empty})
        events += _pieces(index, item)
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    kind = "response.incomplete" if reply.finish_reason == "length" else "response.completed"
    events.append({"type": kind, "response": _response(reply, _items(reply))})
    return [sse({**event, "sequence_number": number}, event["type"]) for number, event in enumerate(events)]


def failure(status: int, text: str) -> tuple[bytes, dict[str, str]]:
    return json.dumps({"error": {"message": text, "type": "scripted", "param": None, "code": None}}).encode(), {}


def failure_in_stream(text: str) -> bytes:
    event = {"type": "error", "code": "server_error", "message": text, "param": None, "sequence_number": 9}
    return sse(event, "error")


def _response(reply: Reply, items: list[Any]) -> dict[str, Any]:
    cut = reply.finish_reason == "length"
    return {
        "id": "resp_1", "object": "response", "created_at": 1_790_000_000, "model": "scripted", "output": items,
        "status": "incomplete" if cut else "completed", "usage": _USAGE, "parallel_tool_calls": True, "tools": [],
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None, "error": None, "metadata": {},
        "instructions": None, "temperature": 1.0, "top_p": 1.0, "tool_choice": "auto",
    }  # fmt: skip


def _items(reply: Reply) -> list[dict[str, Any]]:
    content = [{"type": "output_text", "text": reply.text, "annotations": []}]
    message = {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": content}
    calls = [
        {
            "type": "function_call", "id": f"fc_{id_}", "call_id": id_, "name": name, "status": "completed",
            "arguments": json.dumps(given),
        }
        for id_, name, given in reply.calls
    ]  # fmt: skip
    return [*([message] if reply.text else []), *calls]


def _pieces(index: int, item: dict[str, Any]) -> list[dict[str, Any]]:
    place = {"item_id": item["id"], "output_index": index}
    if item["type"] == "function_call":
        name = "response.function_call_arguments"
        parts = [{"type": f"{name}.delta", **place, "delta": part} for part in halves(item["arguments"])]
        done = {"type": f"{name}.done", **place, "name": item["name"], "arguments": item["arguments"]}
        return [*parts, done]
    place = {**place, "content_index": 0}
    text = item["content"][0]["text"]
    part = {"type": "output_text", "text": "", "annotations": []}
    deltas = [{"type": "response.output_text.delta", **place, "delta": half, "logprobs": []} for half in halves(text)]
    done = {"type": "response.output_text.done", **place, "text": text, "logprobs": []}
    return [{"type": "response.content_part.added", **place, "part": part}, *deltas, done]

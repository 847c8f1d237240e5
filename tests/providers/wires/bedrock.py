"""Amazon Bedrock's Converse and ConverseStream: https://docs.aws.amazon.com/bedrock/latest/APIReference/.

A stream comes in frames: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html, a prelude with
lengths and their checksum, headers, the payload, and the checksum of it all.
"""

from __future__ import annotations

import json
import struct
from binascii import crc32
from typing import Any

from tests.providers.replies import Reply, halves

_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}
_USAGE = {"inputTokens": 9, "outputTokens": 3, "totalTokens": 12}
_STRING = 7
STREAMED = "application/vnd.amazon.eventstream"


def streams(path: str, body: Any) -> bool:
    return path.endswith("/converse-stream")


def whole(reply: Reply) -> tuple[bytes, str]:
    answer = {
        "output": {"message": {"role": "assistant", "content": _blocks(reply)}},
        "stopReason": _REASONS[reply.finish_reason],
        "usage": _USAGE,
        "metrics": {"latencyMs": 5},
    }
    return json.dumps(answer).encode(), "application/json"


def stream(reply: Reply) -> list[bytes]:
    frames = [_event("messageStart", role="assistant")]
    for index, block in enumerate(_blocks(reply)):
        if "toolUse" in block:
            start = {"toolUse": {"toolUseId": block["toolUse"]["toolUseId"], "name": block["toolUse"]["name"]}}
            frames.append(_event("contentBlockStart", contentBlockIndex=index, start=start))
        frames += [_event("contentBlockDelta", contentBlockIndex=index, delta=delta) for delta in _deltas(block)]
        frames.append(_event("contentBlockStop", contentBlockIndex=index))
    frames.append(_event("messageStop", stopReason=_REASONS[reply.finish_reason]))
    return [*frames, _event("metadata", usage=_USAGE, metrics={"latencyMs": 5})]


def failure(status: int, text: str) -> tuple[bytes, dict[str, str]]:
    return json.dumps({"message": text}).encode(), {"x-amzn-errortype": "ScriptedException:http://scripted/"}


def failure_in_stream(text: str) -> bytes:
    headers = {":exception-type": "modelStreamErrorException", ":message-type": "exception"}
    return _frame({**headers, ":content-type": "application/json"}, {"message": text})


def _event(kind: str, **payload: Any) -> bytes:
    return _frame({":event-type": kind, ":content-type": "application/json", ":message-type": "event"}, payload)


def _frame(headers: dict[str, str], payload: dict[str, Any]) -> bytes:
    head = b"".join(
        struct.pack(f"!B{len(name)}sBH{len(text)}s", len(name), name.encode(), _STRING, len(text), text.encode())
        for name, text in headers.items()
    )
    body = json.dumps(payload).encode()
    lengths = struct.pack("!II", 16 + len(head) + len(body), len(head))
    message = lengths + struct.pack("!I", crc32(lengths)) + head + body
    return message + struct.pack("!I", crc32(message))


def _blocks(reply: Reply) -> list[dict[str, Any]]:
    thought = {"reasoningContent": {"reasoningText": {"text": reply.reasoning, "signature": "c2ln"}}}
    calls = [{"toolUse": {"toolUseId": id_, "name": name, "input": given}} for id_, name, given in reply.calls]
    return [*([thought] if reply.reasoning else []), *([{"text": reply.text}] if reply.text else []), *calls]


def _deltas(block: dict[str, Any]) -> list[dict[str, Any]]:
    if "text" in block:
        return [{"text": part} for part in halves(block["text"])]
    if "toolUse" in block:
        given = block["toolUse"]["input"]
        return [{"toolUse": {"input": part}} for part in (halves(json.dumps(given)) if given else ("",))]
    thought = block["reasoningContent"]["reasoningText"]
    parts = [{"reasoningContent": {"text": part}} for part in halves(thought["text"])]
    return [*parts, {"reasoningContent": {"signature": thought["signature"]}}]

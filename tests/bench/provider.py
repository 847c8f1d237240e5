"""A provider that answers at once, in OpenAI's format: where every chat that is measured ends.

    python tests/bench/provider.py PORT

A protocol of its own and not an application, so that it is never the limit. The text of a chat decides how its stream
goes: it has CHUNKS pieces, each written by itself; PAUSE in the text makes it rest after the first piece; HOLD makes it
stay open after the first piece until `POST /release`. `GET /held` counts the streams that stay open.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Sequence
from typing import Any

TEXT = "Hello"
CHUNKS = 50
MARK = "straw"
"""In every piece of a stream, and nowhere else."""
PAUSE = "take a rest"
PAUSE_SECONDS = 0.005
HOLD = "stay on the line"

_STREAMED = re.compile(rb'"stream"\s*:\s*true')
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:\s*chunked", re.IGNORECASE)
_USAGE = {"prompt_tokens": 9, "completion_tokens": CHUNKS, "total_tokens": 9 + CHUNKS}


def completion() -> bytes:
    """The whole answer."""
    message = {"role": "assistant", "content": TEXT, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return json.dumps({**_heading("chat.completion"), "choices": [choice], "usage": _USAGE}).encode()


def events(with_usage: bool) -> list[bytes]:
    """The answer in pieces: the role, the words, the reason of its end, the usage when it was asked for, the end."""
    deltas = [{"role": "assistant", "content": "", "refusal": None}]
    deltas += [{"content": f"{MARK} {number:02} "} for number in range(CHUNKS)]
    choices: list[Any] = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"})
    heading = _heading("chat.completion.chunk")
    chunks: list[Any] = [{**heading, "choices": [choice]} for choice in choices]
    if with_usage:
        chunks.append({**heading, "choices": [], "usage": _USAGE})
    return [b"data: %b\n\n" % json.dumps(chunk).encode() for chunk in chunks] + [b"data: [DONE]\n\n"]


def _heading(kind: str) -> dict[str, Any]:
    made = {"id": "chatcmpl-bench", "object": kind, "created": 1_790_000_000, "model": "scripted-1"}
    return {**made, "system_fingerprint": "fp_bench"}


def _whole(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


def _parts(with_usage: bool) -> list[bytes]:
    """What is written, each by itself: the head with the role, a piece each, and all that comes after the words."""
    role, *pieces = [b"%x\r\n%b\r\n" % (len(event), event) for event in events(with_usage)]
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
    return [head + role, *pieces[:CHUNKS], b"".join(pieces[CHUNKS:]) + b"0\r\n\r\n"]


_COMPLETION = _whole(completion())
_PARTS = {with_usage: _parts(with_usage) for with_usage in (False, True)}
_MODELS = _whole(json.dumps({"object": "list", "data": [{"id": "scripted-1", "object": "model"}]}).encode())


class Provider(asyncio.Protocol):
    """One connection; `held` are the streams of all connections that stay open."""

    held: set[Provider] = set()  # noqa: RUF012 - shared on purpose
    transport: asyncio.Transport

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop, self.came, self.gone = loop, b"", False
        self.parts: Sequence[bytes] = ()
        self.at = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True
        self.held.discard(self)

    def data_received(self, data: bytes) -> None:
        self.came += data
        end = self.came.find(b"\r\n\r\n") + 4
        if end > 3 and self._is_whole(end):
            asked, self.came = self.came, b""
            self._answer(asked)

    def _is_whole(self, end: int) -> bool:
        head = self.came[:end]
        if length := _LENGTH.search(head):
            return len(self.came) >= end + int(length[1])
        return not _CHUNKED.search(head) or self.came.endswith(b"0\r\n\r\n")

    def _answer(self, asked: bytes) -> None:
        if asked.startswith(b"GET /held"):
            self.transport.write(_whole(json.dumps({"held": len(self.held)}).encode()))
        elif asked.startswith(b"POST /release"):
            self._release()
        elif asked.startswith(b"GET"):
            self.transport.write(_MODELS)
        elif not _STREAMED.search(asked):
            self.transport.write(_COMPLETION)
        else:
            self._stream(asked)

    def _stream(self, asked: bytes) -> None:
        self.parts, self.at = _PARTS[b'"include_usage"' in asked], 2
        self.transport.write(self.parts[0])
        if HOLD.encode() in asked:
            self.transport.write(self.parts[1])
            self.held.add(self)
        elif PAUSE.encode() in asked:
            self.transport.write(self.parts[1])
            self.loop.call_later(PAUSE_SECONDS, self.go_on)
        else:
            self.at = 1
            self.loop.call_soon(self.go_on)

    def go_on(self) -> None:
        """Write the next part, and the one after it when everybody else had their turn."""
        if self.gone:
            return
        self.transport.write(self.parts[self.at])
        self.at += 1
        if self.at < len(self.parts):
            self.loop.call_soon(self.go_on)

    def _release(self) -> None:
        released = list(self.held)
        self.held.clear()
        for stream in released:
            self.loop.call_soon(stream.go_on)
        self.transport.write(_whole(json.dumps({"released": len(released)}).encode()))


async def serve(port: int) -> None:
    """Answer on a port of loopback until the process ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Provider(loop), "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop  # only here: the tests of this file need no environment of the bench's

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1])))

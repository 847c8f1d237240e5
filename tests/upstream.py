"""A scripted stand-in for a model's provider: OpenAI's wire format, streams included, over a real loopback socket.

    with Upstream() as upstream:
        upstream.script(Says("Paris"), Fails(429), Dies(after=2))   # one each; then Says("Hello") again and again
        ... call upstream.url ...
        upstream.seen[-1].body["temperature"]

Answers follow the API reference for chat completions: a stream begins with a chunk that carries the role, ends with
one that carries the finish reason, then the usage with no choices when `stream_options.include_usage` asked for it
(and null in all chunks before), then `[DONE]`; arguments of a tool call come in pieces under the call's index.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tests.answers import BEGINNING, Answer, Calls, Dies, Fails, Garbles, Hangs, Says, Stalls, Trickles
from tests.threads import ServerThread

MODEL = "scripted-1"


@dataclass(frozen=True)
class Seen:
    """A request as it arrived; `headers` have lower-case names, `connection` is the caller's port."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    connection: int


class Upstream:
    """The server; `seen` are the requests, `abandoned` counts answers whose caller went away before their end.

    `server` are more settings of uvicorn's, such as those of TLS.
    """

    def __init__(self, otherwise: Answer | None = None, **server: Any) -> None:
        self.seen: list[Seen] = []
        self.abandoned = 0
        self._answers: deque[Answer] = deque()
        self._otherwise = otherwise or Says()
        route = Route("/{path:path}", self._answer, methods=["GET", "POST", "CONNECT", "PUT", "DELETE"])
        config = uvicorn.Config(Starlette(routes=[route]), port=0, log_level="critical", lifespan="off", **server)
        self._server = ServerThread(config, "upstream")

    def __enter__(self) -> Self:
        self._server.start()
        self.port = self._server.port
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def connections(self) -> set[int]:
        """The connections that requests came over."""
        return {seen.connection for seen in self.seen}

    def reset(self) -> None:
        """Forget what was seen and scripted, for the next test."""
        self.seen.clear()
        self._answers.clear()

    def script(self, *answers: Answer) -> None:
        """Give these answers, in this order, to the next calls."""
        self._answers.extend(answers)

    async def _answer(self, request: Request) -> Response:
        body = await request.body()
        self.seen.append(_seen(request, body))
        answer = self._answers.popleft() if self._answers else self._otherwise
        match answer:
            case Fails():
                error = {"error": {"message": answer.text, "type": "scripted", "param": None, "code": "scripted"}}
                return _json(error, answer.status, answer.headers)
            case Garbles():
                return Response(answer.body, answer.status, media_type=answer.media_type)
            case Trickles():
                return StreamingResponse(_trickle(answer.pause), media_type="application/json")
            case Hangs():
                await self._hang(request, answer.seconds)
                return Response(status_code=504)
        asked = json.loads(body)
        if asked.get("stream"):
            return StreamingResponse(self._stream(answer, asked), media_type="text/event-stream")
        return Response(status_code=500) if isinstance(answer, Dies | Stalls) else _json(_completion(answer, asked))

    async def _hang(self, request: Request, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while (await request.receive())["type"] != "http.disconnect":
                    pass
            self.abandoned += 1
        except TimeoutError:
            pass

    async def _stream(self, answer: Says | Calls | Dies | Stalls, asked: Mapping[str, Any]) -> AsyncIterator[bytes]:
        try:
            if isinstance(answer, Dies):
                async for event in _dying(answer):
                    yield event
                return
            if isinstance(answer, Stalls):
                for delta in BEGINNING[: answer.after]:
                    yield _event(_chunk(delta))
                await asyncio.Event().wait()
                return
            counting = bool((asked.get("stream_options") or {}).get("include_usage"))
            usage = {"usage": None} if counting else {}
            for delta in answer.deltas():
                await asyncio.sleep(answer.pause)
                yield _event({**_chunk(delta), **usage})
            yield _event({**_chunk({}, answer.finish_reason), **usage})
            if counting:
                yield _event({**_chunk({}), "choices": [], "usage": answer.usage})
            yield b"data: [DONE]\n\n"
        except asyncio.CancelledError:
            self.abandoned += 1
            raise


async def _trickle(pause: float) -> AsyncIterator[bytes]:
    while True:
        yield b" "
        await asyncio.sleep(pause)


async def _dying(answer: Dies) -> AsyncIterator[bytes]:
    for delta in BEGINNING[: answer.after]:
        yield _event(_chunk(delta))
    if answer.event is None:
        raise ConnectionResetError("scripted: the connection breaks")
    yield _event({"error": answer.event})


def _json(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    # Starlette's JSONResponse writes UTF-8, which has no half surrogate pairs; providers escape them.
    return Response(json.dumps(content), status, headers, "application/json")


def _seen(request: Request, body: bytes) -> Seen:
    assert request.client is not None
    try:
        document = json.loads(body) if body else None
    except ValueError:
        document = body
    return Seen(request.method, request.url.path, dict(request.headers), document, request.client.port)


def _completion(answer: Says | Calls, asked: Mapping[str, Any]) -> dict[str, Any]:
    choices = [
        {"index": index, "message": answer.message(), "logprobs": None, "finish_reason": answer.finish_reason}
        for index in range(asked.get("n") or 1)
    ]
    return {
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": MODEL,
        "choices": choices,
        "usage": answer.usage,
        "system_fingerprint": "fp_scripted",
    }


def _chunk(delta: Mapping[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    return {
        "id": "chatcmpl-scripted",
        "object": "chat.completion.chunk",
        "created": 1_790_000_000,
        "model": MODEL,
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}],
    }


def _event(content: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(content).encode() + b"\n\n"

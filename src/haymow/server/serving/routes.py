"""HTTP of chats, in OpenAI's shapes: its SDKs work on these addresses unchanged."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from haymow.errors import HaymowError
from haymow.server.access.rules import Principal
from haymow.server.http import Call, Operation, conditions
from haymow.server.http.answers import encoded
from haymow.server.http.errors import headers_of, status_of
from haymow.server.serving import events, rules
from haymow.server.serving.live import ChatStream
from haymow.server.serving.service import Serving
from haymow.server.serving.watch import Watch, watched
from haymow.server.telemetry.seen import note_code
from haymow.wire import serving as wire

C = Call[Principal]

PREFIX = "/api/v2/workspaces/{workspace_id}/openai/v1"

ADDRESSES: Final = re.compile(rb"/api/v2/workspaces/[^/]+/openai/v1(?:/|$)")
"""What begins like this is answered in OpenAI's shapes, whoever answers it."""

NAMES: Final = re.compile(rb"/api/v2/workspaces/[^/]+/openai/v1/models/([^/]+)")
"""An address that ends in a model's name, in which `%2F` stands for a slash of the name."""

MOST_CHAT_BYTES: Final = 16 * 1024 * 1024
"""Of a chat, and of a string in it: long prompts, and images in `data:` addresses. It is not stored."""

_ERRORS: Final = {
    400: "The chat or one of its parameters is refused; `param` names it.",
    404: "There is no model of this name in the workspace.",
    409: "The model misses a secret, or its generator's package is not installed.",
    429: "The provider asks for fewer calls.",
    502: "The provider refuses the model's credentials, fails, or cannot be reached.",
    504: "The provider did not answer in time.",
}


def problem_in_openai(error: HaymowError, _request_id: str) -> Response:
    """An error in OpenAI's shape, with the headers its status calls for."""
    status = rules.status_in_openai(status_of(error))
    headers = {**headers_of(error), **({"x-should-retry": "false"} if rules.is_final(error) else {})}
    return Response(encoded(rules.body_in_openai(error, status)), status, headers, "application/json")


@dataclass(frozen=True)
class ServingRoutes:
    """OpenAI's API for the models of a workspace.

    `still_allowed` raises when the caller of a request may not see the workspace any more.
    """

    serving: Serving
    still_allowed: Callable[[Request, UUID], Awaitable[object]]

    def operations(self) -> list[Operation]:
        """Everything these routes answer."""
        return [
            Operation("POST", f"{PREFIX}/chat/completions", self.chat, "Create Chat Completion",
                      "OpenAI's chat completions by a model of the workspace; with `stream`, as server-sent events.",
                      body=wire.ChatCompletionRequest, answer=wire.ChatCompletion, errors=_ERRORS,
                      render=problem_in_openai, most_body_bytes=MOST_CHAT_BYTES),
            Operation("GET", f"{PREFIX}/models", self.models, "List Served Models",
                      "The models this token may chat with, as OpenAI lists models: all by name, or `limit` of them, "
                      "after the name `after`.",
                      query=wire.ServedModelsQuery, answer=wire.ServedModelList, render=problem_in_openai),
            Operation("GET", f"{PREFIX}/models/{{name}}", self.model, "Get Served Model",
                      "A model this token may chat with, by what a chat calls it: its name, its id or `name@revision`.",
                      answer=wire.ServedModel, errors={404: _ERRORS[404]}, render=problem_in_openai),
        ]  # fmt: skip

    async def chat(self, call: C) -> Response:
        workspace_id = call.id("workspace_id")
        call.require_json()
        chat = rules.chat_from(await call.document(rules.KNOWN, MOST_CHAT_BYTES))
        still = partial(self.still_allowed, call.request, workspace_id)
        receive = call.request.receive
        if not chat.stream:
            return _json(await watched(receive, still, self.serving.complete(call.principal, workspace_id, chat)))
        stream = await watched(receive, still, self.serving.stream(call.principal, workspace_id, chat))
        return _EventStream(stream, still)

    async def models(self, call: C) -> Response:
        workspace_id, asked = call.id("workspace_id"), call.query(wire.ServedModelsQuery)
        listing = await self.serving.models(call.principal, workspace_id, asked.after, asked.limit)
        if listing.packed is None or not conditions.accepts_gzip(call.request.headers.get("accept-encoding")):
            return _json(listing.plain)
        headers = {"content-encoding": "gzip", "vary": "accept-encoding"}
        return Response(listing.packed, headers=headers, media_type="application/json")

    async def model(self, call: C) -> Response:
        name = call.request.path_params["name"]
        return _json(encoded(await self.serving.model(call.principal, call.id("workspace_id"), name)))


_EVENTS: Final = (b"content-type", b"text/event-stream; charset=utf-8")


class _EventStream(Response):
    """Server-sent events; everything that has come goes out in one write.

    Not Starlette's StreamingResponse: that one would notice a client who left only by the next chunk, and answer a
    provider that broke off by breaking off too.
    """

    def __init__(self, chunks: ChatStream, still: Callable[[], Awaitable[object]]) -> None:
        # Not by Starlette's, which works out a length, for it to be taken out again.
        self.raw_headers = [_EVENTS]
        self._chunks = chunks
        self._still = still
        self._last = events.DONE

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        watch = Watch(receive, self._still, self._cut)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            while events := await self._next():
                await send({"type": "http.response.body", "body": events, "more_body": True})
            await send({"type": "http.response.body", "body": self._last, "more_body": False})
        finally:
            watch.close()
            self._chunks.stop()

    def _cut(self, error: HaymowError) -> None:
        """End the stream with an error: its client went away, or its token ended, or what the token may see."""
        self._last = _told(error)
        self._chunks.stop()

    async def _next(self) -> bytes:
        """The next events; none at the end, after which `_last` is due: a broken answer is not said to be done."""
        try:
            return await self._chunks.next()
        except HaymowError as error:
            self._last = _told(error)
            return b""


def _told(error: HaymowError) -> bytes:
    """An error as the last event of a stream."""
    note_code(error.code)
    return events.event(encoded(rules.body_in_openai(error, status_of(error))))


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")

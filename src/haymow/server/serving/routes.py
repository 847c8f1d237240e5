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
from haymow.server.limits.service import Limits, Place
from haymow.server.receipts.once import Once, begin
from haymow.server.receipts.rules import MOST_KEPT_BYTES
from haymow.server.receipts.service import Receipts
from haymow.server.serving import events, rules
from haymow.server.serving.live import ChatStream
from haymow.server.serving.rules import Chat
from haymow.server.serving.service import Serving
from haymow.server.serving.watch import Watch, watched
from haymow.server.telemetry.seen import note_code
from haymow.wire import serving as wire

C = Call[Principal]

Still = Callable[[], Awaitable[object]]
"""Raises when a caller may not have the answer any more."""

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
    receipts: Receipts
    limits: Limits
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
        if call.idempotency_keys:  # a kept answer is given to who may chat
            await still()
        once = await begin(self.receipts, call, call.principal.actor, workspace_id)
        if chat.stream:
            return await self._stream(call, workspace_id, chat, still, once)
        return await once.alone(lambda: self._whole(call, workspace_id, chat, still))

    async def _whole(self, call: C, workspace_id: UUID, chat: Chat, still: Still) -> Response:
        place = await self.limits.chat(call.principal.actor)
        try:
            complete = self.serving.complete(call.principal, workspace_id, chat)
            return _json(await watched(call.request.receive, still, complete))
        finally:
            place.leave()

    async def _stream(self, call: C, workspace_id: UUID, chat: Chat, still: Still, once: Once) -> Response:
        await once.claimed()
        place = None
        try:
            place = await self.limits.chat(call.principal.actor)
            begun = self.serving.stream(call.principal, workspace_id, chat)
            return _EventStream(await watched(call.request.receive, still, begun), still, once, place)
        except BaseException:
            once.release()
            if place is not None:
                place.leave()
            raise

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

    def __init__(self, chunks: ChatStream, still: Still, once: Once, place: Place) -> None:
        # Not by Starlette's, which works out a length, for it to be taken out again.
        self.raw_headers = [_EVENTS]
        self._chunks = chunks
        self._still = still
        self._place = place
        self._last = events.DONE
        self._record = _Record(once) if once.asked else None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        watch = Watch(receive, self._still, self._cut)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            while events := await self._next():
                if self._record is not None:
                    self._record.add(events)
                await send({"type": "http.response.body", "body": events, "more_body": True})
            await self._keep()
            await send({"type": "http.response.body", "body": self._last, "more_body": False})
        finally:
            watch.close()
            self._chunks.stop()
            self._place.leave()
            if self._record is not None:
                self._record.give_up()

    async def _keep(self) -> None:
        """Before the last word: who has read that has an answer that is kept."""
        if self._record is not None and self._last is events.DONE:
            await self._record.keep()

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


class _Record:
    """The events of a stream whose request may come again: kept when they are whole, else the claim is given up."""

    def __init__(self, once: Once) -> None:
        self._once = once
        self._body = bytearray()
        self._over = False

    def add(self, events: bytes) -> None:
        if len(self._body) <= MOST_KEPT_BYTES:  # what is longer is not kept, however much longer it is
            self._body += events

    async def keep(self) -> None:
        await self._once.keep(Response(bytes(self._body) + events.DONE, media_type="text/event-stream"))
        self._over = True

    def give_up(self) -> None:
        if not self._over:
            self._once.release()


def _told(error: HaymowError) -> bytes:
    """An error as the last event of a stream."""
    note_code(error.code)
    return events.event(encoded(rules.body_in_openai(error, status_of(error))))


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")

"""The direct lane: what a generator would send, sent by haymow, and the provider's answer passed on.

A file of its own beside the five, as streams.py is: it holds a call from its first byte to its last.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from haymow.errors import HaymowError
from haymow.generators.live.direct import Sent
from haymow.server.serving import events, failures
from haymow.server.telemetry.upstreams import current_call

MOST_ANSWER_BYTES: Final = 32 * 1024 * 1024
MOST_COMMENT_BYTES: Final = 1024 * 1024
"""Of a stream before it says anything."""
DRAIN_SECONDS: Final = 0.25
"""How long a stream that has said its last is waited for, so that its connection can serve the next call."""

_MODEL: Final = re.compile(rb'"model"\s*:\s*"(?:[^"\\]|\\.)*"')
_USAGE: Final = re.compile(rb'"usage"\s*:\s*\{')
"""Not in what a model says: there the quotes are escaped."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Sends requests to one provider. `retries` (0 or 1) are the calls after one that the provider put off."""

    session: aiohttp.ClientSession = field(repr=False)
    retries: int

    async def complete(self, sent: Sent, model: str) -> bytes:
        """The provider's answer under the name `model`. Raises HaymowError, and aiohttp's errors."""
        response = await self._answered(sent)
        try:
            return _renamed(await _whole(response), model)
        finally:
            response.release()

    async def stream(
        self, sent: Sent, model: str, on_end: Callable[[], None], explain: Callable[[BaseException], HaymowError]
    ) -> Passing:
        """The provider's events, of which the first is there; `on_end` is called at their end. Raises as `complete`."""
        passing = Passing(await self._answered(sent), model, on_end, explain)
        try:
            await passing.peek()
        except BaseException:
            passing.stop()
            raise
        return passing

    async def close(self) -> None:
        """Close the connections; calls under way fail."""
        await self.session.close()

    async def _answered(self, sent: Sent) -> aiohttp.ClientResponse:
        """The beginning of an answer that is no failure."""
        response = await self._asked(sent)
        if (call := current_call()) is not None:
            call.status = response.status
        if response.status != 200:
            response.release()  # unread: a failure's words may hold a key
            raise failures.failure_of_status(response.status, response.headers)
        return response

    async def _asked(self, sent: Sent) -> aiohttp.ClientResponse:
        """The beginning of an answer. A call is made once more when it was never answered, or put off for a moment."""
        try:
            response = await self._post(sent)
        except aiohttp.ClientError as error:
            if not failures.may_be_repeated(error, self.retries):
                raise
            return await self._post_again(sent)
        pause = failures.pause_of(response.headers) if response.status == 429 and self.retries else None
        if pause is None:
            return response
        response.release()
        await asyncio.sleep(pause)
        return await self._post_again(sent)

    async def _post_again(self, sent: Sent) -> aiohttp.ClientResponse:
        if (call := current_call()) is not None:
            call.retried()
        return await self._post(sent)

    async def _post(self, sent: Sent) -> aiohttp.ClientResponse:
        return await self.session.post(sent.url, data=sent.body, headers=sent.headers, allow_redirects=False)


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := await response.content.readany():
        parts.append(part)
        size += len(part)
        if size > MOST_ANSWER_BYTES:
            raise failures.malformed()
    return b"".join(parts)


def _renamed(body: bytes, model: str) -> bytes:
    """A chat completion under the name that callers know its model by. Raises HaymowError when it is none."""
    try:
        document = events.parsed(body)
    except ValueError:
        raise failures.malformed() from None
    if isinstance(document, dict) and document.get("error"):
        raise failures.failure_told(document)
    if not failures.is_completion(document):
        raise failures.malformed()
    document["model"] = model
    if (call := current_call()) is not None:
        call.used(document.get("usage"))
    return events.written(document)


class Passing:
    """A provider's stream, passed on as its bytes are but for the model's name and the words of an error."""

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        model: str,
        on_end: Callable[[], None],
        explain: Callable[[BaseException], HaymowError],
    ) -> None:
        self._response = response
        self._name = b'"model":' + json.dumps(model).encode()
        self._name_upstream = b""
        self._on_end = on_end
        self._explain = explain
        self._splitter = events.Splitter()
        self._ahead = b""
        self._failure: HaymowError | None = None
        self._done = False
        self._stopped = False

    async def peek(self) -> None:
        """Wait for the first event that says something. Raises HaymowError when there is none, or an error instead."""
        if not self._response.headers.get("content-type", "").startswith("text/event-stream"):
            raise failures.malformed()
        first = None
        while first is None:
            more = await self._more()
            if not more:
                raise failures.malformed()
            if len(self._ahead) > MOST_COMMENT_BYTES:
                raise failures.malformed()
            self._ahead += more
            first = events.first_document(more)
        if not failures.is_chunk(first):
            raise failures.malformed()

    async def next(self) -> bytes:
        """The events that have come since the last time; none after the last. Raises HaymowError when it breaks off."""
        if self._ahead:
            ahead, self._ahead = self._ahead, b""
            return ahead
        return await self._more()

    def stop(self) -> None:
        """End the call upstream."""
        self._stopped = True
        self._response.close()
        self._on_end()

    async def _more(self) -> bytes:
        while not self._done:
            if self._failure is not None:
                raise self._failure
            part = await self._part()
            if not part:
                break
            said, self._done = events.before_done(part)
            said, self._failure = _without_errors(said)
            if _USAGE.search(said):
                _note_usage(said)
            if said:
                return self._renamed(said)
        await self._drain()
        return b""

    async def _part(self) -> bytes:
        """The next whole events; none at the end."""
        try:
            while part := await self._response.content.readany():
                if found := self._splitter.whole(part):
                    return found
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if self._stopped:
                return b""
            failure = self._explain(error)
        else:
            if self._splitter.is_between:
                return b""
            failure = failures.broken_off()
        raise failure  # outside of the handler: a provider's words are not its context

    def _renamed(self, said: bytes) -> bytes:
        if self._name_upstream and self._name_upstream in said:
            return said.replace(self._name_upstream, self._name)
        return _MODEL.sub(self._named, said)  # seven times slower; Azure's first event has no name yet, its second one

    def _named(self, found: re.Match[bytes]) -> bytes:
        self._name_upstream = found[0]
        return self._name

    async def _drain(self) -> None:
        if self._done and not self._stopped:
            try:
                async with asyncio.timeout(DRAIN_SECONDS):
                    await self._response.content.readany()
            except (TimeoutError, aiohttp.ClientError, OSError):
                self._response.close()
        self._response.release()
        self._on_end()


def _note_usage(said: bytes) -> None:
    call = current_call()
    for event in said.split(b"\n\n")[:-1] if call else ():
        with suppress(ValueError):  # what cannot be read is passed on all the same
            document: Any = events.first_document(event) if _USAGE.search(event) else None
            if call is not None and isinstance(document, dict):
                call.used(document.get("usage"))


def _without_errors(said: bytes) -> tuple[bytes, HaymowError | None]:
    """The events before the first error among them, and what that one means."""
    if b'"error"' not in said:  # also in what a model says, but seldom
        return said, None
    good = b""
    for event in said.split(b"\n\n")[:-1]:
        failure = _failure_in(event)
        if failure is not None:
            return good, failure
        good += event + b"\n\n"
    return good, None


def _failure_in(event: bytes) -> HaymowError | None:
    try:
        document: Any = events.first_document(event)
    except ValueError:
        return failures.malformed()
    return failures.failure_told(document) if isinstance(document, dict) and document.get("error") else None

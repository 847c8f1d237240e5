"""A generator's stream, turned around: the generator pushes parts into a callback, the answer pulls them out.

A file of its own beside the five: it holds the task of one call from the first part to the last, so that whoever
goes away first (client, provider) ends the other side too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from haymow.errors import HaymowError
from haymow.generators.live.replies import Chunks, Json, usage_of
from haymow.server.serving import events
from haymow.server.telemetry.upstreams import current_call

MOST_WAITING: Final = 256
"""Parts that wait for a slow client before the generator has to wait too."""

Run = Callable[[Callable[[Any], Coroutine[Any, Any, None]]], Coroutine[Any, Any, Any]]


class Stream:
    """The parts of one running call. `run` is the call: it gets the callback, and returns the whole result.

    `timeout` (seconds) is the longest silence between two parts. `on_end` is called once, however the call ends.
    `explain` makes of an exception of the call what the client may know.
    """

    def __init__(
        self, run: Run, timeout: float, on_end: Callable[[], None], explain: Callable[[BaseException], HaymowError]
    ) -> None:
        self._timeout = timeout
        self._explain = explain
        self._parts: list[Any] = []
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._call = asyncio.ensure_future(run(self._push))
        self._call.add_done_callback(lambda _: self._ended(on_end))

    async def peek(self) -> None:
        """Wait for the first part, or for the end. Raises HaymowError when the call fails before the first part."""
        if not self._parts and not self._call.done():
            await self._wait()
        if not self._parts:
            self._raise_failure()

    async def parts(self) -> list[Any]:
        """The parts that have come since the last time, waiting for one; none when the call is over.

        Raises HaymowError when the call fails.
        """
        if not self._parts and not self._call.done():
            await self._wait()
        parts, self._parts = self._parts, []
        self._room.set()
        if not parts:
            self._raise_failure()
        return parts

    def result(self) -> Any:
        """What the call returned, once `parts` has come to its end; None when it was stopped."""
        return None if self._call.cancelled() else self._call.result()

    def stop(self) -> None:
        """End the call, and with it the request upstream; `parts` then comes to its end."""
        self._call.cancel()

    async def _wait(self) -> None:
        self._news.clear()
        try:
            async with asyncio.timeout(self._timeout):
                await self._news.wait()
            return
        except TimeoutError as error:
            silence = self._explain(error)
        self.stop()
        raise silence

    def _raise_failure(self) -> None:
        error = None if self._call.cancelled() else self._call.exception()
        if error is not None:
            raise self._explain(error)

    async def _push(self, part: Any) -> None:
        self._parts.append(part)
        self._news.set()
        if len(self._parts) >= MOST_WAITING:
            self._room.clear()
            await self._room.wait()

    def _ended(self, on_end: Callable[[], None]) -> None:
        if not self._call.cancelled():
            self._call.exception()  # looked at, even when nobody pulls any more
        self._news.set()
        on_end()


@dataclass(slots=True)
class GeneratorStream:
    """The chunks of a generator's stream."""

    stream: Stream
    chunks: Chunks
    _peeked: list[Json] = field(default_factory=list)

    async def peek(self) -> None:
        """Wait until something is said, or for the end. Raises HaymowError when the call fails before.

        A part that says nothing is no answer yet: some providers begin with one whatever comes, a failure too.
        """
        self._peeked = await self._next()

    async def next(self) -> bytes:
        found, self._peeked = self._peeked or await self._next(), []
        return b"".join(events.event(events.written(chunk)) for chunk in found)

    async def _next(self) -> list[Json]:
        found: list[Json] = []
        while parts := await self.stream.parts():
            found += [chunk for part in parts for chunk in self.chunks.of(part)]
            if len(found) > 1 or (found and not _is_opening(found[0])):
                return found
        if self.chunks.ended:
            return []
        replies = self.stream.result()
        if replies is None:
            return []
        if (call := current_call()) is not None:
            call.used(usage_of(replies))
        return [*found, *self.chunks.ending(replies)]

    def stop(self) -> None:
        self.stream.stop()


def _is_opening(chunk: Json) -> bool:
    return "role" in chunk["choices"][0]["delta"]

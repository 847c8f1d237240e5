"""Answers that are read to a bound: of one that unpacks to more, no more is unpacked.

httpx unpacks whatever comes, however large it gets: a megabyte may stand for a thousand.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterable, AsyncIterator
from types import ModuleType
from typing import Any, Final

from haymow.errors import UpstreamFailed

MOST_ANSWER_BYTES: Final = 64 * 1024 * 1024
"""Of an answer, or a stream, as it is unpacked: twice what a model says at most."""
_PIECE_BYTES: Final = 64 * 1024
_WINDOWS: Final = {"gzip": 31, "deflate": 15}
_PACKED: Final = frozenset({b"content-encoding", b"content-length"})


def bounded(http: ModuleType, answer: Any) -> Any:
    """The answer of a transport of `http` (httpx or httpx2), unpacked; reading it raises UpstreamFailed."""
    coding = answer.headers.get("content-encoding", "identity").strip().lower()
    pieces = answer.stream if coding == "identity" else _unpacked(answer.stream, coding)

    class Bounded(http.AsyncByteStream):  # type: ignore[name-defined,misc]  # of httpx or of httpx2
        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for piece in pieces:
                size += len(piece)
                if size > MOST_ANSWER_BYTES:
                    raise _unreadable()
                yield piece

        async def aclose(self) -> None:
            await answer.stream.aclose()

    headers = [(name, value) for name, value in answer.headers.raw if name.lower() not in _PACKED]
    kept = answer.headers if coding == "identity" else headers
    return http.Response(answer.status_code, headers=kept, stream=Bounded(), extensions=answer.extensions)


async def _unpacked(parts: AsyncIterable[bytes], coding: str) -> AsyncIterator[bytes]:
    if coding not in _WINDOWS:  # nothing else was asked for
        raise _unreadable()
    unpacker = None
    try:
        async for part in parts:
            if not part:
                continue
            unpacker = unpacker or zlib.decompressobj(_window(coding, part))
            while part and not unpacker.eof:
                yield unpacker.decompress(part, _PIECE_BYTES)
                part = unpacker.unconsumed_tail
                await asyncio.sleep(0)  # others' calls go on meanwhile
        if unpacker:
            yield unpacker.flush()
    except zlib.error:
        raise _unreadable() from None


def _window(coding: str, first: bytes) -> int:
    is_bare = coding == "deflate" and first[0] & 15 != zlib.DEFLATED  # as some send it, against RFC 9110, 8.4.1.2
    return -zlib.MAX_WBITS if is_bare else _WINDOWS[coding]


def _unreadable() -> UpstreamFailed:
    return UpstreamFailed("The provider answered something that haymow does not read.", code="upstream_malformed")

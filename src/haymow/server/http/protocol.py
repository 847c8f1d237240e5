"""uvicorn's HTTP protocol with bounds on what a client may take: time, bytes that are no body, a body nobody reads."""

from __future__ import annotations

import asyncio
import weakref
from enum import IntEnum
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from haymow.server.http.answers import encoded
from haymow.server.http.calls import BODY_IS_WHOLE

HEADER_SECONDS = 10.0

LINGER_SECONDS = 1.0
"""How long the rest of a body is discarded after its answer, so that the client gets to read the answer."""

IDLE_SECONDS = 0.5
"""How long a connection on which nothing is asked stays open when the server stops."""

MOST_DISCARDED_BYTES = 8 * 1024 * 1024

MOST_FRAMING_BYTES = 64 * 1024
"""Of a head, or of chunk extensions and trailers in a row; what shares a packet with their beginning is not counted."""

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
"""What uvicorn writes before an answer, for a client that waits for it."""

_PROBLEM = encoded({
    "type": "/errors/headers_too_large",
    "title": "Request Header Fields Too Large",
    "status": 431,
    "detail": "The request's headers are too large.",
    "code": "headers_too_large",
    "message": "The request's headers are too large.",
    "details": [],
})  # fmt: skip
_HEADERS_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncache-control: no-store\r\n"
    b"content-type: application/problem+json\r\ncontent-length: %d\r\n\r\n%b" % (len(_PROBLEM), _PROBLEM)
)


class _Due(IntEnum):
    """What the client has still to send of its request."""

    NOTHING = 0
    BODY = 1
    HEAD = 2


class PatientProtocol(HttpToolsProtocol):
    """Lets go of a connection that

    - has not sent a request's head within HEADER_SECONDS (slowloris);
    - sends more than MOST_FRAMING_BYTES of head (431), or of anything else that is no body;
    - goes on with a body after its answer, for longer than LINGER_SECONDS or MOST_DISCARDED_BYTES. A body that ends
      within these leaves the connection open: many clients send head and body apart, and are answered in between.
    """

    _due = _Due.HEAD
    _framing = 0
    _discarded = 0
    _deaf = False  # what still comes is discarded unparsed
    _headers_due: asyncio.TimerHandle | None = None
    _leaving: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn types it
        super().connection_made(transport)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._headers_arrived()
        self._stay()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._leaving is not None and self._discard(len(data)):
            return
        self._framing += len(data)  # before it is parsed: parsing takes back what was no framing
        super().data_received(data)
        if self._due or self.cycle.response_complete:  # else a whole request came, as nearly all do in one packet
            self._bound()

    def on_message_begin(self) -> None:
        self._due = _Due.HEAD
        self._framing = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._headers_arrived()
        super().on_headers_complete()
        self._due = _Due.BODY
        self._framing = 0
        self.headers = _Nowhere()  # no longer the scope's: what uvicorn still appends are trailers
        self.cycle.transport = _Answer(self, self.cycle)

    def on_body(self, body: bytes) -> None:
        self._framing = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._due = _Due.NOTHING
        cast(dict[str, Any], self.scope)[BODY_IS_WHOLE] = True
        if self._leaving is not None:
            self._stay()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # With requests in a row `cycle` is the last of them, and those before it have come whole.
        if self.cycle.more_body and self.cycle.response_complete:
            self._leave()

    def shutdown(self) -> None:
        """The server stops. A request that is on its way to an idle connection now is still answered, as the last."""
        if self._is_idle():
            self.loop.call_later(IDLE_SECONDS, self._give_up_if_idle)
        else:
            self.cycle.keep_alive = False

    def _give_up_if_idle(self) -> None:
        if self._is_idle():
            self._give_up()

    def _is_idle(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # as in _refuse
        return cycle is None or cycle.response_complete

    def discard_the_rest(self) -> None:
        """Close the connection, but not before the client could read what was written."""
        self._deaf = True
        self._leave()

    def _bound(self) -> None:
        """Sees to the next end of this connection while a request is not whole, or none is under way."""
        if self.transport.is_closing():
            return
        if self._framing > MOST_FRAMING_BYTES:
            self._refuse()
        elif self._due is _Due.HEAD:
            if self._headers_due is None:
                self._expect_headers()
        elif self._due is _Due.NOTHING and self.cycle.response_complete:
            self._rest()

    def _refuse(self) -> None:
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn's type leaves out that there is none at first
        answering = cycle is not None and not cycle.response_complete
        if answering or self._due is not _Due.HEAD:
            self._give_up()  # an answer here would stand in the middle of another, or after it
            return
        self.transport.write(_HEADERS_TOO_LARGE)
        self.discard_the_rest()

    def _rest(self) -> None:
        """Between requests: uvicorn stops its timer for whatever comes, be it blank lines or the rest of a body."""
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _discard(self, size: int) -> bool:
        """Whether there is nothing to parse. What is parsed is only looked through for the end of the body."""
        self._discarded += size
        if self._discarded > MOST_DISCARDED_BYTES:
            self._give_up()
            return True
        return self._deaf

    def _leave(self) -> None:
        if self._leaving is None and not self.transport.is_closing():
            self._discarded = 0
            self._leaving = self.loop.call_later(LINGER_SECONDS, self._give_up)
            self.flow.resume_reading()  # a closed socket with unread bytes takes the answer away from the client

    def _stay(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    def _expect_headers(self) -> None:
        self._headers_due = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def _headers_arrived(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None

    def _give_up(self, *_: Any) -> None:
        if not self.transport.is_closing():
            self.transport.close()


class _Nowhere(list[tuple[bytes, bytes]]):
    """Keeps nothing: a trailer comes after all checks, and must not be taken for a header (RFC 9110, 6.5.1)."""

    def append(self, _: tuple[bytes, bytes]) -> None:
        pass


class _Answer(asyncio.Transport):
    """The transport of one answer, which begins with its head and the beginning of its body in one packet.

    uvicorn writes them one after the other, and each wakes the client. The head waits for the body without a limit:
    what haymow answers has it at hand. uvicorn closes this for `Connection: close`, perhaps before the request's body
    has come.
    """

    def __init__(self, protocol: PatientProtocol, cycle: RequestResponseCycle) -> None:
        super().__init__()
        self._protocol = protocol
        self._cycle = weakref.ref(cycle)  # which has this one: no circle, for they are as many as the requests
        self._head = b""
        self.is_closing = protocol.transport.is_closing  # type: ignore[method-assign]  # the same, without a detour
        if cycle.scope["method"] == "HEAD":  # there uvicorn writes nothing after the head
            self.write = protocol.transport.write  # type: ignore[method-assign]

    def write(self, data: bytes | bytearray | memoryview) -> None:
        transport = self._protocol.transport
        if self._head:
            transport.writelines([self._head, data])
            self._head = b""
            self.write = transport.write  # type: ignore[method-assign]
        elif data == _CONTINUE:
            transport.write(data)
        else:
            self._head = bytes(data)

    def close(self) -> None:
        if self._head:
            self.write(b"")
        cycle = self._cycle()
        if cycle is not None and cycle.more_body:
            self._protocol.discard_the_rest()
        else:
            self._protocol.transport.close()

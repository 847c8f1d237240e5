"""The outermost ASGI layer: what is refused before any room hears of it, and what every answer carries."""

from __future__ import annotations

import logging
import re
import string
from collections.abc import Sequence
from functools import lru_cache, partial
from random import Random
from typing import NamedTuple, cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from haymow.errors import HaymowError, Malformed, NotFound
from haymow.server.http.calls import LENGTH
from haymow.server.http.errors import problem
from haymow.server.http.leaving import Leaving
from haymow.server.http.operations import Renderer
from haymow.server.outside import Outside
from haymow.server.telemetry.seen import UNROUTED, Begin, Seen, Tell, begin

log = logging.getLogger(__name__)

_ids = Random()  # seeded by the system; an id of a request is no secret

MOST_HEADER_BYTES = 32 * 1024
MOST_HEADERS = 100
MOST_TARGET_BYTES = 8 * 1024
MOST_HOST_BYTES = 300

_HOST = re.compile(rb"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
# One address has one spelling: what another hop could read differently is no address of ours.
_PLAIN = b"/-_" + string.ascii_letters.encode() + string.digits.encode()
_AMBIGUOUS = re.compile(rb"//|\\|;|%(?:2f|5c|2e|00)|/\.{1,2}(?:/|$)", re.IGNORECASE)

_ESCAPED_SLASH = re.compile(rb"%(?:2f|5c)", re.IGNORECASE)
_DOTS = re.compile(rb"(?:^|/)\.{1,2}(?:/|$)")  # a proxy that reads the slashes would go up from here

_EVERY_ANSWER = [(b"x-content-type-options", b"nosniff")]
_LAST_OF_ITS_CONNECTION = [(b"connection", b"close")]
_KEPT_BY_NOBODY = [(b"cache-control", b"no-store")]


class Dialect(NamedTuple):
    """Addresses whose errors have a shape of their own: those that begin as `within` says.

    In those that are as `names` says, what its group finds is a name, which may have slashes in it (as %2F).
    """

    within: re.Pattern[bytes]
    names: re.Pattern[bytes]
    render: Renderer


class Gate:
    """Wraps the application; gives each request an id, and turns what nobody expected into a 500 that tells nothing.

    Each of `tell` hears of every request when it is over; `under_way` counts those that are not. Once `leaving` has
    begun, answers end their connections. What is below `outside`'s prefix is looked for without it, and who the client
    is, its trusted proxies say.
    """

    def __init__(
        self,
        app: ASGIApp,
        dialect: Dialect | None = None,
        tell: Sequence[Tell] = (),
        leaving: Leaving | None = None,
        outside: Outside | None = None,
        trace: Begin | None = None,
    ) -> None:
        self.under_way = 0
        self._app = app
        self._dialect = dialect
        self._tell = tell
        self._leaving = leaving or Leaving()
        self._outside = outside or Outside()
        self._trace = trace
        self._prefix = self._outside.prefix.encode()
        self._problem: Renderer = partial(problem, prefix=self._outside.prefix)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = f"{_ids.getrandbits(64):016x}"
        scope["haymow.request_id"] = request_id
        scope["haymow.outside"] = self._outside
        client = scope.get("client")
        if client and self._outside.trusted:
            client = self._client(scope, client[0])
        if self._prefix:
            _strip(scope, self._prefix)
        seen = Seen(request_id, scope["method"], client[0] if client else "unknown")
        begin(seen)
        if self._trace is not None:
            self._trace(seen, scope["headers"])
        self.under_way += 1
        try:
            await self._answer(scope, receive, _Answering(send, seen, self._leaving, self._prefix))
        finally:
            self.under_way -= 1
            seen.end(scope.get("haymow.route", UNROUTED), scope.get("path_params", {}))
            for tell in self._tell:
                tell(seen)

    def _client(self, scope: Scope, peer: str) -> tuple[str, int]:
        """Who makes a request by the word of trusted proxies; from here on it is who everybody sees."""
        address, scheme = self._outside.told(peer, scope["headers"])
        if scheme is not None:
            scope["scheme"] = scheme
        if address != peer:
            scope["client"] = (address, 0)
        return cast(tuple[str, int], scope["client"])

    async def _answer(self, scope: Scope, receive: Receive, answering: _Answering) -> None:
        seen = answering.seen
        try:
            _check(scope, self._dialect)
            await self._app(scope, receive, answering)
        except HaymowError as error:
            seen.code = error.code
            await self._render(scope)(error, seen.request_id)(scope, receive, answering)
        except Exception:
            seen.code = "internal"
            await self._unexpected(scope, receive, answering, seen.request_id)

    async def _unexpected(self, scope: Scope, receive: Receive, answering: _Answering, request_id: str) -> None:
        log.exception(
            "request %s failed: %s %s", request_id, answering.seen.method, scope.get("haymow.route", UNROUTED)
        )
        if answering.seen.status:
            raise RuntimeError(f"request {request_id} failed after its answer began")
        error = HaymowError("Something went wrong in haymow. Its log has this request_id.", code="internal")
        await self._render(scope)(error, request_id)(scope, receive, answering)

    def _render(self, scope: Scope) -> Renderer:
        if "haymow.render" in scope:
            return cast(Renderer, scope["haymow.render"])
        dialect = self._dialect
        return dialect.render if dialect and dialect.within.match(scope["raw_path"] or b"") else self._problem


class _Answering:
    """`send`, with the headers that every answer carries."""

    def __init__(self, send: Send, seen: Seen, leaving: Leaving, prefix: bytes) -> None:
        self._send = send
        self._prefix = prefix
        self._leaving = leaving
        self._headers = [*_EVERY_ANSWER, (b"x-request-id", seen.request_id.encode())]
        self.seen = seen

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.seen.status = message["status"]
            own = message.get("headers", ())
            if self._prefix:
                own = [(name, self._prefixed(value) if name == b"location" else value) for name, value in own]
            says_so_itself = any(name == b"cache-control" for name, _ in own)
            message["headers"] = headers = [*own, *self._headers, *(() if says_so_itself else _KEPT_BY_NOBODY)]
            if self._leaving.has_begun:
                headers += _LAST_OF_ITS_CONNECTION
        elif not message.get("more_body", False):
            self.seen.whole = True
        await self._send(message)

    def _prefixed(self, location: bytes) -> bytes:
        return self._prefix + location if location.startswith(b"/") else location


def _strip(scope: Scope, prefix: bytes) -> None:
    """Take the prefix off an address, as some proxies do and others leave to the server."""
    raw: bytes = scope["raw_path"] or b""
    if raw == prefix or raw.startswith(prefix + b"/"):
        scope["raw_path"] = raw[len(prefix) :] or b"/"
        scope["path"] = scope["path"][len(prefix) :] or "/"


def _check(scope: Scope, dialect: Dialect | None) -> None:
    raw: bytes = scope["raw_path"] or b"/"
    if len(raw) + len(scope["query_string"]) > MOST_TARGET_BYTES:
        raise Malformed("The address is too long.", code="uri_too_long")
    _check_headers(scope)
    # Nearly every address is plain, and that takes a tenth of the time to find out.
    is_plain = not raw.translate(None, _PLAIN) and b"//" not in raw
    if not is_plain and _AMBIGUOUS.search(_without_slashes_of_names(raw, dialect)):
        raise NotFound("There is nothing at this address.")


def _without_slashes_of_names(raw: bytes, dialect: Dialect | None) -> bytes:
    found = dialect.names.fullmatch(raw) if dialect else None
    if found is None:
        return raw
    name = _ESCAPED_SLASH.sub(b"/", found[1])
    return raw if _DOTS.search(name) else raw[: found.start(1)] + name.replace(b"/", b"_")


def _check_headers(scope: Scope) -> None:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    size = hosts = 0
    for name, value in headers:
        size += len(name) + len(value)
        if name == b"host":
            hosts += 1
            if len(value) > MOST_HOST_BYTES or not _is_host(value):
                raise Malformed("The Host header is malformed.", code="malformed_host")
        elif name == b"content-length":
            scope[LENGTH] = max(_length(value), scope.get(LENGTH, 0))
    if size > MOST_HEADER_BYTES or len(headers) > MOST_HEADERS:
        raise Malformed("The request's headers are too large.", code="headers_too_large")
    if hosts > 1 or (hosts == 0 and scope["http_version"] != "1.0"):
        raise Malformed("Give one Host header.", code="malformed_host")


@lru_cache(maxsize=256)
def _is_host(value: bytes) -> bool:
    return _HOST.fullmatch(value) is not None


def _length(value: bytes) -> int:
    if not value.isdigit() or len(value) > 18:
        raise Malformed("The Content-Length header is malformed.")
    return int(value)

"""HTTP clients that go through a door: for SDKs on httpx or httpx2, and for aiohttp.

None of them looks at the environment (proxies, netrc, certificates), follows redirects or keeps cookies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import ModuleType
from typing import Any, Final

import aiohttp

from haymow.egress.answers import bounded
from haymow.egress.doors import Door

LIMITS: Final = {"max_connections": 1000, "max_keepalive_connections": 200, "keepalive_expiry": 30.0}
CONNECT_SECONDS: Final = 10.0
ACCEPT_ENCODING: Final = "gzip, deflate"
"""What every client can read. Left to themselves they ask for what happens to be installed, each for something else."""


def httpx_client(http: ModuleType, core: ModuleType, door: Door, *, timeout: float, **settings: Any) -> Any:
    """An AsyncClient of `http` (httpx or httpx2, whose `core` is httpcore or httpcore2) that connects through `door`.

    `timeout` is in seconds, for connecting and for each silence; `limits` a mapping as in LIMITS. What else is in
    `settings` are the client's own, such as headers.
    """
    limits = {**LIMITS, **(settings.pop("limits", None) or {})}
    return http.AsyncClient(
        transport=_transport(http, core, door, limits),
        trust_env=False,
        follow_redirects=False,
        headers={"accept-encoding": ACCEPT_ENCODING, **(settings.pop("headers", None) or {})},
        timeout=http.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS)),
        # One connection serves many callers: what a provider sets for one is not sent with the next.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        **settings,
    )


def _transport(http: ModuleType, core: ModuleType, door: Door, limits: dict[str, Any]) -> Any:
    class ThroughTheDoor(http.AsyncHTTPTransport):  # type: ignore[name-defined,misc]  # of httpx or of httpx2
        async def handle_async_request(self, request: Any) -> Any:
            door.check(str(request.url.copy_with(fragment=None)))
            if (carried := door.egress.carried) is not None:
                request.headers.update(carried())
            return bounded(http, await super().handle_async_request(request))

    certificates = door.egress.certificates()
    transport = ThroughTheDoor(verify=certificates, trust_env=False)
    # httpx has no public way to say how its pool connects; tests of blocked addresses watch this line.
    transport._pool = core.AsyncConnectionPool(ssl_context=certificates, network_backend=_backend(core, door), **limits)
    return transport


def _backend(core: ModuleType, door: Door) -> Any:
    """httpcore's connections, made to the door's targets. TLS follows, with the host's name and not its address."""

    class ThroughTheDoor(core.AnyIOBackend):  # type: ignore[name-defined,misc]  # of httpcore or of httpcore2
        async def connect_tcp(self, host: str, port: int, **settings: Any) -> Any:
            *others, last = await self._targets(host, port)
            for target in others:
                try:
                    return await super().connect_tcp(target.address, target.port, **settings)
                except (core.ConnectError, core.ConnectTimeout):
                    continue
            return await super().connect_tcp(last.address, last.port, **settings)

        async def _targets(self, host: str, port: int) -> Any:
            try:
                return await door.targets(host, port)
            except OSError as error:
                raise core.ConnectError("The name does not resolve.") from error

    return ThroughTheDoor()


def aiohttp_session(door: Door, *, timeout: float, limits: Any = None) -> aiohttp.ClientSession:
    """A session that connects through `door`; made on the event loop it belongs to.

    `timeout` is in seconds, for connecting and for each silence; a whole call is bounded by its caller.
    """
    limits = {**LIMITS, **(limits or {})}
    return aiohttp.ClientSession(
        connector=_Connector(door, limits),
        timeout=aiohttp.ClientTimeout(
            total=None, connect=None, sock_connect=min(timeout, CONNECT_SECONDS), sock_read=timeout
        ),
        middlewares=() if door.egress.carried is None else (_carrying(door.egress.carried),),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=True,
        raise_for_status=False,
    )


def _carrying(carried: Callable[[], Mapping[str, str]]) -> aiohttp.ClientMiddlewareType:
    async def carry(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        request.headers.update(carried())
        return await send(request)

    return carry


class _Connector(aiohttp.TCPConnector):
    """Connections to the door's targets."""

    def __init__(self, door: Door, limits: dict[str, Any]) -> None:
        super().__init__(
            limit=limits["max_connections"] or 0,
            keepalive_timeout=limits["keepalive_expiry"],
            use_dns_cache=False,
            ssl=door.egress.certificates(),
        )
        self._door = door

    async def _resolve_host(self, host: str, port: int, traces: Any = None) -> list[Any]:
        # Not a resolver, which aiohttp does not ask about an address; tests of blocked addresses watch this.
        return [
            {"hostname": host, "host": target.address, "port": target.port, "family": 0, "proto": 0, "flags": 0}
            for target in await self._door.targets(host, port)
        ]

"""The connections of live generators: haymow's own HTTP client in place of the one an SDK makes for itself.

OpenAI's SDK reads its address, organization, project, further keys and headers from the environment, and its HTTP
client proxies, certificates and ~/.netrc. So the client a generator made is copied onto an HTTP client that looks at
none of it, and what the SDK read on its way is taken out again. Where calls may go will be decided here too.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

_LIMITS: Final = {"max_connections": 1000, "max_keepalive_connections": 200, "keepalive_expiry": 30.0}


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How a client calls. `timeout` is in seconds, for a whole call; `retries` are the calls after a failed one.

    `http` are the definition's http_client_kwargs, of which `limits` and `headers` are used.
    """

    timeout: float
    retries: int
    http: Mapping[str, Any]


async def take_over_clients(component: Any, settings: ClientSettings) -> bool:
    """Replace every OpenAI client of a warm generator by one on haymow's HTTP client; whether there was one."""
    from openai import AsyncOpenAI  # noqa: PLC0415 - heavy: loaded with the first generator

    found = {name: client for name, client in vars(component).items() if isinstance(client, AsyncOpenAI)}
    for name, client in found.items():
        setattr(component, name, _cleaned(client, component, settings))
        await client.close()
    return bool(found)


def _cleaned(client: AsyncOpenAI, component: Any, settings: ClientSettings) -> AsyncOpenAI:
    cleaned = client.copy(http_client=_http_client(settings), timeout=settings.timeout, max_retries=settings.retries)
    cleaned.organization = getattr(component, "organization", None)
    cleaned.project = None
    cleaned.admin_api_key = None
    cleaned.webhook_secret = None
    # OPENAI_CUSTOM_HEADERS; the SDK has no public way to have none of it. A test with that variable set watches this.
    cleaned._custom_headers = dict(getattr(component, "default_headers", None) or {})
    return cleaned


def _http_client(settings: ClientSettings) -> httpx2.AsyncClient:
    import httpx2  # noqa: PLC0415 - comes with the openai package, as heavy

    return httpx2.AsyncClient(
        trust_env=False,
        follow_redirects=False,
        verify=_certificates(),
        headers=settings.http.get("headers"),
        timeout=settings.timeout,
        limits=httpx2.Limits(**{**_LIMITS, **settings.http.get("limits", {})}),
        # One connection serves many callers: what a provider sets for one is not sent with the next.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


@cache
def _certificates() -> ssl.SSLContext:
    """The system's certificate authorities; read once, for reading them takes 20 ms."""
    import httpx2  # noqa: PLC0415 - comes with the openai package, as heavy

    return httpx2.create_ssl_context(trust_env=False)

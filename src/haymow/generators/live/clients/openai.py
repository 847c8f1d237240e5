"""OpenAI's SDK, and with it every generator that is set up by `http_client_kwargs`.

The SDK reads its address, organization, project, further keys and headers from the environment, and its HTTP client
proxies, certificates and ~/.netrc. So the client a generator made is copied onto an HTTP client that looks at none of
it and leads through one door, and what the SDK read on its way is taken out again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haymow.generators.live.clients.settings import ClientSettings, Closing

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI


def openai_clients(component: Any) -> dict[str, AsyncOpenAI]:
    """The clients of OpenAI's SDK that a generator holds, by the attribute that holds them."""
    from openai import AsyncOpenAI  # noqa: PLC0415 - heavy: loaded with the first generator

    return {name: client for name, client in vars(component).items() if isinstance(client, AsyncOpenAI)}


async def take_over(component: Any, settings: ClientSettings) -> Closing:
    """Replace every client of a generator by one on haymow's HTTP client. Raises LookupError when there is none."""
    await component.warm_up_async()
    found = openai_clients(component)
    if not found:
        raise LookupError("no client of OpenAI's SDK")
    for name, client in found.items():
        setattr(component, name, cleaned(client, component, settings, _http_client(settings)))
        await client.close()

    async def close() -> None:
        for client in openai_clients(component).values():
            await client.close()

    return close


def cleaned(client: AsyncOpenAI, component: Any, settings: ClientSettings, http: httpx2.AsyncClient) -> AsyncOpenAI:
    """A client as a generator set it up, on another HTTP client and without what the SDK read in the environment."""
    copied = client.copy(http_client=http, timeout=settings.timeout, max_retries=settings.retries)
    copied.organization = getattr(component, "organization", None)
    copied.project = None
    copied.admin_api_key = None
    copied.webhook_secret = None
    # OPENAI_CUSTOM_HEADERS; the SDK has no public way to have none of it. A test with that variable set watches this.
    copied._custom_headers = dict(getattr(component, "default_headers", None) or {})
    return copied


def _http_client(settings: ClientSettings) -> httpx2.AsyncClient:
    import httpcore2  # noqa: PLC0415 - comes with the openai package, as heavy
    import httpx2  # noqa: PLC0415 - as above

    from haymow.egress.clients import httpx_client  # noqa: PLC0415 - only serving needs HTTP clients

    client: httpx2.AsyncClient = httpx_client(
        httpx2,
        httpcore2,
        settings.door,
        timeout=settings.timeout,
        limits=settings.http.get("limits"),
        headers=settings.http.get("headers"),
    )
    return client

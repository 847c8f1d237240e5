"""Cohere's SDK.

It takes an HTTP client, with which it looks for no proxies; its key and its address are given, so that CO_API_KEY and
CO_API_URL have no say. The generator cannot close its client: haymow closes it.
"""

from __future__ import annotations

from typing import Any

from haymow.generators.live.clients.settings import ClientSettings, Closing


async def take_over(component: Any, settings: ClientSettings) -> Closing:
    """Give a generator its client."""
    import httpcore  # noqa: PLC0415 - comes with the SDK
    import httpx  # noqa: PLC0415 - as above
    from cohere import AsyncClientV2  # noqa: PLC0415 - heavy, and there only with its extra

    from haymow.egress.clients import httpx_client  # noqa: PLC0415 - only serving needs HTTP clients

    http = httpx_client(httpx, httpcore, settings.door, timeout=settings.timeout)
    component.async_client = AsyncClientV2(
        api_key=component.api_key.resolve_value(),
        base_url=component.api_base_url,
        client_name="haystack",
        timeout=settings.timeout,
        max_retries=settings.retries,
        httpx_client=http,
    )
    closing: Closing = http.aclose
    return closing

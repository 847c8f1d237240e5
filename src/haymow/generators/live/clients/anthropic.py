"""Anthropic's SDK, for Anthropic's own API and for Foundry.

The SDK takes an HTTP client, so the generator is given an SDK client on haymow's before it makes one. With a key and an
address given, the SDK reads neither its other credentials (ANTHROPIC_AUTH_TOKEN, profiles, identity tokens) nor
ANTHROPIC_BASE_URL; ANTHROPIC_CUSTOM_HEADERS it reads all the same, and they are taken out again. Where the environment
names a Foundry resource beside the definition's, the SDK refuses both, and the model is incompatible.
"""

from __future__ import annotations

from typing import Any

from haymow.generators import facts
from haymow.generators.live.clients.settings import ClientSettings, Closing


async def take_over(component: Any, settings: ClientSettings) -> Closing:
    """Give a generator of Anthropic's own API its client."""
    from anthropic import AsyncAnthropic  # noqa: PLC0415 - heavy, and there only with its extra

    return _given(component, AsyncAnthropic, settings, base_url=facts.ADDRESSES["AnthropicChatGenerator"])


async def take_over_foundry(component: Any, settings: ClientSettings) -> Closing:
    """Give a generator of Foundry, which knows its address, its client."""
    from anthropic import AsyncAnthropicFoundry  # noqa: PLC0415 - as above

    return _given(component, AsyncAnthropicFoundry, settings)


def _given(component: Any, kind: type[Any], settings: ClientSettings, **address: str) -> Closing:
    import httpcore  # noqa: PLC0415 - comes with the SDK
    import httpx  # noqa: PLC0415 - as above

    from haymow.egress.clients import httpx_client  # noqa: PLC0415 - only serving needs HTTP clients

    http = httpx_client(httpx, httpcore, settings.door, timeout=settings.timeout)
    bounds = {"timeout": settings.timeout, "max_retries": settings.retries}
    client = kind(**{**component._client_kwargs(), **address, **bounds}, http_client=http)
    # ANTHROPIC_CUSTOM_HEADERS; a test with that variable set watches this.
    client._custom_headers = {}
    client.webhook_key = None
    component.async_client = client
    closing: Closing = http.aclose
    return closing

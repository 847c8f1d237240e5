"""Ollama's SDK.

It takes no HTTP client: it makes one, on httpx, that follows redirects, reads the environment's proxies and sends
OLLAMA_API_KEY along. So that one is replaced, with its address and its headers but for that key. The generator's own
repetitions are as bounded as everyone's.

The generator forgets one of Ollama's two reasons for an end, and in a stream fails at a call without arguments: both
are mended here.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import wraps
from typing import Any

from haymow.generators.live.clients.settings import ClientSettings, Closing


async def take_over(component: Any, settings: ClientSettings) -> Closing:
    """Give a generator its client."""
    import httpcore  # noqa: PLC0415 - comes with the SDK
    import httpx  # noqa: PLC0415 - as above
    from ollama import AsyncClient  # noqa: PLC0415 - there only with its extra

    from haymow.egress.clients import httpx_client  # noqa: PLC0415 - only serving needs HTTP clients

    client = AsyncClient(host=component.url, trust_env=False)
    made = client._client
    headers = {name: value for name, value in made.headers.items() if name != "authorization"}
    http = httpx_client(
        httpx, httpcore, settings.door, timeout=settings.timeout, base_url=made.base_url, headers=headers
    )
    client._client = http
    await made.aclose()
    component._async_client = client
    component.max_retries = settings.retries
    _mend(sys.modules[type(component).__module__])
    closing: Closing = http.aclose
    return closing


def _mend(generators: Any) -> None:
    """Mend the module of the generator, once; tests of cut off answers and of calls without arguments watch this."""
    if "length" in generators.FINISH_REASON_MAPPING:
        return
    generators.FINISH_REASON_MAPPING["length"] = "length"
    made = generators._build_chunk

    @wraps(made)
    def mended(*args: Any, **named: Any) -> Any:
        chunk = made(*args, **named)
        calls = [replace(call, arguments=call.arguments or "{}") for call in chunk.tool_calls or ()]
        return replace(chunk, tool_calls=calls) if calls else chunk

    generators._build_chunk = mended

"""Google's Gen AI SDK, with a key: the Gemini API, and Vertex AI's express mode.

Left to itself, the SDK calls through aiohttp with the environment's proxies and takes the version of the API, the
address, a project and Vertex AI from GOOGLE_* variables. So it is told all of them, and given HTTP clients: with those,
it makes none. The one for calls that block is never used, and refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from haymow.generators.live.clients.settings import ClientSettings, Closing

_VERSIONS: Final = {"gemini": "v1beta", "vertex": "v1beta1"}
_RETRY_AFTER: Final = 0.5


async def take_over(component: Any, settings: ClientSettings) -> Closing:
    """Give a generator its client."""
    import httpcore2  # noqa: PLC0415 - comes with the openai package, as heavy
    import httpx2  # noqa: PLC0415 - as above
    from google.genai import Client, types  # noqa: PLC0415 - heavy, and there only with its extra

    from haymow.egress.clients import httpx_client  # noqa: PLC0415 - only serving needs HTTP clients

    http = httpx_client(httpx2, httpcore2, settings.door, timeout=settings.timeout)
    options = types.HttpOptions(
        base_url=f"https://{settings.door.destination.removesuffix(':443')}/",
        api_version=_VERSIONS[component._api],
        timeout=int(settings.timeout * 1000),
        retry_options=types.HttpRetryOptions(attempts=1 + settings.retries, initial_delay=_RETRY_AFTER),
        httpx_client=httpx2.Client(transport=httpx2.MockTransport(_refuse), trust_env=False),
        httpx_async_client=http,
    )
    key = component._api_key.resolve_value()
    component._async_client = Client(vertexai=component._api == "vertex", api_key=key, http_options=options).aio
    closing: Closing = http.aclose
    return closing


def refusal(parameters: Mapping[str, Any]) -> str | None:
    """Why a definition cannot be called: with a project, the SDK looks for the server's own credentials."""
    if not (parameters.get("api") == "vertex" and parameters.get("vertex_ai_project")):
        return None
    return "haymow calls Vertex AI with a key alone: leave `vertex_ai_project` and `vertex_ai_location` out."


def _refuse(_: Any) -> Any:
    raise ConnectionError("haymow calls on its event loop alone")

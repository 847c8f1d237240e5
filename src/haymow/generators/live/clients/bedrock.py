"""Amazon Bedrock, through aiobotocore.

botocore looks for credentials, regions, addresses, certificates and settings in AWS_* variables, in files and at the
machine's metadata service. So the generator gets a session whose every setting is a constant, and one client of it,
with the definition's own keys and the address of its region: a client of one's own for each call, as the generator has
it, would read the service's description anew and connect anew. The client sends through an HTTP session of haymow's,
which knows no proxies and follows no redirects, and is made on the event loop that serves.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from haymow.generators.live.clients.settings import ClientSettings, Closing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import aiohttp

    from haymow.egress import Door

_SERVICE: Final = "bedrock-runtime"


async def take_over(component: Any, settings: ClientSettings) -> Closing:
    """Give a generator a session that has one client."""
    resources = AsyncExitStack()
    client = await resources.enter_async_context(_client(component, settings))
    component.async_session = _OneClient(client)
    return resources.aclose


def refusal(parameters: Mapping[str, Any]) -> str | None:
    """Why a definition cannot be called: without keys, the SDK looks for the server's own."""
    if "aws_access_key_id" not in parameters or parameters["aws_access_key_id"] is not None:
        return None
    return "haymow calls Amazon Bedrock with keys alone, never with a role: name secrets for the key id and the key."


class _OneClient:
    """What the generator takes for a session of aiobotocore."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @asynccontextmanager
    async def create_client(self, *_: Any, **__: Any) -> AsyncIterator[Any]:
        """The one client, whatever is asked for; the end of a call does not close it."""
        yield self._client


def _client(component: Any, settings: ClientSettings) -> Any:
    from aiobotocore.config import AioConfig  # noqa: PLC0415 - heavy, and there only with its extra

    config = AioConfig(
        http_session_cls=_http_session(settings.door, settings.timeout),
        signature_version="v4",  # else AWS_BEARER_TOKEN_BEDROCK is taken for the key
        connect_timeout=settings.timeout,
        read_timeout=settings.timeout,
        retries={"total_max_attempts": 1 + settings.retries, "mode": "standard"},
        user_agent_extra="x-client-framework:haystack",
        ignore_configured_endpoint_urls=True,
        use_dualstack_endpoint=False,
        use_fips_endpoint=False,
        # A call's own schema and settings are for the provider to judge, as with every other SDK.
        parameter_validation=False,
    )
    token = component.aws_session_token
    return _session().create_client(
        _SERVICE,
        region_name=component.aws_region_name,
        endpoint_url=f"https://{settings.door.destination.removesuffix(':443')}",
        aws_access_key_id=component.aws_access_key_id.resolve_value(),
        aws_secret_access_key=component.aws_secret_access_key.resolve_value(),
        aws_session_token=token.resolve_value() if token else None,
        config=config,
    )


def _http_session(door: Door, timeout: float) -> Any:
    """A class of HTTP sessions for aiobotocore: aiohttp's, through the door."""
    from aiobotocore.httpsession import AIOHTTPSession  # noqa: PLC0415 - heavy, as above

    from haymow.egress.clients import aiohttp_session  # noqa: PLC0415 - only serving needs HTTP clients

    class ThroughTheDoor(AIOHTTPSession):  # type: ignore[misc]  # without types
        async def send(self, request: Any) -> Any:
            door.check(request.url)
            return await super().send(request)

        async def _get_session(self, proxy_url: str | None) -> _Unredirected:
            # Made on the loop that serves, and closed with the client; tests of blocked addresses watch this line.
            async with self._sessions_lock:
                if None not in self._sessions:
                    session = aiohttp_session(door, timeout=timeout)
                    await self._exit_stack.enter_async_context(session)
                    self._sessions[None] = _Unredirected(session)
            found: _Unredirected = self._sessions[None]
            return found

    return ThroughTheDoor


class _Unredirected:
    """A session of aiohttp's that stays where it is sent."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def request(self, method: str, *, proxy: None, proxy_headers: Any, **settings: Any) -> aiohttp.ClientResponse:
        """The answer to one request, whatever it is."""
        skipped = {"Content-Type"}
        return await self._session.request(method, allow_redirects=False, skip_auto_headers=skipped, **settings)


def _session() -> Any:
    """A session to which neither the environment nor any file says a thing."""
    from aiobotocore.session import AioSession  # noqa: PLC0415 - heavy, as above
    from botocore.configprovider import (  # noqa: PLC0415 - as above
        BOTOCORE_DEFAUT_SESSION_VARIABLES,
        ConfigValueStore,
        ConstantProvider,
    )

    constants = {name: default for name, (_, _, default, _) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()}
    constants |= {"config_file": os.devnull, "credentials_file": os.devnull, "retry_mode": "standard"}
    session = AioSession()
    session.register_component("data_loader", _descriptions())
    session.register_component(
        "config_store", ConfigValueStore({name: ConstantProvider(value) for name, value in constants.items()})
    )
    return session


@cache
def _descriptions() -> Any:
    """The descriptions of services that come with botocore: kept, for reading them takes a quarter of a second."""
    from botocore.loaders import Loader  # noqa: PLC0415 - heavy, as above

    builtin = [Loader.BUILTIN_DATA_PATH]  # and not those of ~/.aws/models
    return Loader(extra_search_paths=builtin, include_default_search_paths=False)

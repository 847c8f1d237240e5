"""A stored definition and its secrets made into a Haystack ChatGenerator that answers.

Called in a thread: importing Haystack takes seconds, and building a client reads certificates. What is built uses
what the definition and the secrets say and nothing of the process it runs in (no environment variable, proxy or
netrc file): `arguments.py` sees to what it is constructed with, `clients/` to how it connects.
"""

from __future__ import annotations

import asyncio
import copy
import importlib
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Protocol

from haymow.egress import Door, Egress
from haymow.generators.definitions.destinations import destination_of
from haymow.generators.live.arguments import DEFAULT_TIMEOUT, constructor_arguments, incompatible
from haymow.generators.live.clients import ClientSettings, Closing, TakeOver, refusal_of, speaks_openai, take_over_of
from haymow.generators.live.direct import Direct, learn
from haymow.generators.signatures import GeneratorInfo, generator, signature, what_to_install

log = logging.getLogger(__name__)

MOST_RETRIES: Final = 1

# On OpenAI's SDK, but with another protocol, or one without `stream_options`: they count the tokens of every stream.
_COUNT_UNASKED: Final = frozenset(
    {
        "AzureOpenAIResponsesChatGenerator",
        "MistralChatGenerator",
        "OpenAIResponsesChatGenerator",
        "PerplexityChatGenerator",
    }
)


_TALKATIVE: Final = (
    "aiobotocore", "anthropic", "boto3", "botocore", "cohere", "google", "google_genai", "haystack",
    "haystack_integrations", "httpcore", "httpcore2", "httpx", "httpx2", "ollama", "openai", "urllib3",
)  # fmt: skip


class ChatGenerator(Protocol):
    """What haymow asks of a Haystack ChatGenerator."""

    async def run_async(
        self, *, messages: Any, streaming_callback: Any, generation_kwargs: dict[str, Any], **more: Any
    ) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class LiveGenerator:
    """A generator that is warm and ready to be called on the event loop, any number of calls at once.

    `generation_kwargs` are the definition's own defaults, which Haystack merges with those of each call.
    `usage_on_request`: it counts the tokens of a stream only when `stream_options` asks for it. `client` says how it
    calls, and is None when it calls nothing, or as the operator lets it. `direct` makes the same requests without it,
    where that is known.
    """

    name: str
    component: ChatGenerator = field(repr=False)
    generation_kwargs: dict[str, Any]
    usage_on_request: bool
    client: ClientSettings | None = None
    direct: Direct | None = field(default=None, repr=False)
    closing: Closing | None = field(default=None, repr=False)

    async def close(self) -> None:
        """Close its connections; calls under way fail."""
        close = self.closing or getattr(self.component, "close_async", None)
        if close is not None:
            await close()


def build(
    config: Mapping[str, Any], secrets: Mapping[str, str], egress: Egress, *, timeout: float = DEFAULT_TIMEOUT
) -> LiveGenerator:
    """Build the generator of a canonical, checked config with the values of its secrets, by name.

    Blocks; never call it on an event loop. It connects to the definition's destination alone, as `egress` allows, but
    for a generator that the operator lets connect as it likes. `timeout` (seconds) is the most a call may take; a
    shorter one of the definition holds. Raises Conflict with code `missing_secret` when a needed secret is not among
    `secrets`, and `incompatible` when this installation cannot run the definition.
    """
    info = _callable_generator(str(config["type"]))
    parameters = copy.deepcopy(dict(config["init_parameters"]))
    take_over = _way_out(info, parameters, egress)
    _load_haystack()
    arguments = constructor_arguments(info, parameters, secrets)
    defaults = dict(parameters.get("generation_kwargs") or {})
    client = _client_settings(info, {**parameters, **arguments}, parameters, egress, timeout)
    if client is None or take_over is None:
        bounds = {} if client is None else _bounds(info, client)
        return LiveGenerator(info.name, _constructed(info, {**arguments, **bounds}), defaults, usage_on_request=False)
    component = _constructed(info, arguments)
    # The loop ends with this call: nothing that is made here may hold on to it, and these clients do not.
    closing, direct = asyncio.run(_warm_up(info, component, take_over, client))
    counts_on_request = speaks_openai(info) and info.name not in _COUNT_UNASKED
    return LiveGenerator(info.name, component, defaults, counts_on_request, client, direct, closing)


def require_callable(config: Mapping[str, Any], egress: Egress) -> None:
    """Raises Conflict `incompatible` for a definition that haymow does not call, whatever is entered and installed."""
    _way_out(_callable_generator(str(config["type"])), config["init_parameters"], egress)


def _client_settings(
    info: GeneratorInfo, known: Mapping[str, Any], written: Mapping[str, Any], egress: Egress, timeout: float
) -> ClientSettings | None:
    """`known` are the parameters with what the secrets say of the address, `written` those of the definition."""
    destination = destination_of(signature(info.name), known)
    if destination is None:
        return None
    aws = written.get("boto3_config") or {}
    return ClientSettings(
        door=Door(egress, destination),
        timeout=min(written.get("timeout") or aws.get("read_timeout") or timeout, timeout),
        retries=min(written.get("max_retries") or _repetitions(aws.get("retries") or {}), MOST_RETRIES),
        http=written.get("http_client_kwargs") or {},
    )


def _repetitions(written: Mapping[str, Any]) -> int:
    """The calls after the first one in botocore's words, which count the first one in one of two places."""
    if "total_max_attempts" in written:
        return max(0, int(written["total_max_attempts"]) - 1)
    return int(written.get("max_attempts") or 0)


def _bounds(info: GeneratorInfo, client: ClientSettings) -> dict[str, Any]:
    bounds = {"timeout": client.timeout, "max_retries": client.retries}
    return {name: value for name, value in bounds.items() if name in info.schema["properties"]}


def _callable_generator(type_: str) -> GeneratorInfo:
    info = generator(type_)
    if info is None:
        raise incompatible("This haymow does not know the generator of this model.")
    if info.status != "available":
        raise incompatible(info.reason or f"haymow does not run {info.name}.")
    return info


def _way_out(info: GeneratorInfo, parameters: Mapping[str, Any], egress: Egress) -> TakeOver | None:
    """How its calls are led through the door; None when it makes none, or as it likes. Raises Conflict."""
    take_over = take_over_of(info)
    if take_over is None and info.name != "MockChatGenerator" and info.name not in egress.unpoliced:
        # Its SDK's HTTP client would take proxies, credentials and addresses from the server's environment.
        raise incompatible(
            f"haymow cannot hold {info.name} to where it may connect, so it does not call it. "
            "The operator can let it all the same: HAYMOW_UNPOLICED_GENERATORS names it."
        )
    refusal = refusal_of(info.name, parameters)
    if refusal is not None:
        raise incompatible(refusal)
    return take_over


# --- the instance ---


def _constructed(info: GeneratorInfo, parameters: Mapping[str, Any]) -> ChatGenerator:
    module, _, name = info.type.rpartition(".")
    try:
        component_class = getattr(importlib.import_module(module), name)
    except ImportError:
        raise incompatible(what_to_install(info)) from None
    except AttributeError:
        raise incompatible(f"The installed {info.package} has no {info.name}: install {info.version}.") from None
    try:
        component: ChatGenerator = component_class(**parameters)
    except Exception as error:
        # Its words may repeat the definition's or worse; its kind says enough.
        refusal = type(error).__name__
    else:
        return component
    log.warning("%s refused its init parameters: %s", info.name, refusal)
    raise incompatible(f"The installed {info.package} refuses the init parameters of this model.")


async def _warm_up(
    info: GeneratorInfo, component: Any, take_over: TakeOver, client: ClientSettings
) -> tuple[Closing, Direct | None]:
    try:
        closing = await take_over(component, client)
        return closing, await learn(component, client)
    except Exception as error:
        log.warning("%s did not warm up: %s", info.name, type(error).__name__)
    raise incompatible(f"haymow keeps definitions of {info.name} but cannot call it as it is installed here.")


@cache
def _load_haystack() -> None:
    """Import Haystack without its telemetry, and keep its words and its SDKs' out of haymow's log."""
    # Haystack's one way to opt out. Otherwise its import writes to the home directory, and fails when it cannot.
    os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "false"  # noqa: TID251 - written, not read
    import haystack.telemetry._telemetry as telemetry  # noqa: PLC0415 - heavy: seconds, and only serving needs it
    import openai  # noqa: F401, PLC0415 - its import sets up a logger of its own, which comes before ours

    telemetry.telemetry = None  # for a process that had imported Haystack before
    for name in _TALKATIVE:
        # They log prompts, addresses and what a provider answered (malformed tool calls, for one).
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)

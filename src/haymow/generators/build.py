"""A stored definition and its secrets made into a Haystack ChatGenerator that answers.

Called in a thread: importing Haystack takes seconds, and building a client reads certificates. What is built uses
what the definition and the secrets say and nothing of the process it runs in (no environment variable, proxy or
netrc file); `connections.py` sees to the clients.
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
from haymow.errors import Conflict
from haymow.generators import facts
from haymow.generators.catalogue import GeneratorInfo, SecretParameter, generator, signature
from haymow.generators.connections import ClientSettings, take_over_clients
from haymow.generators.destinations import destination_of
from haymow.generators.direct import Direct, learn

log = logging.getLogger(__name__)

DEFAULT_TIMEOUT: Final = 120.0
"""Seconds that a call upstream may take when nothing shorter is said."""
MOST_RETRIES: Final = 1
NO_KEY: Final = "none"
"""Sent where a key is optional and there is none, for the SDKs insist on one or look for one in the environment."""


# These speak another protocol, or one without `stream_options`, and count the tokens of every stream.
_COUNT_UNASKED: Final = frozenset(
    {
        "AzureOpenAIResponsesChatGenerator",
        "MistralChatGenerator",
        "OpenAIResponsesChatGenerator",
        "PerplexityChatGenerator",
    }
)


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
    calls, and is None when it calls nothing. `direct` makes the same requests without it, where that is known.
    """

    name: str
    component: ChatGenerator = field(repr=False)
    generation_kwargs: dict[str, Any]
    usage_on_request: bool
    client: ClientSettings | None = None
    direct: Direct | None = field(default=None, repr=False)

    async def close(self) -> None:
        """Close its connections; calls under way fail."""
        close = getattr(self.component, "close_async", None)
        if close is not None:
            await close()


def build(
    config: Mapping[str, Any], secrets: Mapping[str, str], egress: Egress, *, timeout: float = DEFAULT_TIMEOUT
) -> LiveGenerator:
    """Build the generator of a canonical, checked config with the values of its secrets, by name.

    Blocks; never call it on an event loop. It connects to the definition's destination alone, as `egress` allows.
    `timeout` (seconds) is the most a call may take; a shorter one of the definition holds. Raises Conflict with code
    `missing_secret` when a needed secret is not among `secrets`, and `incompatible` when this installation cannot run
    the definition.
    """
    info = _callable_generator(str(config["type"]))
    _load_haystack()
    parameters = copy.deepcopy(dict(config["init_parameters"]))
    defaults = dict(parameters.get("generation_kwargs") or {})
    client = _client_settings(info, parameters, egress, timeout)
    parameters.pop("http_client_kwargs", None)
    parameters.update(_secret_arguments(info, parameters, secrets))
    parameters.update(_stated(info, parameters))
    component = _constructed(info, parameters)
    if client is None:
        return LiveGenerator(info.name, component, defaults, usage_on_request=False)
    # The loop ends with this call: nothing that warms up here may hold on to it, and OpenAI's clients do not.
    direct = asyncio.run(_warm_up(info, component, client))
    return LiveGenerator(info.name, component, defaults, info.name not in _COUNT_UNASKED, client, direct)


def _client_settings(
    info: GeneratorInfo, parameters: Mapping[str, Any], egress: Egress, timeout: float
) -> ClientSettings | None:
    destination = destination_of(signature(info.name), parameters)
    if destination is None:
        return None
    return ClientSettings(
        door=Door(egress, destination),
        timeout=min(parameters.get("timeout") or timeout, timeout),
        retries=min(parameters.get("max_retries") or 0, MOST_RETRIES),
        http=parameters.get("http_client_kwargs") or {},
    )


def _callable_generator(type_: str) -> GeneratorInfo:
    info = generator(type_)
    if info is None:
        raise _incompatible("This haymow does not know the generator of this model.")
    if info.status != "available":
        raise _incompatible(info.reason or f"haymow does not run {info.name}.")
    if _calls_out(info) and not _speaks_openai(info):
        # Its SDK's HTTP client would take proxies, credentials and addresses from the server's environment.
        raise _incompatible(f"haymow keeps definitions of {info.name} but cannot call it yet.")
    return info


def _calls_out(info: GeneratorInfo) -> bool:
    return info.name != "MockChatGenerator"


def _speaks_openai(info: GeneratorInfo) -> bool:
    """Whether it calls through OpenAI's SDK, whose clients haymow can take over: those that let one set them up."""
    return "http_client_kwargs" in info.schema["properties"] or info.name == "MetaLlamaChatGenerator"


# --- arguments ---


def _secret_arguments(info: GeneratorInfo, parameters: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, Any]:
    """Every Secret parameter of the class, given or not, as a value: a default would be an environment variable."""
    alternatives = facts.ALTERNATIVE_SECRETS.get(info.name, ())
    found: dict[str, str | None] = {}
    for parameter in info.secrets:
        names, needed = _wanted(info, parameter, parameters)
        value = next((secrets[name] for name in names if name in secrets), None)
        if value is None and needed:
            raise _missing(names)
        found[parameter.name] = value
    given = [name for name in alternatives if found[name] is not None]
    if alternatives and not given:
        raise _missing([name for parameter in info.secrets for name in _wanted(info, parameter, parameters)[0]])
    for name in given[1:]:
        found[name] = None
    nullable = {parameter.name for parameter in info.secrets if parameter.nullable}
    return {name: _secret(value, nullable=name in nullable) for name, value in found.items()}


def _wanted(info: GeneratorInfo, parameter: SecretParameter, parameters: Mapping[str, Any]) -> tuple[list[str], bool]:
    """The names a Secret parameter may be found under, and whether the generator cannot work without it."""
    needed = parameter.name in facts.NEEDED_SECRETS.get(info.name, ())
    if parameter.name not in parameters:
        strict = parameter.strict and bool(parameter.env_vars)
        return list(parameter.env_vars), needed or strict
    written = parameters[parameter.name]
    if written is None:
        return [], needed
    return list(written["env_vars"]), needed or bool(written.get("strict", True))


def _secret(value: str | None, *, nullable: bool) -> Any:
    from haystack.utils import Secret  # noqa: PLC0415 - heavy: loaded with the first generator, in its thread

    if value is None and nullable:
        return None
    return Secret.from_token(value or NO_KEY)


def _stated(info: GeneratorInfo, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What the class or its SDK would read from the environment when it is left out."""
    stated: dict[str, Any] = {}
    known = info.schema["properties"]
    if info.url_parameter:
        stated[info.url_parameter] = parameters.get(info.url_parameter) or info.default_url
        if stated[info.url_parameter] is None:
            raise _incompatible(f"{info.name} has no address to call: set `{info.url_parameter}`.")
    # The SDK's clients get the real values when haymow takes them over; these only keep it from looking for others.
    stated |= {name: value for name, value in (("timeout", DEFAULT_TIMEOUT), ("max_retries", 0)) if name in known}
    if "api_version" in known and parameters.get("api_version") is None:
        stated["api_version"] = known["api_version"].get("default")
    if "http_client_kwargs" in known:
        stated["http_client_kwargs"] = {"trust_env": False}
    return stated


# --- the instance ---


def _constructed(info: GeneratorInfo, parameters: Mapping[str, Any]) -> ChatGenerator:
    module, _, name = info.type.rpartition(".")
    try:
        component_class = getattr(importlib.import_module(module), name)
    except ImportError:
        extra = f"haymow[{info.extra}]" if info.extra else info.package
        raise _incompatible(f"{info.name} needs a package that is not installed here: install {extra}.") from None
    except AttributeError:
        raise _incompatible(f"The installed {info.package} has no {info.name}: install {info.version}.") from None
    try:
        component: ChatGenerator = component_class(**parameters)
    except Exception as error:
        # Its words may repeat the definition's or worse; its kind says enough.
        refusal = type(error).__name__
    else:
        return component
    log.warning("%s refused its init parameters: %s", info.name, refusal)
    raise _incompatible(f"The installed {info.package} refuses the init parameters of this model.")


async def _warm_up(info: GeneratorInfo, component: Any, client: ClientSettings) -> Direct | None:
    try:
        await component.warm_up_async()
        if await take_over_clients(component, client):
            return await learn(component, client)
    except Exception as error:
        log.warning("%s did not warm up: %s", info.name, type(error).__name__)
    raise _incompatible(f"haymow keeps definitions of {info.name} but cannot call it as it is installed here.")


@cache
def _load_haystack() -> None:
    """Import Haystack without its telemetry, and keep its words and its SDKs' out of haymow's log."""
    # Haystack's one way to opt out. Otherwise its import writes to the home directory, and fails when it cannot.
    os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "false"  # noqa: TID251 - written, not read
    import haystack.telemetry._telemetry as telemetry  # noqa: PLC0415 - heavy: seconds, and only serving needs it
    import openai  # noqa: F401, PLC0415 - its import sets up a logger of its own, which comes before ours

    telemetry.telemetry = None  # for a process that had imported Haystack before
    for name in ("haystack", "haystack_integrations", "openai", "httpx", "httpx2", "httpcore", "httpcore2"):
        # They log prompts, addresses and what a provider answered (malformed tool calls, for one).
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


# --- refusals ---


def _missing(names: list[str]) -> Conflict:
    wanted = " or ".join(dict.fromkeys(names)) or "its key"
    return Conflict(
        f"This model needs the secret {wanted}. Enter it in the workspace or the organization, "
        "with the host this model calls.",
        code="missing_secret",
    )


def _incompatible(message: str) -> Conflict:
    return Conflict(message, code="incompatible")

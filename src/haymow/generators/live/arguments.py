"""What a generator is constructed with: the definition's init parameters, its secrets' values, and everything stated
that the class or its SDK would look for in the environment when it is left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from haymow.errors import Conflict
from haymow.generators import facts
from haymow.generators.definitions.needs import what_to_enter
from haymow.generators.signatures import GeneratorInfo, SecretParameter

DEFAULT_TIMEOUT: Final = 120.0
"""Seconds that a call upstream may take when nothing shorter is said."""
NO_KEY: Final = "none"
"""Sent where a key is optional and there is none, for the SDKs insist on one or look for one in the environment."""

# Settings of the HTTP client that haymow makes itself.
_OF_THE_CLIENT: Final = frozenset({"http_client_kwargs", "boto3_config"})
# These may have the name of a resource, or of a provider, instead of an address.
_ADDRESSED_BY_NAME: Final = frozenset({"AnthropicFoundryChatGenerator", "LiteLLMChatGenerator"})
_REGION: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def constructor_arguments(
    info: GeneratorInfo, parameters: Mapping[str, Any], secrets: Mapping[str, str]
) -> dict[str, Any]:
    """The arguments for canonical init parameters and the values of their secrets, by name.

    Needs Haystack imported. Raises Conflict `missing_secret` and `incompatible`.
    """
    arguments = {name: value for name, value in parameters.items() if name not in _OF_THE_CLIENT}
    arguments |= _secret_arguments(info, parameters, secrets)
    arguments |= _stated(info, parameters)
    if info.name == "MockChatGenerator" and isinstance(parameters.get("responses"), list):
        arguments["responses"] = _messages(parameters["responses"])
    return arguments


def incompatible(message: str) -> Conflict:
    """The refusal of a definition that this installation cannot run."""
    return Conflict(message, code="incompatible")


# --- secrets ---


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
    return {parameter.name: _argument(parameter, parameters, found[parameter.name]) for parameter in info.secrets}


def _wanted(info: GeneratorInfo, parameter: SecretParameter, parameters: Mapping[str, Any]) -> tuple[list[str], bool]:
    """The names a Secret parameter may be found under, and whether the generator cannot work without it."""
    needed = parameter.name in facts.NEEDED_SECRETS.get(info.name, ())
    if parameter.name not in parameters:
        strict = parameter.strict and bool(parameter.env_vars)
        return list(parameter.env_vars), needed or strict
    written = parameters[parameter.name]
    if written is None:
        return [], needed
    if isinstance(written, str):
        return [], False
    return list(written["env_vars"]), needed or bool(written.get("strict", True))


def _argument(parameter: SecretParameter, parameters: Mapping[str, Any], value: str | None) -> Any:
    written = parameters.get(parameter.name)
    if isinstance(written, str):
        return written
    if parameter.name == "aws_region_name":
        return _region(value, parameter.env_vars)
    return _secret(value, nullable=parameter.nullable)


def _secret(value: str | None, *, nullable: bool) -> Any:
    from haystack.utils import Secret  # noqa: PLC0415 - heavy: loaded with the first generator, in its thread

    if value is None and nullable:
        return None
    return Secret.from_token(value or NO_KEY)


def _region(value: str | None, names: tuple[str, ...]) -> str:
    """A region that a secret knows. It becomes a part of the host, and the keys are held to AWS's usual hosts."""
    if value is None:
        raise _missing(list(names))
    region = value.strip().lower()
    if not _REGION.fullmatch(region) or region.startswith("cn-"):
        raise incompatible("The secret with the region holds none that haymow calls: write the region as a text.")
    return region


def _missing(names: list[str]) -> Conflict:
    return Conflict(what_to_enter([names]), code="missing_secret")


# --- what is stated ---


def _stated(info: GeneratorInfo, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What the class or its SDK would read from the environment when it is left out."""
    stated: dict[str, Any] = {}
    known = info.schema["properties"]
    if info.url_parameter and info.name not in _ADDRESSED_BY_NAME:
        stated[info.url_parameter] = parameters.get(info.url_parameter) or info.default_url
        if stated[info.url_parameter] is None:
            raise incompatible(f"{info.name} has no address to call: set `{info.url_parameter}`.")
    # The SDK's clients get the real values when haymow takes them over; these only keep it from looking for others.
    stated |= {name: value for name, value in (("timeout", DEFAULT_TIMEOUT), ("max_retries", 0)) if name in known}
    if "api_version" in known and parameters.get("api_version") is None:
        stated["api_version"] = known["api_version"].get("default")
    if "http_client_kwargs" in known:
        stated["http_client_kwargs"] = {"trust_env": False}
    return stated


def _messages(responses: list[Any]) -> list[Any]:
    """The messages that a mock answers, which a definition holds as Haystack writes them."""
    from haystack.dataclasses import ChatMessage  # noqa: PLC0415 - heavy, as above

    return [ChatMessage.from_dict(one) if isinstance(one, dict) else one for one in responses]

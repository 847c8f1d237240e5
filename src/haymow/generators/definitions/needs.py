"""Which secrets a definition cannot work without."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from haymow.generators import facts
from haymow.generators.signatures import SecretParameter, Signature


class Need(NamedTuple):
    """One of the secrets `names` is used; `pointer` is the parameter that names them, or would if it were set."""

    names: tuple[str, ...]
    pointer: str


def needs_of(signature: Signature, parameters: Mapping[str, Any], pointer: str) -> tuple[Need, ...]:
    """The needs of canonical init parameters, in the order of the signature.

    A strict Secret is needed, a non-strict one only where facts.py says so. Alternatives are one need.
    """
    prefix = f"{pointer}/init_parameters"
    group = facts.ALTERNATIVE_SECRETS.get(signature.name, ())
    needs = [
        Need(names, f"{prefix}/{parameter.name}")
        for parameter in signature.secrets.values()
        if parameter.name not in group and (names := _needed_names(signature.name, parameter, parameters))
    ]
    if group:
        joined = [name for key in group for name in _names(signature.secrets[key], parameters)]
        needs.insert(0, Need(tuple(joined), f"{prefix}/{group[0]}"))
    return tuple(needs)


def uses_of(signature: Signature, parameters: Mapping[str, Any], pointer: str) -> tuple[Need, ...]:
    """Every Secret parameter of canonical init parameters that may be sent, one entry for each."""
    return tuple(
        Need(names, f"{pointer}/init_parameters/{parameter.name}")
        for parameter in signature.secrets.values()
        if (names := _names(parameter, parameters))
    )


def what_to_enter(needs: Iterable[Sequence[str]]) -> str:
    """The sentence that asks for secrets: of each of `needs`, any one of its names."""
    wanted = [" or ".join(dict.fromkeys(names)) or "its key" for names in needs]
    noun, them = ("secret", "it") if len(wanted) == 1 else ("secrets", "them")
    return (
        f"This model needs the {noun} {' and '.join(wanted)}. Enter {them} in the workspace or the organization, "
        "with the host this model calls."
    )


def works_by_server_identity(signature: Signature, parameters: Mapping[str, Any]) -> bool:
    """Whether the calls are made with the credentials of the machine haymow runs on, not with a secret."""
    if signature.name == "AnthropicVertexChatGenerator":
        return True
    if signature.name == "GoogleGenAIChatGenerator":
        return _has_vertex_project(parameters)
    if signature.name == "AmazonBedrockChatGenerator":
        return "aws_access_key_id" in parameters and parameters["aws_access_key_id"] is None
    return False


def _needed_names(generator: str, parameter: SecretParameter, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    written = parameters.get(parameter.name)
    strict = written["strict"] if isinstance(written, dict) else parameter.strict
    needed = strict or parameter.name in facts.NEEDED_SECRETS.get(generator, ())
    if parameter.name in facts.NEEDED_WHEN_NAMED.get(generator, ()):
        needed = needed or (isinstance(written, dict) and tuple(written["env_vars"]) != parameter.env_vars)
    if generator == "GoogleGenAIChatGenerator" and _has_vertex_project(parameters):
        needed = False  # the library prefers the project's credentials to any key
    return _names(parameter, parameters) if needed else ()


def _names(parameter: SecretParameter, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    if parameter.name not in parameters:
        return parameter.env_vars
    written = parameters[parameter.name]
    return tuple(written["env_vars"]) if isinstance(written, dict) else ()


def _has_vertex_project(parameters: Mapping[str, Any]) -> bool:
    project, location = parameters.get("vertex_ai_project"), parameters.get("vertex_ai_location")
    return parameters.get("api") == "vertex" and bool(project) and bool(location)

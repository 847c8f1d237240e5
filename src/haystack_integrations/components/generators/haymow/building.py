"""A checked definition made into its generator, with keys of this process."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Mapping
from typing import Any, Final

from haystack.utils import Secret

from haymow.errors import Conflict
from haymow.generators import GeneratorInfo, SecretParameter, generator
from haystack_integrations.components.generators.haymow.definitions import Definition
from haystack_integrations.components.generators.haymow.keys import Keys, value_of

NO_KEY: Final = "none"
"""Given where a key is optional and there is none: without one, SDKs look for others in the environment."""


def built(definition: Definition, keys: Keys, overrides: Mapping[str, Any]) -> Any:
    """The generator, not yet warm. Blocks: it may import an SDK.

    Raises Denied for a key or an address that the pipeline does not allow, Conflict with code `missing_secret` or
    `incompatible` for a key or a package that is not there.
    """
    info = generator(definition.generator)
    assert info is not None  # its definition was checked
    parameters = copy.deepcopy(dict(definition.parameters))
    properties = info.schema["properties"]
    parameters |= {name: value for name, value in overrides.items() if value is not None and name in properties}
    if definition.destination is not None:
        keys.require_destination(info.name, definition.destination, info.default_host)
        keys.require_set(definition.needs)
        # Each as a value: where a parameter names a key that is not set, an SDK would look for others.
        parameters |= {one.name: _secret(one, definition, keys, definition.destination) for one in info.secrets}
    try:
        return _class_of(info)(**parameters)
    except TypeError as error:
        message = f"The installed {info.package} refuses the init parameters of this model."
        raise Conflict(message, code="incompatible") from error


def key_values(definition: Definition) -> tuple[str | None, ...]:
    """What the variables hold that the definition takes its keys from: a generator keeps what they held before."""
    info = generator(definition.generator)
    assert info is not None  # its definition was checked
    return tuple(value_of(name) for one in info.secrets for name in _names(one, definition.parameters))


def _class_of(info: GeneratorInfo) -> Any:
    module, _, name = info.type.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except ImportError as error:
        message = f"{info.name} needs a package that is not installed here: install {info.package}, or use remote mode."
        raise Conflict(message, code="incompatible") from error
    except AttributeError as error:
        message = f"The installed {info.package} has no {info.name}: install {info.version}."
        raise Conflict(message, code="incompatible") from error


def _secret(parameter: SecretParameter, definition: Definition, keys: Keys, destination: str) -> Secret | None:
    value = keys.value(_names(parameter, definition.parameters), destination)
    if value is None and parameter.nullable:
        return None
    return Secret.from_token(value or NO_KEY)


def _names(parameter: SecretParameter, given: Mapping[str, Any]) -> tuple[str, ...]:
    if parameter.name not in given:
        return parameter.env_vars
    written = given[parameter.name]
    return tuple(written["env_vars"]) if isinstance(written, dict) else ()

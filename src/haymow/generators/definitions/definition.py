"""Checks a model's `chat_generator_config` and makes it canonical, without importing Haystack or running anything.

Haystack's own deserialization imports what a definition names and calls what it finds (facts.py says what is refused
for that reason), so a definition passes here before it is stored, and nothing else is ever built.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from haymow.errors import Invalid
from haymow.generators import facts, signatures
from haymow.generators.definitions.destinations import destination_of
from haymow.generators.definitions.faults import Faults
from haymow.generators.definitions.init_parameters import canonical_parameters
from haymow.generators.definitions.needs import Need, needs_of, uses_of
from haymow.generators.definitions.restrictions import restricted_of

MESSAGE: Final = "The model configuration is invalid."
POINTER: Final = "#/chat_generator_config"
MAX_FAULTS: Final = 50


class CheckedConfig(NamedTuple):
    """A definition that may be stored and built.

    `config` is canonical: `{"type": full module path, "init_parameters": {...}}`; omitted parameters stay omitted, key
    order is kept, Secrets are in their full form. It shares its inner values with what was checked: do not change them.
    `generator` is the short class name. `needs`: the secrets it cannot work without; `uses`: every secret it sends when
    there is one, needed or not, so each of these must be allowed to go to `destination`. That is where its calls go, as
    `host:port`; None when it calls nothing; `bedrock-runtime.*.amazonaws.com:443` when only a secret knows the region.
    `restricted`: what only an administrator may set, value by JSON pointer; compare it with the stored definition's.
    """

    config: dict[str, Any]
    generator: str
    needs: tuple[Need, ...]
    uses: tuple[Need, ...]
    destination: str | None
    restricted: dict[str, Any]


def check(config: object, pointer: str = POINTER) -> CheckedConfig:
    """The canonical form of a definition and what it asks for.

    `config` is the parsed JSON at `pointer` (a JSON Pointer as URI fragment). Raises Invalid with every fault, at most
    50, none of which repeats anything of `config`.
    """
    faults = Faults(pointer)
    name, given = _outline(config, faults)
    parameters: dict[str, Any] = {}
    if name is not None and given is not None:
        parameters = canonical_parameters(signatures.signature(name), given, faults)
    if faults or name is None:
        raise Invalid(MESSAGE, faults.found[:MAX_FAULTS])
    signature = signatures.signature(name)
    return CheckedConfig(
        config={"type": signature.type, "init_parameters": parameters},
        generator=name,
        needs=needs_of(signature, parameters, pointer),
        uses=uses_of(signature, parameters, pointer),
        destination=destination_of(signature, parameters),
        restricted=restricted_of(signature, parameters, pointer),
    )


def restricted_in(config: dict[str, Any], pointer: str = POINTER) -> dict[str, Any]:
    """What of a stored, canonical config only an administrator may set; the config is not checked again."""
    name = signatures.find(config["type"])
    if name is None:
        return {}
    return restricted_of(signatures.signature(name), config["init_parameters"], pointer)


def _outline(config: object, faults: Faults) -> tuple[str | None, dict[str, Any] | None]:
    """The generator's short name and its parameters, each None where there is nothing to check further."""
    if not isinstance(config, dict):
        faults.add("", "invalid_value", "Give an object with `type` and `init_parameters`.")
        return None, None
    if config.keys() - {"type", "init_parameters"}:
        faults.add("", "unknown_parameter", "Only `type` and `init_parameters` belong here.")
    return _generator_name(config, faults), _given_parameters(config, faults)


def _generator_name(config: dict[str, Any], faults: Faults) -> str | None:
    if "type" not in config:
        faults.add("/type", "required", "Name the generator, such as OpenAIChatGenerator.")
        return None
    kind = config["type"]
    name = signatures.find(kind) if isinstance(kind, str) else None
    if name is None:
        faults.add("/type", "unknown_generator", "haymow does not know this generator: see GET /api/v2/generators.")
    elif name in facts.REFUSED_GENERATORS:
        faults.add("/type", "refused_generator", facts.REFUSED_GENERATORS[name])
        return None
    return name


def _given_parameters(config: dict[str, Any], faults: Faults) -> dict[str, Any] | None:
    given = config.get("init_parameters", {})  # Haystack fails without it; an empty object means the same
    if isinstance(given, dict):
        return given
    faults.add("/init_parameters", "invalid_value", "Give an object with the generator's parameters.")
    return None

"""The generators haymow knows: their signatures as data, and what the hand-kept facts add to them.

Nothing is read before it is asked for: the index on the first look-up of a type, a generator's file on its first use.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from haymow.generators import facts
from haymow.urls import host_and_port

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

_FOLDER: Final = Path(__file__).parent / "schemas"


@dataclass(frozen=True, slots=True)
class SecretParameter:
    """A parameter that takes a Secret.

    `env_vars` and `strict` are what an omitted parameter stands for; `env_vars` is empty when it has no such default.
    `literal`: a plain text is accepted too. `nullable`: null is accepted, and means no secret.
    """

    name: str
    env_vars: tuple[str, ...]
    strict: bool
    literal: bool
    nullable: bool


@dataclass(frozen=True, slots=True)
class GeneratorInfo:
    """A chat generator and how it is set up.

    `type` is the canonical path, `aliases` the others that definitions may use beside `name`. `extra` is the extra of
    haymow that installs the package, None for Haystack's own. `status` is "available" or "refused", then with a
    `reason`. `schema` is the JSON Schema of the init parameters; refused parameters are left in and marked with
    `x-haymow-refused` (why), those for administrators with `x-haymow-administrators-only`. `url_parameter` sets the
    address; `default_url` is where calls go without it, `default_host` the same as `host:port`.
    """

    name: str
    type: str
    aliases: tuple[str, ...]
    package: str
    version: str
    extra: str | None
    status: str
    reason: str | None
    schema: dict[str, Any]
    secrets: tuple[SecretParameter, ...]
    administrator_parameters: tuple[str, ...]
    url_parameter: str | None
    default_url: str | None
    default_host: str | None


@dataclass(frozen=True, slots=True)
class Signature:
    """A generator's init parameters as its class declares them, ready to check against."""

    name: str
    type: str
    properties: dict[str, dict[str, Any]]
    required: tuple[str, ...]
    secrets: dict[str, SecretParameter]
    validator: Draft202012Validator


def generators() -> tuple[GeneratorInfo, ...]:
    """Every generator haymow knows, by name; the refused ones too."""
    return tuple(_info(name) for name in sorted(set(_index().values())))


def generator(name: str) -> GeneratorInfo | None:
    """The generator of this name: a short class name, the canonical path or one of its aliases."""
    known = find(name)
    return None if known is None else _info(known)


def find(name: str) -> str | None:
    """The short class name of a generator by any of its names; None when haymow does not know it."""
    return _index().get(name)


@cache
def is_installed(package: str) -> bool:
    """Whether a generator's distribution is there; one that is installed meanwhile is found at the next start."""
    # A command line never asks, and this import takes longer than all else here.
    from importlib.metadata import PackageNotFoundError, distribution  # noqa: PLC0415 - see above

    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True


def what_to_install(info: GeneratorInfo) -> str:
    """The sentence that asks for a generator's package."""
    extra = f"haymow[{info.extra}]" if info.extra else info.package
    return f"{info.name} needs a package that is not installed here: install {extra}, then start haymow again."


@cache
def signature(name: str) -> Signature:
    """The init parameters of the generator with this short class name, which must be known."""
    # A third of the room's import time, for what a command line may never check.
    from jsonschema_rs import Draft202012Validator  # noqa: PLC0415 - see above

    document = _document(name)
    schema = document["schema"]
    return Signature(
        name=name,
        type=document["type"],
        properties=schema["properties"],
        required=tuple(schema["required"]),
        secrets={parameter.name: parameter for parameter in _secrets(document)},
        validator=Draft202012Validator(schema),
    )


@cache
def _index() -> dict[str, str]:
    entries = json.loads((_FOLDER / "index.json").read_bytes())["generators"]
    return {name: entry["name"] for entry in entries for name in (entry["name"], entry["type"], *entry["aliases"])}


def _document(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_bytes())
    return document


def _secrets(document: dict[str, Any]) -> list[SecretParameter]:
    return [
        SecretParameter(
            name=name,
            env_vars=tuple(found["env_vars"]),
            strict=found["strict"] is not False,  # where there is no default, a written Secret is strict as in Haystack
            literal=found["literal"],
            nullable=found["nullable"],
        )
        for name, found in document["secrets"].items()
        if name not in facts.REFUSED_PARAMETERS and name not in facts.URL_PARAMETERS
    ]


@cache
def _info(name: str) -> GeneratorInfo:
    document = _document(name)
    properties = document["schema"]["properties"]
    url_parameter = next((parameter for parameter in properties if parameter in facts.URL_PARAMETERS), None)
    default_url = facts.ADDRESSES.get(name) or properties.get(url_parameter, {}).get("default")
    package = document["package"]
    return GeneratorInfo(
        name=name,
        type=document["type"],
        aliases=tuple(document["aliases"]),
        package=package,
        version=document["version"],
        extra=None if package == "haystack-ai" else package.removesuffix("-haystack"),
        status="refused" if name in facts.REFUSED_GENERATORS else "available",
        reason=facts.REFUSED_GENERATORS.get(name),
        schema={**document["schema"], "properties": {key: _marked(key, properties[key]) for key in properties}},
        secrets=tuple(_secrets(document)),
        administrator_parameters=tuple(key for key in properties if key in facts.ADMINISTRATOR_PARAMETERS),
        url_parameter=url_parameter,
        default_url=default_url,
        default_host=host_and_port(default_url) if default_url else None,
    )


def _marked(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    if name in facts.REFUSED_PARAMETERS:
        return {**schema, "x-haymow-refused": facts.REFUSED_PARAMETERS[name]}
    if name in facts.ADMINISTRATOR_PARAMETERS:
        return {**schema, "x-haymow-administrators-only": True}
    if name not in facts.URL_PARAMETERS:
        return schema
    # haymow must know the host before it sends a secret there, so an address is never a Secret itself
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {"type": ["string", "null"], "format": "uri", **rest}

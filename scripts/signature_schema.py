"""Describe chat generators from their `__init__` signatures, as JSON on standard output.

    python scripts/signature_schema.py [--stand-in MODULE ...] module.path:ClassName ...

Runs inside the environment that holds the generator's package, so it imports nothing but the standard library and
Haystack. `generate_schemas.py` starts it and writes what it prints.
"""

from __future__ import annotations

import argparse
import collections.abc
import enum
import importlib
import importlib.metadata
import inspect
import json
import re
import sys
import types
import typing
from typing import Any
from unittest.mock import MagicMock

Schema = dict[str, Any]

SECRET_NAME: Schema = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,127}$"}
SECRET: Schema = {
    "type": "object",
    "title": "Secret",
    "properties": {
        "type": {"const": "env_var"},
        "env_vars": {"type": "array", "items": SECRET_NAME, "minItems": 1, "maxItems": 8},
        "strict": {"type": "boolean"},
    },
    "required": ["type", "env_vars"],
    "additionalProperties": False,
}
CALLABLE: Schema = {
    "type": "string",
    "title": "Callable",
    "pattern": r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+$",
}
NESTED: Schema = {
    "type": "object",
    "title": "Component",
    "properties": {"type": {"type": "string"}, "init_parameters": {"type": "object"}},
    "required": ["type", "init_parameters"],
}
SIMPLE = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null", dict: "object"}


def describe(target: str) -> dict[str, Any]:
    """Everything the signature of `module:Class` says, in the shape of the files in `generators/schemas/`."""
    module_path, name = target.split(":")
    cls = getattr(importlib.import_module(module_path), name)
    parameters = [p for p in inspect.signature(cls.__init__).parameters.values() if p.name != "self"]
    return {
        "name": name,
        "type": f"{cls.__module__}.{name}",
        "aliases": reexports(cls),
        "secrets": {p.name: secret for p in parameters if (secret := secret_of(p, cls))},
        "schema": init_schema(cls, parameters),
    }


def init_schema(cls: type, parameters: list[inspect.Parameter]) -> Schema:
    """The JSON Schema (Draft 2020-12) of the class's init parameters."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": cls.__name__,
        "description": inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0],
        "type": "object",
        "properties": {p.name: parameter_schema(p, cls) for p in parameters},
        "required": [p.name for p in parameters if p.default is p.empty],
        "additionalProperties": False,
    }


def parameter_schema(parameter: inspect.Parameter, cls: type) -> Schema:
    schema = convert(annotation_of(parameter, cls))
    if text := parameter_docs(cls).get(parameter.name):
        schema["description"] = text
    if parameter.default is not parameter.empty:
        schema["default"] = plain(parameter.default)
    return schema


def annotation_of(parameter: inspect.Parameter, cls: type) -> Any:
    """The annotation as an object: modules with `from __future__ import annotations` leave it as text."""
    if isinstance(parameter.annotation, str):
        return eval(parameter.annotation, vars(sys.modules[cls.__module__]))  # our own packages' source, by hand
    return parameter.annotation


def convert(annotation: Any) -> Schema:
    """The schema of what serialized (JSON) init parameters hold for a Python annotation."""
    if annotation is Any:  # a class too, since Python 3.11
        return {}
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return union(typing.get_args(annotation))
    if origin is typing.Literal:
        return {"enum": list(typing.get_args(annotation))}
    if origin is not None:
        return container(origin, typing.get_args(annotation))
    if annotation in SIMPLE:
        return {"type": SIMPLE[annotation]}
    return convert_class(annotation) if isinstance(annotation, type) else {}


def convert_class(cls: type) -> Schema:
    if cls.__name__ == "Secret":
        return dict(SECRET)
    if issubclass(cls, enum.Enum):
        return {"enum": [member.value for member in cls]}
    if getattr(cls, "_is_protocol", False):
        return dict(NESTED)
    if issubclass(cls, collections.abc.Callable):  # type: ignore[arg-type]  # mypy takes it for a special form
        return dict(CALLABLE)
    if issubclass(cls, (list, tuple)):
        return {"type": "array"}
    return {"type": "object", "title": cls.__name__}


def container(origin: Any, arguments: tuple[Any, ...]) -> Schema:
    if origin is collections.abc.Callable:
        return dict(CALLABLE)
    if issubclass(origin, collections.abc.Mapping):
        values = convert(arguments[1])
        return {"type": "object", "additionalProperties": values} if values else {"type": "object"}
    items = convert(arguments[0])
    return {"type": "array", "items": items} if items else {"type": "array"}


def union(members: tuple[Any, ...]) -> Schema:
    """One `type` list where the members are plain types, `anyOf` otherwise; equal members once."""
    schemas: list[Schema] = []
    for member in members:
        schema = convert(member)
        if schema not in schemas:
            schemas.append(schema)
    if len(schemas) == 1:
        return schemas[0]
    bare = [schema["type"] for schema in schemas if set(schema) == {"type"}]
    rest = [schema for schema in schemas if set(schema) != {"type"}]
    joined: list[Schema] = [{"type": bare if len(bare) > 1 else bare[0]}] if bare else []
    return joined[0] if not rest else {"anyOf": rest + joined}


def plain(default: Any) -> Any:
    """A default as JSON: Secrets and enumerations in their serialized form."""
    if isinstance(default, enum.Enum):
        return default.value
    return default.to_dict() if hasattr(default, "to_dict") else default


def secret_of(parameter: inspect.Parameter, cls: type) -> dict[str, Any] | None:
    """How a Secret parameter is filled when it is omitted; None for other parameters.

    `literal` says that a plain string is accepted as well, `nullable` that null is.
    """
    annotation = annotation_of(parameter, cls)
    members = typing.get_args(annotation) or (annotation,)
    if not any(getattr(member, "__name__", "") == "Secret" for member in members):
        return None
    default = parameter.default.to_dict() if hasattr(parameter.default, "to_dict") else {}
    return {
        "env_vars": default.get("env_vars", []),
        "strict": default.get("strict"),
        "literal": str in members,
        "nullable": type(None) in members,
    }


def parameter_docs(cls: type) -> dict[str, str]:
    """The `:param name:` texts of the constructor's docstring."""
    text = inspect.cleandoc(cls.__init__.__doc__ or "")  # type: ignore[misc]  # of the class itself
    fields = re.findall(r"^:param (\w+):(.*?)(?=^:\w|\Z)", text, re.MULTILINE | re.DOTALL)
    return {name: inspect.cleandoc(body.lstrip(" ")) for name, body in fields}


def reexports(cls: type) -> list[str]:
    """The other dotted paths from which the class can be imported, longest first."""
    parts = cls.__module__.split(".")
    paths = [".".join(parts[:length]) for length in range(len(parts) - 1, 1, -1)]
    return [f"{path}.{cls.__name__}" for path in paths if _exports(path, cls)]


def _exports(path: str, cls: type) -> bool:
    try:
        return getattr(importlib.import_module(path), cls.__name__, None) is cls
    except ImportError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="+", metavar="module:Class")
    parser.add_argument("--package", required=True, help="the distribution they come from")
    parser.add_argument("--stand-in", action="append", default=[], help="a module to replace by an empty one")
    arguments = parser.parse_args()
    for module in arguments.stand_in:
        sys.modules[module] = MagicMock()
    version = importlib.metadata.version(arguments.package)
    print(json.dumps({"version": version, "generators": [describe(target) for target in arguments.targets]}))


if __name__ == "__main__":
    main()

"""Schemas of parameters, and what is wrong with one, with its defaults or with a call."""

from __future__ import annotations

from typing import Any

import pytest

from haymow.errors import Fault, Invalid
from haymow.generators.parameters.checks import check_call, check_defaults, check_schema

TEMPERATURE = {"type": "number", "minimum": 0, "maximum": 2}


def of(properties: Any, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, **more}


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(depth):
        schema = {"items": schema}
    return schema


def fan_out(levels: int, width: int) -> dict[str, Any]:
    """A small schema that is `width ** levels` large once its references are followed."""
    definitions: dict[str, Any] = {"d0": {"type": "string"}}
    for level in range(1, levels + 1):
        members = {f"p{number}": {"$ref": f"#/$defs/d{level - 1}"} for number in range(width)}
        definitions[f"d{level}"] = {"properties": members}
    return of({"a": {"$ref": f"#/$defs/d{levels}"}}, **{"$defs": definitions})


def unevaluated(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = of({"a": {}})
    for _ in range(levels):
        schema = {"type": "object", "allOf": [schema], "unevaluatedProperties": False}
    return schema


def faults_of(value: object) -> list[Fault]:
    with pytest.raises(Invalid) as caught:
        check_schema(value)
    return list(caught.value.faults)


def default_faults(schema: dict[str, Any], defaults: dict[str, Any]) -> list[Fault]:
    with pytest.raises(Invalid) as caught:
        check_defaults(check_schema(schema), defaults)
    return list(caught.value.faults)


def call_faults(schema: dict[str, Any], defaults: dict[str, Any], call: dict[str, Any]) -> list[Fault]:
    with pytest.raises(Invalid) as caught:
        check_call(check_schema(schema), defaults, call)
    return list(caught.value.faults)

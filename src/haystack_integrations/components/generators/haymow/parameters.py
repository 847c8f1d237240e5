"""The generation_kwargs of a call, of either mode."""

from __future__ import annotations

import json
from typing import Any

from haymow.errors import Invalid
from haystack_integrations.components.generators.haymow.source import Parameters


def as_json(call: Parameters) -> Parameters:
    """The parameters as JSON has them. Raises Invalid."""
    plain = {name: _plain(value) for name, value in call.items()}
    try:
        json.dumps(plain, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise Invalid(
            "generation_kwargs hold something that JSON has not: give texts, numbers, lists, objects."
        ) from error
    if not all(isinstance(name, str) for name in plain):
        raise Invalid("generation_kwargs hold a name that is no text: name each parameter as the model does.")
    return plain


def _plain(value: Any) -> Any:
    """A class of pydantic's, which some generators take as `response_format`, as its schema says it."""
    if isinstance(value, type) and hasattr(value, "model_json_schema"):
        return {"type": "json_schema", "json_schema": {"name": value.__name__, "schema": value.model_json_schema()}}
    return value

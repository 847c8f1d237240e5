"""The generation_kwargs of a call, of either mode."""

from __future__ import annotations

import json
from typing import Any

from haymow.errors import Invalid
from haystack_integrations.components.generators.haymow.source import Parameters


def as_json(call: Parameters) -> Parameters:
    """The parameters as JSON has them. Raises Invalid."""
    if not all(isinstance(name, str) for name in call):
        raise Invalid("generation_kwargs hold a name that is no text: name each parameter as the model does.")
    try:
        plain: Parameters = json.loads(json.dumps(call, allow_nan=False, default=_plain))
    except (TypeError, ValueError, RecursionError) as error:
        raise Invalid(
            "generation_kwargs hold something that JSON has not: give texts, numbers, lists, objects."
        ) from error
    return plain


def _plain(value: Any) -> Any:
    """What is pydantic's: an object as it is sent; a class, which some take as `response_format`, as its schema."""
    if isinstance(value, type) and hasattr(value, "model_json_schema"):
        return {"type": "json_schema", "json_schema": {"name": value.__name__, "schema": value.model_json_schema()}}
    if not isinstance(value, type) and hasattr(value, "model_dump"):
        return value.model_dump(mode="json", exclude_unset=True)
    raise TypeError("nothing of JSON's")

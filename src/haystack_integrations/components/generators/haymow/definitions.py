"""A model's definition as it came from haymow, checked as haymow checks what it stores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from haymow.documents import to_text
from haymow.errors import Invalid
from haymow.generators import check
from haymow.generators.parameters.checks import CheckedSchema, check_schema


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition that may be built. `text` tells it from every other.

    `generator` is the short class name, `parameters` the canonical init parameters and `defaults` the generation_kwargs
    in them, `needs` the names of keys of which one each has to be there, `destination` where its calls go, as
    `host:port` (None: nowhere), `schema` what a call may set.
    """

    text: str
    generator: str
    parameters: Mapping[str, Any]
    defaults: dict[str, Any]
    needs: tuple[tuple[str, ...], ...]
    destination: str | None
    schema: CheckedSchema


def definition_from(model: Mapping[str, Any]) -> Definition:
    """The definition in an answer of haymow's. Raises Invalid: what haymow itself would not store is not built.

    haymow may be another version, or not be haymow at all: nothing that it says is imported or called before this.
    """
    try:
        checked = check(model.get("chat_generator_config"))
        schema = check_schema(model.get("generation_kwargs"))
    except Invalid as error:
        reasons = " ".join(dict.fromkeys(f"{fault.pointer}: {fault.message}" for fault in error.faults[:5]))
        raise Invalid(
            f"The definition that haymow gives for this model is refused: it is not built here. {reasons} "
            "Correct the model, or update the package haymow in this environment.",
            error.faults,
            code="invalid_model",
        ) from error
    parameters = checked.config["init_parameters"]
    return Definition(
        to_text([checked.config, schema.text]),
        checked.generator,
        parameters,
        dict(parameters.get("generation_kwargs") or {}),
        tuple(need.names for need in checked.needs),
        checked.destination,
        schema,
    )

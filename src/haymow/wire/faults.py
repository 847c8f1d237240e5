"""From what Pydantic found wrong with a request to haymow's faults, which never repeat what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from haymow.errors import Fault
from haymow.wire.shapes import Request


def faults_of(error: ValidationError, pointer: str = "#") -> list[Fault]:
    """Return a fault for each error, its pointer below `pointer`: `#/name`, or `#/query/limit` with `#/query`."""
    found = error.errors(include_url=False, include_input=False)
    return [_fault(pointer, item["type"], item["loc"], item.get("ctx", {})) for item in found]


def unknown_field_faults(kind: type[BaseModel], document: Mapping[str, object]) -> list[Fault]:
    """Return the faults of fields that `kind` would ignore, for `Prefer: handling=strict` (RFC 7240).

    A read-only field is named. Fields that the contract does not know are only counted, in one fault at `#`:
    a key is something the client sent, and is not echoed.
    """
    ignored = document.keys() - kind.model_fields.keys()
    read_only = kind.read_only if issubclass(kind, Request) else frozenset()
    faults = [Fault(f"#/{name}", "read_only", "This field is read-only.") for name in sorted(ignored & read_only)]
    unknown = len(ignored - read_only)
    if unknown:
        fields = "1 field" if unknown == 1 else f"{unknown} fields"
        faults.append(Fault("#", "unknown_field", f"{fields} here are not known to this operation."))
    return faults


# Pydantic's error type -> our code and message. Only numbers and words from our own types are filled in.
_EXPLANATIONS: Final = {
    "missing": ("required", "This is required."),
    "model_type": ("type", "This must be a JSON object."),
    "model_attributes_type": ("type", "This must be a JSON object."),
    "dict_type": ("type", "This must be a JSON object."),
    "list_type": ("type", "This must be an array."),
    "string_type": ("type", "This must be a string."),
    "int_type": ("type", "This must be an integer."),
    "int_from_float": ("type", "This must be an integer."),
    "int_parsing": ("type", "This must be an integer."),
    "int_parsing_size": ("out_of_range", "This integer is too large."),
    "float_type": ("type", "This must be a number."),
    "float_parsing": ("type", "This must be a number."),
    "bool_type": ("type", "This must be true or false."),
    "bool_parsing": ("type", "This must be true or false."),
    "not_an_id": ("type", "This must be a UUID."),
    "not_an_instant": ("type", "This must be a date and time with its offset, such as 2027-01-31T12:00:00Z."),
    "literal_error": ("not_allowed", "This must be one of: {expected}."),
    "string_too_short": ("too_short", "This must have at least {min_length} characters."),
    "string_too_long": ("too_long", "This must have at most {max_length} characters."),
    "too_short": ("too_short", "This must have at least {min_length} items."),
    "too_long": ("too_long", "This must have at most {max_length} items."),
    "greater_than_equal": ("out_of_range", "This must be at least {ge}."),
    "less_than_equal": ("out_of_range", "This must be at most {le}."),
}
_UNEXPLAINED: Final = ("invalid", "This is invalid.")


def _fault(pointer: str, kind: str, location: tuple[int | str, ...], context: Mapping[str, Any]) -> Fault:
    # A location holds names of our own types and positions in arrays, so nothing in it needs escaping.
    code, message = _EXPLANATIONS.get(kind, _UNEXPLAINED)
    return Fault("/".join([pointer, *map(str, location)]), code, message.format_map(context))

"""The checks of a generator's init parameters, and their canonical form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from haymow.generators import facts
from haymow.generators.definitions.expectations import expectation
from haymow.generators.definitions.faults import Faults
from haymow.generators.definitions.particulars import check_particulars
from haymow.generators.definitions.restricted import MESSAGES, is_header_text, is_safe
from haymow.generators.definitions.secret_names import UnusableSecret, canonical_secret
from haymow.generators.signatures import Signature
from haymow.urls import UnusableUrl, host_and_port

_HOST_PART: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def canonical_parameters(signature: Signature, given: Mapping[str, Any], faults: Faults) -> dict[str, Any]:
    """The parameters with their Secrets in full form, in the order given. What is wrong is added to `faults`."""
    known = {name: value for name, value in given.items() if name in signature.properties}
    if len(known) < len(given):
        message = f"Some of these are not parameters of {signature.name}: see GET /api/v2/generators/{signature.name}."
        faults.add("/init_parameters", "unknown_parameter", message)
    for name in signature.required:
        if name not in known:
            message = f"{signature.name} cannot do without it: give {_expected(signature, name)}."
            faults.add_parameter(name, "required", message)
    parameters = {name: _canonical(signature, name, value, faults) for name, value in known.items()}
    _check_schema(signature, parameters, faults)
    check_particulars(signature, parameters, faults)
    return parameters


def _canonical(signature: Signature, name: str, value: Any, faults: Faults) -> Any:
    """The checks that look at one parameter alone and need to know what it does."""
    if name in facts.REFUSED_PARAMETERS:
        if value is not None and value != signature.properties[name].get("default"):
            faults.add_parameter(name, "refused_parameter", facts.REFUSED_PARAMETERS[name])
    elif name in facts.URL_PARAMETERS:
        _check_url(signature, name, value, faults)
    elif name in signature.secrets:
        return _canonical_secret(signature, name, value, faults)
    elif _is_rebuilt(value):
        message = "Haystack would take this object's `type` for something to build: leave `type` out."
        faults.add_parameter(name, "refused_object", message)
    elif name in facts.ADMINISTRATOR_PARAMETERS:
        if value is not None and not is_safe(name, value):
            faults.add_parameter(name, "refused_setting", MESSAGES[name])
    elif name == "generation_kwargs":
        _check_generation_kwargs(signature, value, faults)
    elif isinstance(value, str):
        _check_text(name, value, faults)
    return value


def _is_rebuilt(value: Any) -> bool:
    kind = value.get("type") if isinstance(value, dict) else None
    return isinstance(kind, str) and ("." in kind or kind in facts.REBUILT_TYPES)


def _canonical_secret(signature: Signature, name: str, value: Any, faults: Faults) -> Any:
    parameter = signature.secrets[name]
    never_null = name in facts.NEVER_NULL.get(signature.name, ())
    if value is None and parameter.nullable and not never_null:
        return None
    if isinstance(value, str) and parameter.literal:
        _check_text(name, value, faults)
        return value
    example = parameter.env_vars[0] if parameter.env_vars else name.upper()
    try:
        return canonical_secret(value, strict=parameter.strict, example=example)
    except UnusableSecret as error:
        faults.add_parameter(name, error.code, error.message)
        return value


def _check_url(signature: Signature, name: str, value: Any, faults: Faults) -> None:
    if value is None and signature.properties[name].get("default") is None:
        return
    if not isinstance(value, str):
        advice = "Write the address itself here (https://...), or leave the parameter out."
        faults.add_parameter(name, "invalid_url", advice)
        return
    try:
        host_and_port(value)
    except UnusableUrl as error:
        faults.add_parameter(name, "invalid_url", str(error))


def _check_generation_kwargs(signature: Signature, value: Any, faults: Faults) -> None:
    """One fault for each refused key. Only names of haymow's own list are told, never the request's."""
    if not isinstance(value, dict):
        return  # the schema says what is wrong with it
    refused = [key for key in value if not isinstance(key, str) or facts.refuses_generation_kwarg(signature.name, key)]
    for key in sorted(facts.REFUSED_GENERATION_KWARGS.intersection(refused)):
        message = f"`{key}` is set by the definition or by the call itself: take it out of generation_kwargs."
        faults.add_parameter("generation_kwargs", "refused_generation_kwarg", message)
    if len(facts.REFUSED_GENERATION_KWARGS.intersection(refused)) < len(refused):
        message = f"{signature.name} takes no other request settings (such as extra_headers) here: take them out."
        faults.add_parameter("generation_kwargs", "refused_generation_kwarg", message)


def _check_text(name: str, value: str, faults: Faults) -> None:
    """A text that becomes a part of a host name or a header must not be able to break out of it."""
    if name in facts.NAME_PARAMETERS and not _HOST_PART.fullmatch(value):
        faults.add_parameter(name, "invalid_value", "Give letters, digits and hyphens only, at most 63.")
    if name in facts.HEADER_PARAMETERS and not is_header_text(value):
        faults.add_parameter(name, "invalid_value", "Give visible ASCII characters only, and no credential.")


def _check_schema(signature: Signature, parameters: dict[str, Any], faults: Faults) -> None:
    """The signature's own rules, told once for each parameter, and only where nothing else is wrong with it."""
    for name in _misfits(signature, parameters):
        if not faults.has_parameter(name):
            faults.add_parameter(name, "invalid_value", f"Give {_expected(signature, name)}.")


def _misfits(signature: Signature, parameters: dict[str, Any]) -> list[str]:
    try:
        if signature.validator.is_valid(parameters):
            return []
        errors = signature.validator.iter_errors(parameters)
        found = {error.instance_path[0] for error in errors if error.instance_path}
    except (ValueError, TypeError, RecursionError):  # nothing that JSON can say; every parameter alone tells which
        found = {name for name, value in parameters.items() if not _is_json(signature, value)}
    return [name for name in parameters if name in found]


def _is_json(signature: Signature, value: Any) -> bool:
    try:
        signature.validator.is_valid(value)
    except (ValueError, TypeError, RecursionError):
        return False
    return True


def _expected(signature: Signature, name: str) -> str:
    return expectation(signature.properties[name])

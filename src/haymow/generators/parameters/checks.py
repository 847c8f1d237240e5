"""generation_kwargs: the parameters that a caller may set, as an OpenAPI 3.1 Schema Object (JSON Schema 2020-12).

A model's schema is checked when it is saved, with the defaults of its definition. On each call the defaults and the
call's values are merged and checked whole. Schemas are bounded so that a check takes well under a millisecond, and what
a schema's author may write never makes it fetch anything, or look at a text in more than linear time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

from jsonschema_rs import Validator

from haymow.documents import from_text, to_text
from haymow.errors import Fault, Invalid
from haymow.generators import facts
from haymow.generators.parameters.call_faults import CallFaults
from haymow.generators.parameters.keywords import KEYWORDS, Below, located
from haymow.generators.parameters.patterns import compiled
from haymow.generators.parameters.schema_faults import metaschema_flaws
from haymow.generators.parameters.schema_walk import Flaw, Overgrown, Walk
from haymow.generators.parameters.schema_weights import Weights

MAX_FAULTS: Final = 50
MAX_SCHEMA_CHARACTERS: Final = 64 * 1024
MAX_WORK: Final = 100_000
"""The weight of a schema times the characters of JSON text that are checked against it: about a millisecond, where
everything is made to be slow."""
MAX_EXPLAINED_WORK: Final = 1_000
"""The most work whose errors are told one by one: a validator spends 25 microseconds on each, for every branch too."""

MAX_KEPT: Final = 1024
"""Characters of what is said of one property, up to which its validator is kept for later saves: a few KB each."""

_NONE: Final[Mapping[str, str]] = MappingProxyType({})
SCHEMA_POINTER: Final = "#/generation_kwargs"
DEFAULTS_POINTER: Final = "#/chat_generator_config/init_parameters/generation_kwargs"
SCHEMA_MESSAGE: Final = "The model configuration is invalid."
CALL_MESSAGE: Final = "The model does not take these parameters."


@dataclass(frozen=True, slots=True)
class CheckedSchema:
    """A schema that values may be checked against.

    `schema` is the effective one, and `text` its JSON text. If `is_bare`, a bare map was sent and is its `properties`.
    `weights` say what a check costs. Share it freely, but do not change the schema in it.
    """

    schema: dict[str, Any]
    text: str
    is_bare: bool
    weights: Weights = field(compare=False)  # they follow from the schema


def check_schema(value: object, pointer: str = SCHEMA_POINTER) -> CheckedSchema:
    """Return the schema that `value`, a parsed JSON document at `pointer`, stands for.

    Raises Invalid with every fault, at most 50. Their pointers end before the first name that the author chose.
    """
    if not isinstance(value, dict):
        raise Invalid(SCHEMA_MESSAGE, [Fault(pointer, "invalid_schema", "It must be an object.")])
    is_bare = _is_bare_map(value)
    schema = {"type": "object", "properties": _parameters(value)} if is_bare else value
    try:
        return _checked(schema, is_bare)
    except _Flawed as error:
        raise Invalid(SCHEMA_MESSAGE, _faults(error.flaws, schema, pointer, is_bare)) from None


@lru_cache(maxsize=256)
def stored_schema(text: str) -> CheckedSchema:
    """Return the schema of a stored model, from its JSON text. Raises Invalid when it would no longer be saved."""
    return check_schema(from_text(text))


def check_defaults(checked: CheckedSchema, defaults: dict[str, Any], pointer: str = DEFAULTS_POINTER) -> None:
    """Check each default value by itself, against what the schema says of its property.

    Defaults need not be complete: `required`, and whatever looks at several properties, waits for the call.
    Raises Invalid. Its faults tell neither names nor limits, since the schema may come from the same request.
    """
    if not _is_affordable(checked, defaults):
        raise Invalid(SCHEMA_MESSAGE, [Fault(pointer, "too_large", _TOO_LARGE)])
    misfits = _misfit_defaults(checked, defaults)
    if misfits:
        places = (place for place, name in enumerate(defaults, 1) if name in misfits)
        faults = [Fault(pointer, "invalid_value", _MISFIT.format(place)) for place in islice(places, MAX_FAULTS)]
        raise Invalid(SCHEMA_MESSAGE, faults)


def check_call(
    checked: CheckedSchema,
    defaults: dict[str, Any],
    call: dict[str, Any],
    pointer: str = "#",
    known: Mapping[str, str] = _NONE,
) -> dict[str, Any]:
    """Return the defaults with the values of a call at `pointer` in their place, key by key.

    The merged parameters are checked whole. Raises Invalid, with faults that say what the schema allows, and name
    parameters as `known` does (name here -> name told).
    """
    if any(map(is_denied, call)):
        raise Invalid(CALL_MESSAGE, [Fault(pointer, "refused_generation_kwarg", _DENIED)])
    merged = {**defaults, **call}
    if not _is_affordable(checked, merged):
        raise Invalid(CALL_MESSAGE, [Fault(pointer, "too_large", _TOO_LARGE)])
    if not _validator(checked.text).is_valid(merged):
        tell = CallFaults(checked.schema, checked.is_bare, pointer, known)
        raise Invalid(CALL_MESSAGE, _call_faults(checked, merged, tell))
    return merged


def is_denied(name: str) -> bool:
    """Whether no caller may ever set the parameter `name`: it would change the model, the messages or the address."""
    return name in facts.REFUSED_IN_CALLS or name.startswith(facts.REFUSED_GENERATION_KWARGS_PREFIX)


_OF_ONE_PROPERTY: Final = ("properties", "patternProperties", "additionalProperties")
_TOLD: Final = frozenset({"title", "description", "default", "examples", "deprecated"})
_MISFIT: Final = "Value {} of these defaults does not fit what generation_kwargs says of it."
_TOO_LARGE: Final = "There is too much to check against the schema of generation_kwargs."
_DENIED: Final = f"A call may not set {', '.join(sorted(facts.REFUSED_IN_CALLS))}, or what starts with extra_."
_ROOT: Final = 'Give {}, a schema with "type": "object", or a map of names to Schema Objects.'


class _Flawed(Exception):
    def __init__(self, flaws: list[Flaw]) -> None:
        super().__init__()
        self.flaws = flaws


def _checked(schema: dict[str, Any], is_bare: bool) -> CheckedSchema:
    text = to_text(schema)
    if len(text) > MAX_SCHEMA_CHARACTERS:
        raise _Flawed([Flaw((), "schema_too_large", "Its JSON text is longer than 64 Ki characters.")])
    try:
        walk = Walk(schema)
        weights = Weights(walk)
    except Overgrown as error:
        raise _Flawed([error.flaw]) from None
    flaws = [*_root_flaws(schema), *walk.flaws, *weights.flaws, *metaschema_flaws(schema)]
    if flaws:
        raise _Flawed(flaws)
    return CheckedSchema(schema, text, is_bare, weights)


@lru_cache(maxsize=256)
def _validator(text: str) -> Validator:
    return compiled(from_text(text))


@lru_cache(maxsize=256)
def _property_validator(text: str) -> Validator:
    """A validator of what the schema says of each property by itself."""
    schema = from_text(text)
    return compiled({keyword: schema[keyword] for keyword in (*_OF_ONE_PROPERTY, "$defs") if keyword in schema})


def _misfit_defaults(checked: CheckedSchema, defaults: dict[str, Any]) -> list[str]:
    """The names of the defaults that do not fit, in their order.

    A schema is new with each save, but what it says of one property seldom is: where that is short and stands for
    itself, its validator is kept.
    """
    schema = checked.schema
    rules = {name: _rule(schema["properties"][name]) for name in defaults if name in checked.weights.leaves}
    is_short = all(len(rule) <= MAX_KEPT for rule in rules.values())
    if len(rules) < len(defaults) or "patternProperties" in schema or not is_short:
        return _misfits(_validator_of(schema, defaults), defaults)
    return [name for name, value in defaults.items() if not _leaf_validator(rules[name]).is_valid(value)]


def _rule(schema: dict[str, Any] | bool) -> str:
    """What a schema demands, without what it says to people."""
    if isinstance(schema, dict) and not _TOLD.isdisjoint(schema):
        schema = {keyword: value for keyword, value in schema.items() if keyword not in _TOLD}
    return to_text(schema)


@lru_cache(maxsize=1024)
def _leaf_validator(text: str) -> Validator:
    return compiled(from_text(text))


def _validator_of(schema: dict[str, Any], names: Iterable[str]) -> Validator:
    """A validator of what the schema says of each of some properties by itself, for one save: nothing of it is kept."""
    said, others = schema.get("properties", {}), ("patternProperties", "additionalProperties", "$defs")
    kept: dict[str, Any] = {keyword: schema[keyword] for keyword in others if keyword in schema}
    return compiled({**kept, "properties": {name: said[name] for name in names if name in said}})


def _misfits(validator: Validator, values: dict[str, Any]) -> list[str]:
    """The names of the values that do not fit what the schema says of their property, in their order."""
    if validator.is_valid(values):
        return []
    return [name for name, value in values.items() if not validator.is_valid({name: value})]


def _call_faults(checked: CheckedSchema, values: dict[str, Any], tell: CallFaults) -> list[Fault]:
    misfits = _misfits(_property_validator(checked.text), values)[:MAX_FAULTS]
    faults = [fault for name in misfits for fault in _faults_of_value(checked, name, values[name], tell)]
    # `required` holds a list of names, or the schema would not have been saved.
    faults += [tell.missing(name) for name in checked.schema.get("required", ()) if name not in values]
    if not faults and checked.weights.of_the_rest * len(to_text(values)) <= MAX_EXPLAINED_WORK:
        faults += tell.explained(_validator(checked.text).iter_errors(values))
    return list(dict.fromkeys(faults or [tell.together()]))[:MAX_FAULTS]


def _faults_of_value(checked: CheckedSchema, name: str, value: object, tell: CallFaults) -> Iterable[Fault]:
    work = checked.weights.of_properties.get(name, checked.weights.of_the_rest) * len(to_text(value))
    if isinstance(value, dict | list) and work > MAX_EXPLAINED_WORK:
        return [tell.unexplained(name)]
    return tell.explained(_property_validator(checked.text).iter_errors({name: value}), name)


def _is_affordable(checked: CheckedSchema, values: dict[str, Any]) -> bool:
    """Whether a check of `values` stays within MAX_WORK; each property's value only meets that property's schemas."""
    size = len(to_text(values))
    weights = checked.weights
    if size * weights.root.total <= MAX_WORK:
        return True
    work = weights.of_the_rest * size + weights.of_names * sum(map(len, values))
    costs = weights.of_properties
    work += sum(costs[name] * len(to_text(value)) for name, value in values.items() if name in costs)
    return work <= MAX_WORK


def _parameters(value: dict[str, Any]) -> dict[str, Any]:
    return {name: member for name, member in value.items() if not name.startswith("x-")}


def _is_bare_map(value: dict[str, Any]) -> bool:
    """Whether `value` maps names of parameters to Schema Objects, rather than being a Schema Object itself.

    A name may well be a keyword too (`format` of Ollama): then its value tells, as long as no keyword takes an object.
    """
    parameters = _parameters(value)
    return bool(parameters) and all(
        isinstance(member, dict)
        and (not member or any(keyword in KEYWORDS for keyword in member))
        and name not in _TAKE_OBJECTS
        and not name.startswith("$")
        for name, member in parameters.items()
    )


_TAKE_OBJECTS: Final = frozenset(
    {name for name, below in KEYWORDS.items() if below not in (Below.PLAIN, Below.PATTERN)}
    | {"const", "default", "discriminator", "xml", "externalDocs", "example"}
)


def _root_flaws(schema: dict[str, Any]) -> list[Flaw]:
    return [Flaw((), "invalid_root", _ROOT)] if schema and schema.get("type") != "object" else []


def _faults(flaws: Iterable[Flaw], schema: dict[str, Any], pointer: str, is_bare: bool) -> list[Fault]:
    faults: dict[Fault, None] = {}
    for path, code, message in flaws:
        end, words = located(schema, path)
        if is_bare:
            end, words = end.removeprefix("/properties"), words.removeprefix("properties")
        hint = f" Where, counted from 1: {words}." if words else ""
        faults[Fault(pointer + end, code, message + hint)] = None
    return list(faults)[:MAX_FAULTS]

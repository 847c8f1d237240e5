"""generation_kwargs: the parameters that a caller may set, as an OpenAPI 3.1 Schema Object (JSON Schema 2020-12).

A model's schema is checked when it is saved, with the defaults of its definition. On each call the defaults and the
call's values are merged and checked whole. Schemas are bounded so that a check takes well under a millisecond, and what
a schema's author may write never makes it fetch anything, or look at a text in more than linear time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from jsonschema_rs import Validator

from haymow.documents import to_text
from haymow.errors import Fault, Invalid
from haymow.generators import facts
from haymow.generators.call_faults import call_faults
from haymow.generators.keywords import KEYWORDS, Below, located
from haymow.generators.patterns import compiled
from haymow.generators.schema_faults import metaschema_flaws
from haymow.generators.schema_walk import Flaw, Overgrown, Walk
from haymow.generators.schema_weights import Weights

MAX_FAULTS: Final = 50
MAX_SCHEMA_CHARACTERS: Final = 64 * 1024
MAX_WORK: Final = 100_000
"""The weight of a schema times the characters of JSON text that are checked against it: below a millisecond."""

SCHEMA_POINTER: Final = "#/generation_kwargs"
DEFAULTS_POINTER: Final = "#/chat_generator_config/init_parameters/generation_kwargs"
SCHEMA_MESSAGE: Final = "The model configuration is invalid."
CALL_MESSAGE: Final = "The model does not take these parameters."


@dataclass(frozen=True, slots=True)
class CheckedSchema:
    """A schema that values may be checked against.

    `schema` is the effective one: with the bare map that was sent, if `is_bare`, as its `properties`. `text` is its JSON
    text. `weights` says what a check of each property costs, and `rest` what all else costs.
    Share it freely, but do not change the schema in it.
    """

    schema: dict[str, Any]
    text: str
    is_bare: bool
    weights: Mapping[str, int]
    rest: int


def check_schema(value: object, pointer: str = SCHEMA_POINTER) -> CheckedSchema:
    """Return the schema that `value`, a parsed JSON document at `pointer`, stands for.

    Raises Invalid with every fault, at most 50. Their pointers end before the first name that the author chose.
    """
    if not isinstance(value, dict):
        raise Invalid(SCHEMA_MESSAGE, [Fault(pointer, "invalid_schema", "It must be an object.")])
    is_bare = _is_bare_map(value)
    schema = {"type": "object", "properties": _parameters(value)} if is_bare else value
    text = to_text(schema)
    try:
        if len(text) > MAX_SCHEMA_CHARACTERS:
            raise Overgrown(Flaw((), "schema_too_large", "Its JSON text is longer than 64 Ki characters."))
        walk = Walk(schema)
        weights = Weights(walk)
        flaws = [*_root_flaws(schema), *walk.flaws, *weights.flaws, *metaschema_flaws(schema)]
    except Overgrown as error:
        flaws = [error.flaw]
    if flaws:
        raise Invalid(SCHEMA_MESSAGE, _faults(flaws, schema, pointer, is_bare))
    by_property = {
        str(child.path[1]): weights.of(child).total for child in walk.root.children if child.path[0] == "properties"
    }
    return CheckedSchema(schema, text, is_bare, by_property, weights.root.total - sum(by_property.values()))


@lru_cache(maxsize=256)
def stored_schema(text: str) -> CheckedSchema:
    """Return the schema of a stored model, from its JSON text. Raises Invalid when it would no longer be saved."""
    return check_schema(json.loads(text))


def check_defaults(checked: CheckedSchema, defaults: dict[str, Any], pointer: str = DEFAULTS_POINTER) -> None:
    """Check each default value by itself, against what the schema says of its property.

    Defaults need not be complete: `required`, and whatever looks at several properties, waits for the call.
    Raises Invalid. Its faults tell neither names nor limits, since the schema may come from the same request.
    """
    if not _is_affordable(checked, defaults):
        raise Invalid(SCHEMA_MESSAGE, [Fault(pointer, "too_large", _TOO_LARGE)])
    validator = _validator(checked.text)
    if validator.is_valid(defaults):
        return
    keywords: dict[str, str] = {}
    for error in validator.iter_errors(defaults):
        applicator = error.evaluation_path[0] if error.evaluation_path else ""
        if applicator in _OF_ONE_PROPERTY:
            is_extra = applicator == "additionalProperties" and not error.instance_path
            names = error.kind.value if is_extra else error.instance_path[:1]
            keywords.update(dict.fromkeys(names, error.kind.name))
    places = {name: place for place, name in enumerate(defaults, 1)}
    faults = [Fault(pointer, "invalid_value", _default_message(places[name], keywords[name])) for name in keywords]
    if faults:
        raise Invalid(SCHEMA_MESSAGE, faults[:MAX_FAULTS])


def check_call(
    checked: CheckedSchema, defaults: dict[str, Any], call: dict[str, Any], pointer: str = "#"
) -> dict[str, Any]:
    """Return the defaults with the values of a call at `pointer` in their place, key by key.

    The merged parameters are checked whole. Raises Invalid, with faults that say what the schema allows.
    """
    if any(map(is_denied, call)):
        raise Invalid(CALL_MESSAGE, [Fault(pointer, "refused_generation_kwarg", _DENIED)])
    merged = {**defaults, **call}
    if not _is_affordable(checked, merged):
        raise Invalid(CALL_MESSAGE, [Fault(pointer, "too_large", _TOO_LARGE)])
    validator = _validator(checked.text)
    if not validator.is_valid(merged):
        errors = islice(validator.iter_errors(merged), MAX_FAULTS)
        raise Invalid(CALL_MESSAGE, call_faults(errors, checked.schema, pointer, SCHEMA_POINTER))
    return merged


def is_denied(name: str) -> bool:
    """Whether no caller may ever set the parameter `name`: it would change the model, the messages or the address."""
    return name in facts.REFUSED_GENERATION_KWARGS or name.startswith(facts.REFUSED_GENERATION_KWARGS_PREFIX)


_OF_ONE_PROPERTY: Final = frozenset({"properties", "patternProperties", "additionalProperties"})
_TOO_LARGE: Final = "There is too much to check against the schema of generation_kwargs."
_DENIED: Final = f"A call may not set {', '.join(sorted(facts.REFUSED_GENERATION_KWARGS))}, or what starts with extra_."
_ROOT: Final = 'At its root it is either {} or has "type": "object".'


@lru_cache(maxsize=256)
def _validator(text: str) -> Validator:
    return compiled(text)


def _is_affordable(checked: CheckedSchema, values: dict[str, Any]) -> bool:
    """Whether a check of `values` stays within MAX_WORK; each property's value only meets that property's schemas."""
    size = len(to_text(values))
    if size * (checked.rest + sum(checked.weights.values())) <= MAX_WORK:
        return True
    work = size * checked.rest
    work += sum(len(to_text(value)) * checked.weights.get(name, 0) for name, value in values.items())
    return work <= MAX_WORK


def _default_message(place: int, keyword: str) -> str:
    return f"Value {place} of these defaults does not fit what generation_kwargs says of it: see {keyword} there."


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
        fragment, words = located(schema, path)
        if is_bare:
            fragment, words = fragment.removeprefix("/properties"), words.removeprefix("properties")
        # The pointer tells all there is to tell, unless it ends before a name.
        hint = f" Where, counted from 1: {words}." if "[" in words else ""
        faults[Fault(pointer + fragment, code, message + hint)] = None
    return list(faults)[:MAX_FAULTS]

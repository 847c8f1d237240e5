"""From what a client sent to a definition that may be saved: every check that needs no database.

Checking a document costs more than all the rest of an update, so a proposal checks each document
once, however often the update then meets a newer revision.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from haymow.documents import from_text, same_document, to_text
from haymow.errors import Fault, Invalid
from haymow.generators.definitions import definition as configs
from haymow.generators.definitions.definition import CheckedConfig
from haymow.generators.dialects.translation import held_defaults
from haymow.generators.parameters import checks as parameters
from haymow.generators.parameters.checks import CheckedSchema
from haymow.server.registry import rules
from haymow.server.registry.rules import Definition

MOST_CONFIG_CHARACTERS = 64 * 1024

NOTHING = Definition("", "", "", "{}")
"""What a new model's definition is made from."""


class Change(NamedTuple):
    """What a client wants; None leaves a field as it is."""

    name: str | None = None
    provider: str | None = None
    chat_generator_config: dict[str, Any] | None = None
    generation_kwargs: dict[str, Any] | None = None


class Proposal(NamedTuple):
    """A change whose documents are sound in themselves."""

    change: Change
    config: CheckedConfig | None
    schema: CheckedSchema | None


def propose(change: Change) -> Proposal:
    """Raises Invalid with the faults of every field at once."""
    faults: list[Fault] = []
    config = schema = None
    try:
        if change.chat_generator_config is not None:
            config = _checked_config(change.chat_generator_config)
    except Invalid as error:
        faults += error.faults
    try:
        if change.generation_kwargs is not None:
            schema = parameters.check_schema(change.generation_kwargs)
    except Invalid as error:
        faults += error.faults
    rules.require_no([*rules.check_name_and_provider(change.name, change.provider), *faults])
    return Proposal(change, config, schema)


def _checked_config(value: dict[str, Any]) -> CheckedConfig:
    if len(to_text(value)) > MOST_CONFIG_CHARACTERS:
        message = "Its JSON text is longer than 64 Ki characters."
        raise Invalid(rules.INVALID, [Fault(configs.POINTER, "config_too_large", message)])
    return configs.check(value)


def change_to(definition: Definition) -> Change:
    """The change that makes any model like `definition`."""
    return Change(
        definition.name,
        definition.provider,
        from_text(definition.chat_generator_config),
        from_text(definition.generation_kwargs),
    )


def whole(definition: Definition) -> Definition:
    """What a revision says, with what follows from it. Raises Invalid when it would not be saved any more."""
    return applied(NOTHING, propose(change_to(definition)), administrator=True)


@lru_cache(maxsize=1024)
def destination_of(config: str) -> str | None:
    """Where a stored config calls by what is known today: an upgrade may have moved a generator's default host."""
    try:
        return configs.check(from_text(config)).destination
    except Invalid:
        return None


def applied(before: Definition, proposal: Proposal, administrator: bool) -> Definition:
    """The merged definition. Raises Invalid when its parts do not go together."""
    change, config = proposal.change, proposal.config
    if config is not None and not administrator:
        _check_restricted(before, config)
    after = Definition(
        name=before.name if change.name is None else change.name,
        provider=before.provider if change.provider is None else change.provider,
        chat_generator_config=_kept(before.chat_generator_config, config.config if config else None),
        generation_kwargs=_kept(before.generation_kwargs, change.generation_kwargs),
        needs=tuple(need.names for need in config.needs) if config else before.needs,
        uses=tuple(dict.fromkeys(name for use in config.uses for name in use.names)) if config else before.uses,
        destination=config.destination if config else before.destination,
    )
    if (before.chat_generator_config, before.generation_kwargs) != (
        after.chat_generator_config,
        after.generation_kwargs,
    ):
        _check_defaults(after, proposal)
    return after


def _check_restricted(before: Definition, config: CheckedConfig) -> None:
    old = configs.restricted_in(from_text(before.chat_generator_config)) if before.chat_generator_config else {}
    rules.require_no(rules.check_restricted(old, config.restricted))


def _kept(before: str, after: dict[str, Any] | None) -> str:
    """The text of a document: the old one when it says the same, so that a change that changes nothing shows."""
    if after is None:
        return before
    text = to_text(after)
    # In another order of keys a document has as many characters; so most that differ need no second look.
    if len(text) != len(before) or text == before:
        return text
    return before if same_document(from_text(before), after) else text


def _check_defaults(definition: Definition, proposal: Proposal) -> None:
    config = proposal.config.config if proposal.config else from_text(definition.chat_generator_config)
    if not config["init_parameters"].get("generation_kwargs"):
        return
    schema = proposal.schema or parameters.stored_schema(definition.generation_kwargs)
    try:
        parameters.check_defaults(schema, held_defaults(config, schema))
    except Invalid as error:
        rules.require_no(error.faults)

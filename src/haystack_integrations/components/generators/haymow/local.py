"""Local mode: a model's definition comes from haymow, and its generator is built and called in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from haymow.errors import Invalid
from haymow.generators import refuses_generation_kwarg
from haymow.generators.dialects.translation import Translation, dialect_of
from haystack_integrations.components.generators.haymow.building import built, key_values
from haystack_integrations.components.generators.haymow.definitions import Definition
from haystack_integrations.components.generators.haymow.kept import Kept
from haystack_integrations.components.generators.haymow.keys import Keys
from haystack_integrations.components.generators.haymow.parameters import as_json
from haystack_integrations.components.generators.haymow.registry import Registry
from haystack_integrations.components.generators.haymow.source import DENIED, Choice, Parameters, Source


@dataclass(frozen=True, slots=True)
class Local:
    """The generator that the definition names, with keys of this process's environment.

    `overrides` are init parameters that this pipeline sets in place of the definition's, where the generator has them.
    """

    registry: Registry
    definitions: Kept[Definition]
    keys: Keys
    overrides: Parameters

    def known(self) -> Choice | None:
        """The choice when the definition is not due to be asked for again."""
        definition = self.definitions.fresh()
        return None if definition is None else self._choice(definition)

    def choice(self) -> Choice:
        """The choice by the newest definition; while haymow is away, by the last one."""
        return self._choice(self.definitions.get())

    def take_over(self, before: Source) -> None:
        """Go on with the definition that the process had which this one was forked from."""
        if isinstance(before, Local):
            self.definitions.take_over(before.definitions)

    def close(self) -> None:
        """Close the connection to haymow."""
        self.registry.close()

    def _choice(self, definition: Definition) -> Choice:
        return Choice(
            (definition.text, key_values(definition)),
            lambda: built(definition, self.keys, self.overrides),
            lambda call: _accepted(definition, call),
            _as_it_is,
        )


def _accepted(definition: Definition, call: Parameters) -> Parameters:
    """The parameters of a call, when the model allows them as haymow itself would."""
    plain = as_json(call)
    if any(refuses_generation_kwarg(definition.generator, name) for name in call):
        raise Invalid(DENIED)
    try:
        dialect = dialect_of(definition.generator, definition.parameters.get("model") or "")
        # What it would send is the server's way; here the generator gets what was said, by its own names.
        Translation(dialect, definition.schema, definition.defaults).asked(plain)
    except Invalid as error:
        reasons = " ".join(dict.fromkeys(fault.message for fault in error.faults))
        raise Invalid(f"{error.message} {reasons}", error.faults, code=error.code) from error
    return call


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield

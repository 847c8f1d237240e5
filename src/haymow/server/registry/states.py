"""What stands between models and their next chats: what they lack, how their last tests ended, what hides them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from haymow import generators
from haymow.names import name_key
from haymow.server.database import Database
from haymow.server.registry import connection_store, rules, view_store
from haymow.server.registry.connected import Refs, is_connected, refs_of, sendable, versions_of
from haymow.server.registry.rules import PASSED, LastTest, Model, Needs, Origin, Scope, Tested

if TYPE_CHECKING:
    from sqlalchemy import Connection

INCOMPATIBLE: Final = "incompatible"
MISSING_SECRET: Final = "missing_secret"
NOT_INSTALLED: Final = "not_installed"
UNTESTED: Final = "untested"
"""What is known without a test; the other reasons are those of a ConnectionTest."""

_UNTESTED: Final = "Everything this model needs is here, and nobody has tested it yet. Test its connection to be sure."


class Namesake(NamedTuple):
    """Another model of the same name."""

    model_id: UUID
    origin: Origin


class State(NamedTuple):
    """A model's state as seen from a scope. `test` is the last one, while it counts."""

    model_id: UUID
    connected: bool | None
    reason: str
    detail: str
    missing_secrets: tuple[str, ...]
    test: LastTest | None
    shadowed_by: Namesake | None
    shadows: tuple[Namesake, ...]


@dataclass(frozen=True)
class States:
    """Reads the states of models.

    `refusal` says why a definition is not called, and `advice` what to do after a test that ended for a reason: both
    are serving's.
    """

    database: Database
    refusal: Callable[[Mapping[str, Any]], str | None]
    advice: Callable[[str], str]

    async def of(self, scope: Scope, model_ids: Sequence[UUID]) -> list[State]:
        """The states of these models in this order, each once; those that are not seen from `scope` are left out."""
        return await self.database.scan(lambda connection: self._read(connection, scope, model_ids))

    def _read(self, connection: Connection, scope: Scope, model_ids: Sequence[UUID]) -> list[State]:
        found = connection_store.with_last_tests(connection, scope, model_ids)
        models = [model for model, _ in found.values()]
        refs = refs_of(connection, scope, (name for model in models for name in model.uses))
        alike = view_store.namesakes(connection, scope, (model.name for model in models))
        ranked = {key: _ranked(scope, those) for key, those in alike.items()}
        wanted = [found[model_id] for model_id in dict.fromkeys(model_ids) if model_id in found]
        return [self._state(refs, ranked[name_key(model.name)], model, test) for model, test in wanted]

    def _state(self, refs: Refs, alike: Sequence[Namesake], model: Model, test: LastTest | None) -> State:
        required = model.definition.required
        secrets = sendable(refs, required)
        if test is not None and test.secrets != versions_of(secrets.values()):
            test = None
        tested = test and Tested(test.secrets, test.reason == PASSED)
        missing = rules.unmet(model.needs, secrets)
        names = tuple(dict.fromkeys(name for alternatives in missing for name in alternatives))
        condition = self._condition(model, missing, test)
        connected = is_connected(refs, required, tested)
        return State(model.model_id, connected, *condition, names, test, *_hiding(alike, model.model_id))

    def _condition(self, model: Model, missing: Needs, test: LastTest | None) -> tuple[str, str]:
        """A reason and its sentence, in the order in which a test would come upon them."""
        config = json.loads(model.chat_generator_config)
        if refusal := self.refusal(config):
            return INCOMPATIBLE, refusal
        if missing:
            return MISSING_SECRET, generators.what_to_enter(missing)
        info = generators.generator(config["type"])
        if info is not None and not generators.is_installed(info.package):
            return NOT_INSTALLED, generators.what_to_install(info)
        if test is None:
            return UNTESTED, _UNTESTED
        return test.reason, self.advice(test.reason)


def _ranked(scope: Scope, alike: Sequence[tuple[UUID, UUID]]) -> list[Namesake]:
    """Models of one name, the nearest first: that is the one a chat means."""
    nearest_first = sorted(alike, key=lambda one: scope.visible.index(one[0]))
    return [Namesake(model_id, scope.origin_of(scope_id)) for scope_id, model_id in nearest_first]


def _hiding(alike: Sequence[Namesake], model_id: UUID) -> tuple[Namesake | None, tuple[Namesake, ...]]:
    """Which one of them hides a model, and which ones it hides: only the nearest hides any."""
    nearest, *others = alike
    return (None, tuple(others)) if nearest.model_id == model_id else (nearest, ())

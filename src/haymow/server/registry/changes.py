"""Changing models: each change writes its revision and its audit record in its own transaction, or does not happen.

A change is decided on the revision that was read. When another change came first, it is decided
again on what that one left, so changes to different fields both survive and none is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from haymow.errors import Fault, NotFound
from haymow.generators.definitions.definition import CheckedConfig
from haymow.generators.definitions.hosts import admits
from haymow.server.access.rules import Person, Role, require
from haymow.server.access.service import people_among, require_workspace
from haymow.server.audit.rules import Record
from haymow.server.audit.service import record
from haymow.server.database import Database
from haymow.server.registry import connection_store, rules, store
from haymow.server.registry.connected import refs_of
from haymow.server.registry.proposals import NOTHING, Change, Proposal, applied, change_to, propose
from haymow.server.registry.rules import Definition, Model, Revision, Scope
from haymow.server.registry.service import Registry, Shown, View, show, show_one, shown_with, with_people
from haymow.server.secrets import service as secrets_room
from haymow.server.secrets.rules import SecretRef

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")

IfMatch = Callable[[Model], None]
"""Raises PreconditionFailed unless the client's condition holds for this revision."""


class _Undone(Exception):  # not an error: it carries an answer out of a transaction that is undone
    def __init__(self, shown: Shown) -> None:
        self.shown = shown


@dataclass(frozen=True)
class Changes:
    """Creates, updates, deletes and restores models."""

    database: Database
    registry: Registry
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]

    async def open(self, view: View, model_id: UUID) -> Model:
        """A custom model of exactly this scope, to be changed. Raises NotFound, then Denied."""
        model = await self.database.read(lambda connection: _loaded(connection, view.scope.own_id, model_id))
        require(view.role, Role.EDITOR)
        return model

    def creating(self, view: View, change: Change) -> Callable[[Connection], Shown]:
        """The unit of work that makes a new model; it raises Conflict, Invalid. Raises Invalid."""
        proposal = propose(change)
        me = view.principal.person
        return lambda connection: with_people(self._create(connection, view, proposal), {me.user_id: me})

    async def update(self, view: View, model_id: UUID, proposal: Proposal, if_match: IfMatch) -> Shown:
        """Change a model, which whoever has this view may edit. Raises NotFound, PreconditionFailed, Invalid, Conflict.

        The model, its names and the change are one unit of work: once it is committed, nothing comes before its answer.
        """
        return await self.write(lambda connection: self._updated(connection, view, model_id, proposal, if_match))

    async def delete(self, view: View, seen: Model, if_match: IfMatch) -> None:
        """Delete a model that `open` gave; its revisions stay. Raises PreconditionFailed, NotFound."""
        await self.write(lambda connection: self._delete(connection, view, seen, if_match))

    async def restoring(
        self, view: View, model_id: UUID, number: int, if_match: IfMatch
    ) -> Callable[[Connection], Shown]:
        """The unit of work that makes an older revision the newest again, checked as any change.

        It brings a deleted model back. Raises NotFound, PreconditionFailed, Invalid; so does the unit, and Conflict.
        """
        old = await self.registry.revision(view, model_id, number)
        if_match(await self._even_deleted(view.scope, model_id))
        proposal = propose(change_to(old.definition))

        def restore(connection: Connection) -> Shown:
            shown = self._restore(connection, view, old, proposal, if_match)
            return with_people(shown, _people_in(connection, shown, view.principal.person))

        return restore

    async def write(self, unit: Callable[[Connection], T]) -> T:
        """Run a unit of work that changes models."""
        return await self.database.write(unit, contents=True)

    async def _even_deleted(self, scope: Scope, model_id: UUID) -> Model:
        return (await self.database.read(lambda connection: _even_deleted(connection, scope, model_id)))[0]

    async def validate(self, view: View, seen: Model | None, change: Change) -> Shown:
        """What creating, or updating `seen`, would answer: the real thing, undone. Raises what that would raise."""
        proposal = propose(change)

        def attempt(connection: Connection) -> Shown:
            if seen is None:
                raise _Undone(self._create(connection, view, proposal))
            raise _Undone(self._update(connection, view, seen, proposal, lambda model: None))

        try:
            shown = await self.write(attempt)
        except _Undone as undone:
            shown = undone.shown
        return with_people(shown, await self.registry.access.people(_people_of(shown)))

    # Units of work

    def _create(self, connection: Connection, view: View, proposal: Proposal) -> Shown:
        require_workspace(connection, view.scope.workspace_id)
        definition = applied(NOTHING, proposal, view.role is Role.ADMIN)
        at, by = self.now(), view.principal.person.user_id
        model = Model(view.scope.own_id, self.new_id(), definition, 1, new_tag(), at, by, at, by)
        refs = _sendable(connection, view, proposal.config, self.now())
        store.add(connection, model, view.scope.organization_id)
        self._keep(connection, view, model, "create", rules.FIELDS)
        return shown_with(refs, view.scope, model)

    def _updated(
        self, connection: Connection, view: View, model_id: UUID, proposal: Proposal, if_match: IfMatch
    ) -> Shown:
        seen = _there(store.load_before(connection, view.scope.own_id, model_id))
        if_match(seen)
        shown = self._update(connection, view, seen, proposal, if_match)
        return with_people(shown, _people_in(connection, shown, view.principal.person))

    def _update(self, connection: Connection, view: View, seen: Model, proposal: Proposal, if_match: IfMatch) -> Shown:
        while True:
            definition = applied(seen.definition, proposal, view.role is Role.ADMIN)
            changes = rules.changed_fields(seen.definition, definition)
            if not changes and (unchanged := _as_it_is(connection, view.scope, seen)):
                return unchanged
            model = self._next(seen, definition, view)
            saved = store.saving(connection, seen, model) if changes else lambda: False
            if "chat_generator_config" in changes:
                refs = _sendable(connection, view, proposal.config, self.now())
            else:
                refs = refs_of(connection, view.scope, model.uses)
            if saved():
                self._keep(connection, view, model, "update", changes)
                return shown_with(refs, view.scope, model)
            seen = _reloaded(connection, seen)
            if_match(seen)

    def _delete(self, connection: Connection, view: View, seen: Model, if_match: IfMatch) -> None:
        while True:
            model = self._next(seen, seen.definition, view)
            if store.save_deleted(connection, seen, model):
                connection_store.remove(connection, model.scope_id, model.model_id)
                self._keep(connection, view, model, "delete", ())
                return
            seen = _reloaded(connection, seen)
            if_match(seen)

    def _restore(
        self, connection: Connection, view: View, old: Revision, proposal: Proposal, if_match: IfMatch
    ) -> Shown:
        while True:
            seen, deleted = _even_deleted(connection, view.scope, old.model_id)
            if_match(seen)
            definition = applied(seen.definition, proposal, view.role is Role.ADMIN)
            changes = rules.changed_fields(seen.definition, definition)
            if not changes and not deleted:
                tests = connection_store.of_models(connection, view.scope.own_id, [seen])
                return show(connection, view.scope, [seen], tests)[0]
            _sendable(connection, view, proposal.config, self.now())
            model = self._next(seen, definition, view)
            if store.save_restored(connection, seen, model):
                self._keep(connection, view, model, "restore", changes, old.revision)
                return show_one(connection, view.scope, model, None)

    def _next(self, seen: Model, definition: Definition, view: View) -> Model:
        return rules.next_revision(seen, definition, new_tag(), self.now(), view.principal.person.user_id)

    def _keep(
        self,
        connection: Connection,
        view: View,
        model: Model,
        change: str,
        changes: Sequence[str],
        restored_from: int | None = None,
    ) -> None:
        """Write the revision and the audit record of a change."""
        at, by = model.updated_at, model.updated_by
        kept = Revision(model.model_id, model.revision, change, tuple(changes), restored_from, model.definition, by, at)
        store.add_revision(connection, model.scope_id, kept)
        actor, subject = view.principal.actor, (model.model_id, model.name)
        action, where = f"model.{change}", view.scope.workspace_id
        record(connection, Record(actor, where, action, *subject, at, model.revision, tuple(changes)))


def _people_of(shown: Shown) -> set[UUID]:
    return {user_id for user_id in (shown.model.created_by, shown.model.updated_by) if user_id}


def _people_in(connection: Connection, shown: Shown, me: Person) -> dict[UUID, Person]:
    others = _people_of(shown) - {me.user_id}
    return {me.user_id: me, **(people_among(connection, others) if others else {})}


def new_tag() -> str:
    """48 random bits: a revision number that comes again, from a restored backup, still has another ETag."""
    return f"{_tags.getrandbits(48):012x}"


_tags = Random()  # seeded by the system; a tag is no secret


def _as_it_is(connection: Connection, scope: Scope, seen: Model) -> Shown | None:
    """A model that is not changed after all, unless it has been meanwhile."""
    newest = connection_store.load_visible(connection, scope, seen.model_id)
    is_seen = newest is not None and (newest[0].scope_id, newest[0].revision) == (seen.scope_id, seen.revision)
    return show_one(connection, scope, *newest) if newest is not None and is_seen else None


def _reloaded(connection: Connection, seen: Model) -> Model:
    return _loaded(connection, seen.scope_id, seen.model_id)


def _loaded(connection: Connection, scope_id: UUID, model_id: UUID) -> Model:
    return _there(store.load(connection, scope_id, model_id))


def _there(model: Model | None) -> Model:
    if model is None:
        raise NotFound(rules.NOT_FOUND, code="model_not_found")
    return model


def _even_deleted(connection: Connection, scope: Scope, model_id: UUID) -> tuple[Model, bool]:
    found = store.load_even_deleted(connection, scope.own_id, model_id)
    if found is None:
        raise NotFound(rules.NOT_FOUND, code="model_not_found")
    return found


def _sendable(connection: Connection, view: View, config: CheckedConfig | None, at: datetime) -> dict[str, SecretRef]:
    """What a definition's secrets mean, held to their hosts; those that have none yet are bound. None is no definition.

    Raises Invalid. Binding changes a secret, so it takes the right to change it: a workspace's editor
    cannot point the organization's unbound secret at a host.
    """
    if config is None:
        return {}
    refs = refs_of(connection, view.scope, (name for use in config.uses for name in use.names))
    if config.destination is None:
        return refs
    for name, ref in refs.items():
        if ref.hosts is None and _may_bind(view, ref):
            refs[name] = secrets_room.bind(connection, ref, config.destination, view.principal.actor, at)
    kept = {name for name, ref in refs.items() if not admits(ref.hosts, config.destination)}
    rules.require_no(
        Fault(use.pointer, "secret_host_mismatch", _MISMATCH) for use in config.uses if kept.intersection(use.names)
    )
    return refs


_MISMATCH = (
    "The secret named here may not be sent to this definition's host. "
    "Enter the secret's value again with that host in `hosts`, or name another secret."
)


def _may_bind(view: View, ref: SecretRef) -> bool:
    if ref.scope_id == view.scope.own_id:
        return view.role >= Role.EDITOR
    principal = view.principal
    return principal.only_workspace is None and principal.role_in_organization() >= Role.EDITOR

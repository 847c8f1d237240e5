"""Models as people see them: the effective view from a workspace or from the organization."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

from haymow.errors import Conflict, Invalid, NotFound, PreconditionFailed
from haymow.ids import id_of
from haymow.server.access.rules import Person, Principal, Role
from haymow.server.access.service import Access, being_erased
from haymow.server.database import Database
from haymow.server.registry import connection_store, proposals, rules, store, view_store
from haymow.server.registry.connected import Refs, decided, is_connected, refs_of, sendable
from haymow.server.registry.rules import PLATFORM_ID, Filters, Key, Model, Origin, Revision, Scope, Tested, Usable
from haymow.server.secrets import service as secrets_room
from haymow.server.secrets.rules import SecretRef, Uses

if TYPE_CHECKING:
    from sqlalchemy import Connection

REVISION_SECONDS: Final = 1.0
"""How long a revision is waited for: in that time what one server commits is seen by every other one."""
REVISION_LOOK_SECONDS: Final = 0.1

NOT_REACHED = "The model has no revision as new as `min_revision`, and none came within a second."
_NOT_TAKEN = "This haymow does not take the model's definition any more. Save the model again to hear why."
_MOVED = "This haymow would call another host than when the model was saved. Save the model again."
_OUTDATED = "This haymow does not run this revision any more. Ask for a newer one, or restore it to see why."
_NO_REVISION = "We couldn't find this revision. Check the model's ID and the revision's number."


class View(NamedTuple):
    """Who looks, from where, and with which role there."""

    principal: Principal
    scope: Scope
    role: Role


class Shown(NamedTuple):
    """A model as seen from a scope."""

    model: Model
    origin: Origin
    connected: bool | None
    created_by: Person | None = None
    updated_by: Person | None = None


@dataclass(frozen=True)
class Registry:
    """Reads models, their revisions, and what a name means."""

    database: Database
    access: Access

    # From where

    async def in_workspace(self, principal: Principal, workspace_id: UUID) -> View:
        """Raises NotFound when the workspace is not visible."""
        workspace, role = await self.access.workspace(principal, workspace_id)
        return View(principal, Scope(workspace.organization_id, workspace_id), role)

    async def in_organization(self, principal: Principal) -> View:
        """Raises Denied for a token of one workspace."""
        return View(principal, Scope(principal.organization_id, None), principal.role_in_organization())

    # Reading

    async def get(self, view: View, model_id: UUID, min_revision: int = 0) -> Shown:
        """Any model seen from here, by id. Raises NotFound.

        With `min_revision` it is of that revision or a later one; raises PreconditionFailed when none comes in time.
        """

        def read(connection: Connection) -> Shown | None:
            found = connection_store.load_visible(connection, view.scope, model_id)
            return show_one(connection, view.scope, *found) if found else None

        found = await self.database.read(read)
        until = monotonic() + REVISION_SECONDS
        while found is not None and found.model.revision < min_revision:
            if monotonic() > until:
                raise PreconditionFailed(NOT_REACHED, code="revision_not_reached")
            await asyncio.sleep(REVISION_LOOK_SECONDS)
            found = await self.database.read(read)
        return await self._with_people(found)

    async def page(
        self, view: View, filters: Filters, connected: bool | None, sort: str, limit: int, page_number: int
    ) -> tuple[list[Shown], int]:
        """A page of the effective view, and how many models it has."""
        offset = (page_number - 1) * limit

        def read(connection: Connection) -> tuple[list[Shown], int]:
            here = view.scope.own_id
            if connected is None:
                models, total = view_store.page(connection, view.scope, filters, sort, limit, offset)
                tests = connection_store.of_models(connection, here, models)
            else:
                tests = connection_store.of_view(connection, here)
                found = decided(secrets_room.refs_in(connection, view.scope.secret_scopes), tests)
                models, total = view_store.page_of(
                    connection, view.scope, filters, sort, limit, offset, lambda *one: found(*one) is connected
                )
            return show(connection, view.scope, models, tests), total

        shown, total = await self.database.scan(read)
        return await self._all_with_people(shown), total

    async def find(self, principal: Principal, workspace_id: UUID, name: str) -> Model:
        """The model that `name` means in a workspace: the exact name, nearest first, then an id, then `name@revision`.

        Raises NotFound, and Conflict for a revision that this haymow would not save any more.
        """
        view = await self.in_workspace(principal, workspace_id)
        model, revision = await self.database.read(lambda connection: _meant(connection, view.scope, name))
        if model is None:
            message = "There is no model of this name in the workspace. GET .../openai/v1/models lists those there are."
            raise NotFound(message, code="model_not_found")
        return model if revision is None else _as_it_was(model, revision)

    async def version(self, principal: Principal, workspace_id: UUID) -> int:
        """A number that is another one after anything changed. Raises NotFound when the workspace is not visible."""
        await self.in_workspace(principal, workspace_id)
        return await self.database.version()

    async def usable(self, principal: Principal, workspace_id: UUID, after: str | None, limit: int) -> list[Usable]:
        """The models that a name may mean in a workspace, by name, from the one after the name `after`."""
        view = await self.in_workspace(principal, workspace_id)
        return await self.database.scan(lambda connection: view_store.usable(connection, view.scope, after, limit))

    async def secret_refs(self, principal: Principal, workspace_id: UUID, model: Model) -> tuple[SecretRef, ...]:
        """The secrets that a model uses in a workspace: those that may be sent where it calls.

        Raises Conflict when this haymow would call another host than the one that was checked when it was saved, or
        would not take the definition.
        """
        destination = proposals.destination_of(model.chat_generator_config)
        if destination != model.destination:
            raise Conflict(_MOVED if destination else _NOT_TAKEN, code="incompatible")
        view = await self.in_workspace(principal, workspace_id)
        refs = await self.database.read(lambda connection: refs_of(connection, view.scope, model.uses))
        return tuple(sendable(refs, model.definition.required).values())

    async def revisions(self, view: View, model_id: UUID, limit: int, page_number: int) -> tuple[list[Revision], int]:
        """A page of a model's revisions, newest first; of a deleted model too. Raises NotFound."""

        def read(connection: Connection) -> tuple[list[Revision], int]:
            scope_id = _scope_of(connection, view.scope, model_id)
            return store.revisions(connection, scope_id, model_id, limit, (page_number - 1) * limit)

        return await self.database.scan(read)

    async def revision(self, view: View, model_id: UUID, number: int) -> Revision:
        """One revision. Raises NotFound."""

        def read(connection: Connection) -> Revision | None:
            scope_id = _scope_of(connection, view.scope, model_id)
            return store.revision(connection, scope_id, model_id, number)

        found = await self.database.read(read)
        if found is None:
            raise NotFound(_NO_REVISION, code="revision_not_found")
        return found

    async def _with_people(self, shown: Shown | None) -> Shown:
        if shown is None:
            raise NotFound(rules.NOT_FOUND, code="model_not_found")
        return (await self._all_with_people([shown]))[0]

    async def _all_with_people(self, shown: Sequence[Shown]) -> list[Shown]:
        ids = {user_id for one in shown for user_id in (one.model.created_by, one.model.updated_by) if user_id}
        people = await self.access.people(ids) if ids else {}
        return [with_people(one, people) for one in shown]


# What app.py passes to lower rooms


def uses(
    connection: Connection, scope_id: UUID, organization_id: UUID, name: str, sees: secrets_room.Sees, most: int
) -> Uses:
    """The models for which the secret of this name that `scope_id` keeps is the one in use; the platform's, too.

    They may be very many: they are counted in each scope, and read are the first that the caller sees.
    """
    counts = view_store.count_uses(connection, scope_id, organization_id, name)
    if scope_id == organization_id:
        # Where a workspace has a value of its own, its models use that one; those of a deleted one use nothing.
        others = counts.keys() - {scope_id, PLATFORM_ID}
        not_this = secrets_room.holders(connection, list(others), name) | being_erased(connection)
    else:
        # Without the workspace's value, the models of the organization would use the organization's.
        not_this = counts.keys() - {scope_id} if secrets_room.resolve(connection, [organization_id], [name]) else set()
    counts = {one: models for one, models in counts.items() if one not in not_this}
    seen = [one for one in counts if sees(organization_id if one == PLATFORM_ID else one)]
    first = view_store.uses(connection, seen, organization_id, name, most)
    return Uses(first, sum(counts[one] for one in seen), sum(counts.values()))


def destinations_of(connection: Connection, scope_id: UUID, name: str) -> set[str]:
    """Where the models of a scope that name a secret would send it."""
    return view_store.destinations_of(connection, scope_id, name)


def count(connection: Connection, scope_id: UUID) -> int:
    """How many models a scope has."""
    return store.count(connection, scope_id)


ERASE: Final = (store.erase_revisions, store.erase_models, connection_store.erase)
"""What takes away some of all that a scope ever had: a model's revisions before it, for they may be many."""


def with_people(shown: Shown, people: Mapping[UUID, Person]) -> Shown:
    """The same with the names of who made and last changed it."""
    model = shown.model
    created_by = people.get(model.created_by) if model.created_by else None
    updated_by = people.get(model.updated_by) if model.updated_by else None
    return Shown(model, shown.origin, shown.connected, created_by, updated_by)


def show(connection: Connection, scope: Scope, models: Sequence[Model], tests: Mapping[Key, Tested]) -> list[Shown]:
    """The models with where they come from and whether they are connected, in the unit of work that read them."""
    refs = refs_of(connection, scope, (name for model in models for name in model.uses))
    connected = decided(refs, tests)
    return [
        Shown(model, scope.origin_of(model.scope_id), connected(model.key, model.definition.required))
        for model in models
    ]


def show_one(connection: Connection, scope: Scope, model: Model, tested: Tested | None) -> Shown:
    """The same for one model."""
    return shown_with(refs_of(connection, scope, model.uses), scope, model, tested)


def shown_with(refs: Refs, scope: Scope, model: Model, tested: Tested | None = None) -> Shown:
    """A model as seen from `scope`, where its secrets mean `refs`; no test has been made of what is just saved."""
    return Shown(model, scope.origin_of(model.scope_id), is_connected(refs, model.definition.required, tested))


def _scope_of(connection: Connection, scope: Scope, model_id: UUID) -> UUID:
    """The scope of a visible model, or of a deleted one that was made here. Raises NotFound."""
    model = store.load_visible(connection, scope, model_id)
    if model is not None:
        return model.scope_id
    if store.load_even_deleted(connection, scope.own_id, model_id) is None:
        raise NotFound(rules.NOT_FOUND, code="model_not_found")
    return scope.own_id


def _meant(connection: Connection, scope: Scope, name: str) -> tuple[Model | None, Revision | None]:
    """A model, and the revision of it that is asked for, unless that is the newest."""
    asked = rules.pinned(name)
    model = _called(connection, scope, name)
    if model is not None or asked is None:
        return model, None
    model = _called(connection, scope, asked[0])
    if model is None or model.revision == asked[1]:
        return model, None
    revision = store.revision(connection, model.scope_id, model.model_id, asked[1])
    return (model, revision) if revision else (None, None)


def _called(connection: Connection, scope: Scope, name: str) -> Model | None:
    model_id = id_of(name)
    found = rules.first_of(store.named(connection, scope, name), scope)
    return store.load_visible(connection, scope, model_id) if found is None and model_id else found


def _as_it_was(model: Model, revision: Revision) -> Model:
    """A model as it was saved once. A revision keeps what people said, and what follows from it is found out again."""
    try:
        definition = proposals.whole(revision.definition)
    except Invalid as error:
        raise Conflict(_OUTDATED, code="incompatible") from error
    saved = (revision.created_at, revision.created_by)
    return Model(
        model.scope_id, model.model_id, definition, revision.revision, "", model.created_at, model.created_by, *saved
    )

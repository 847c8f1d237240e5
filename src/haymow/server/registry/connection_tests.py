"""Which definition a connection test is of, and keeping what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from haymow.errors import NotFound
from haymow.server.access.rules import Principal, Role, require
from haymow.server.access.service import require_workspace
from haymow.server.database import Database
from haymow.server.registry import connection_store, rules, store
from haymow.server.registry.connected import refs_of, sendable, versions_of
from haymow.server.registry.rules import ConnectionTest, Key, Model
from haymow.server.registry.service import Registry, View

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Subject(NamedTuple):
    """A model as it is now, seen from a workspace: its revision, and the versions of the secrets it would send."""

    view: View
    model: Model
    secrets: str

    @property
    def key(self) -> tuple[UUID, Key, str]:
        """The same for two tests that could only find the same."""
        return (self.view.scope.own_id, self.model.key, self.secrets)


@dataclass(frozen=True)
class ConnectionTests:
    """Tests of connections, as the registry knows them; serving makes them."""

    database: Database
    registry: Registry

    async def open(self, principal: Principal, workspace_id: UUID, model_id: UUID) -> Subject:
        """Any model seen from a workspace, to be tested, which moves `connected` for all. Raises NotFound, Denied."""
        view = await self.registry.in_workspace(principal, workspace_id)
        subject = await self.database.read(lambda connection: _seen(connection, view, model_id))
        if subject is None:
            raise NotFound(rules.NOT_FOUND, code="model_not_found")
        require(view.role, Role.EDITOR)
        return subject

    async def keep(self, subject: Subject, test: ConnectionTest) -> None:
        """Keep a test, unless the model or a secret has changed while it was made. Raises NotFound."""

        def keep(connection: Connection) -> None:
            scope = subject.view.scope
            require_workspace(connection, scope.workspace_id)
            now = _seen(connection, subject.view, subject.model.model_id)
            if now is not None and now.key == subject.key:
                connection_store.put(connection, scope.own_id, now.model, now.secrets, test)

        await self.database.write(keep, quiet=True)  # `connected` is looked up each time


def _seen(connection: Connection, view: View, model_id: UUID) -> Subject | None:
    model = store.load_visible(connection, view.scope, model_id)
    if model is None:
        return None
    refs = refs_of(connection, view.scope, model.uses)
    return Subject(view, model, versions_of(sendable(refs, model.definition.required).values()))

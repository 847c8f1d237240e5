"""Who is calling, what is theirs, and how that is changed."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from haymow.errors import Conflict, NotFound
from haymow.names import faults_of_name
from haymow.server.access import remains_store, rules, store
from haymow.server.access.known import Known
from haymow.server.access.pages import Page
from haymow.server.access.remains import MEMBERS, Erase, Remains
from haymow.server.access.rules import Kind, Member, Person, Principal, Role, Workspace
from haymow.server.audit.rules import Actor, Record
from haymow.server.audit.service import record
from haymow.server.database import Database

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")

MOST_LISTED = 1000
MOST_REMOVED = 1000
"""Tokens and sessions that go in the unit of work that deletes a workspace or removes a member."""

_NO_USER = "We couldn't find a user with this ID. Check the ID and try again."


def _nothing(connection: Connection, workspace_id: UUID) -> int:
    return 0


@dataclass(frozen=True)
class Access:
    """The organization's people, workspaces, roles and tokens.

    `contents` counts what higher rooms keep in a workspace, `erase` take some of it away; `app.py` passes them in.
    """

    database: Database
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    contents: Callable[[Connection, UUID], int] = _nothing
    erase: Sequence[Erase] = ()
    known: Known = field(init=False)
    remains: Remains = field(init=False)
    remains_of_members: Remains = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "known", Known(self.database.elsewhere))
        object.__setattr__(self, "remains", Remains(self.database, self.erase))
        object.__setattr__(self, "remains_of_members", Remains(self.database, of=MEMBERS))

    # Who is calling

    async def authenticate(self, text: str, source: str, kind: Kind = Kind.TOKEN) -> Principal:
        """The principal behind an API token, or behind a session's cookie. Raises Unauthenticated."""
        digest = rules.token_digest(text, kind)
        principal: Principal | None = self.known.get((digest, source))
        if principal is None:
            epoch = self.known.epoch
            found = await self.database.read(lambda connection: store.principal_of(connection, digest, kind))
            if found is None or not hmac.compare_digest(found[1], digest):
                raise rules.unknown(kind)
            principal = replace(found[0], source=source)
            self.known.remember((digest, source), principal, epoch)
        if rules.has_ended(principal.expires_at, self.now()):
            raise rules.expired(kind)
        return principal

    async def workspace(self, principal: Principal, workspace_id: UUID) -> tuple[Workspace, Role]:
        """A workspace and the caller's role in it. Raises NotFound when there is none the caller may see."""
        found: Workspace | None = self.known.get(workspace_id)
        if found is None:
            epoch = self.known.epoch
            found = await self.database.read(lambda connection: store.workspace(connection, workspace_id))
            if found is None:
                raise NotFound(rules.NO_WORKSPACE, code="workspace_not_found")
            self.known.remember(workspace_id, found, epoch)
        return found, rules.require_visible(principal.role_in(found))

    async def workspace_named(self, principal: Principal, name: str) -> tuple[Workspace, Role]:
        """The same, by name."""
        found = await self.database.read(lambda c: store.workspace_named(c, principal.organization_id, name))
        if found is None:
            raise NotFound(rules.NO_WORKSPACE, code="workspace_not_found")
        return found, rules.require_visible(principal.role_in(found))

    async def people(self, user_ids: Collection[UUID]) -> dict[UUID, Person]:
        """The people behind these ids; ids nobody has are left out."""
        found: dict[UUID, Person] = {}
        for user_id in user_ids:
            person = self.known.get(("person", user_id))
            if person is not None:
                found[user_id] = person
        missing = [user_id for user_id in user_ids if user_id not in found]
        return found | await self._people(missing) if missing else found

    async def _people(self, user_ids: Collection[UUID]) -> dict[UUID, Person]:
        epoch = self.known.epoch
        loaded = await self.database.read(lambda connection: store.people(connection, user_ids))
        for user_id, person in loaded.items():
            self.known.remember(("person", user_id), person, epoch)
        return loaded

    async def organization_name(self, principal: Principal) -> str:
        """What the caller's organization is called."""
        return await self.database.read(lambda c: store.organization_name(c, principal.organization_id))

    # Workspaces

    async def workspaces(self, principal: Principal) -> list[Workspace]:
        """The workspaces the caller may see, by name."""
        found = await self.database.scan(lambda connection: store.workspaces(connection, principal))
        return [workspace for workspace in found if principal.role_in(workspace) is not None]

    async def create_workspace(self, principal: Principal, name: str) -> Workspace:
        """Raises Denied, Invalid, Conflict."""
        return await self.change(self.creating_workspace(principal, name))

    def creating_workspace(self, principal: Principal, name: str) -> Callable[[Connection], Workspace]:
        """The unit of work of `create_workspace`. Raises Denied, Invalid."""
        rules.require(principal.role_in_organization(), Role.ADMIN)
        rules.check_workspace_name(name, faults_of_name(name, "#/name"))
        workspace = Workspace(self.new_id(), principal.organization_id, name)

        def create(connection: Connection) -> Workspace:
            store.add_workspace(connection, workspace, self.now())
            self._record(connection, principal.actor, "workspace.create", workspace.workspace_id, name, workspace)
            return workspace

        return create

    async def delete_workspace(self, principal: Principal, workspace: Workspace, force: bool) -> None:
        """Raises Denied, and Conflict when something is in it and `force` is not given."""
        rules.require(rules.require_visible(principal.role_in(workspace)), Role.ADMIN)

        def remove(connection: Connection) -> bool:
            if not force and self.contents(connection, workspace.workspace_id):
                raise Conflict(
                    "This workspace still has models or secrets. Delete them first, or delete it with force=true.",
                    code="workspace_not_empty",
                )
            if not store.hide_workspace(connection, workspace.workspace_id, self.now()):
                raise NotFound(rules.NO_WORKSPACE, code="workspace_not_found")
            remains_store.leave_workspace(connection, workspace.workspace_id, self.now(), MOST_REMOVED)
            self._record(
                connection, principal.actor, "workspace.delete", workspace.workspace_id, workspace.name, workspace
            )
            return True

        await asyncio.shield(self._gone(self.remains, workspace.workspace_id, remove))

    # People and roles

    async def person(self, principal: Principal, user_id: UUID) -> Person:
        """A member of the caller's organization. Raises NotFound."""
        return _found(await self.database.read(lambda c: store.person(c, principal.organization_id, user_id)), _NO_USER)

    async def members(self, principal: Principal, after: UUID | None = None, limit: int = MOST_LISTED) -> Page[Member]:
        """All of the organization, from behind a person on. Raises Denied for a token of one workspace; Invalid."""
        principal.role_in_organization()
        return await self.database.scan(lambda c: store.members(c, principal.organization_id, after, limit))

    async def add_member(self, principal: Principal, person: Person, role: Role) -> Member:
        """A new person in the organization. Raises Denied, Conflict when the e-mail address is known or still goes."""
        return await self.change(self.adding_member(principal, person, role))

    def adding_member(self, principal: Principal, person: Person, role: Role) -> Callable[[Connection], Member]:
        """The unit of work of `add_member`. Raises Denied, Invalid."""
        rules.require(principal.role_in_organization(), Role.ADMIN)
        rules.check_person(person)
        added = replace(person, user_id=self.new_id())

        def add(connection: Connection) -> Member:
            member = store.put_person(connection, added, self.now())
            rules.check_gone(remains_store.is_member_noted(connection, member.user_id))
            store.set_role(connection, principal.organization_id, member.user_id, role)
            self._record(connection, principal.actor, "member.create", member.user_id, member.email)
            return Member(member, role)

        return add

    async def set_role(self, principal: Principal, user_id: UUID, role: Role) -> Member:
        """Raises Denied, Invalid for one's own role, NotFound."""
        rules.require(principal.role_in_organization(), Role.ADMIN)
        rules.require_other(principal, user_id)

        def change(connection: Connection) -> Member:
            person = _found(store.person(connection, principal.organization_id, user_id), _NO_USER)
            rules.check_last_admin(store.admins(connection, principal.organization_id), user_id, role)
            store.set_role(connection, principal.organization_id, user_id, role)
            self._record(connection, principal.actor, "member.update", user_id, person.email, changes=("role",))
            return Member(person, role)

        return await self.change(change)

    async def remove_member(self, principal: Principal, user_id: UUID) -> None:
        """Raises Denied, Invalid for oneself, NotFound."""
        rules.require(principal.role_in_organization(), Role.ADMIN)
        rules.require_other(principal, user_id)

        def remove(connection: Connection) -> bool:
            person = _found(store.person(connection, principal.organization_id, user_id), _NO_USER)
            rules.check_last_admin(store.admins(connection, principal.organization_id), user_id, Role.USER)
            store.remove_member(connection, principal.organization_id, user_id)
            self._record(connection, principal.actor, "member.delete", user_id, person.email)
            return remains_store.leave_member(connection, user_id, self.now(), MOST_REMOVED)

        await asyncio.shield(self._gone(self.remains_of_members, user_id, remove))

    async def workspace_members(
        self, principal: Principal, workspace_id: UUID, after: UUID | None = None, limit: int = MOST_LISTED
    ) -> Page[Member]:
        """The explicit members of a workspace, from behind a person on. Raises NotFound, Invalid."""
        await self.workspace(principal, workspace_id)
        return await self.database.scan(
            lambda connection: store.workspace_members(connection, workspace_id, after, limit)
        )

    async def set_workspace_role(self, principal: Principal, workspace: Workspace, user_id: UUID, role: Role) -> Member:
        """Raises Denied, Invalid for one's own role, NotFound when the user is not of the organization."""
        rules.require(rules.require_visible(principal.role_in(workspace)), Role.ADMIN)
        rules.require_other(principal, user_id)

        def change(connection: Connection) -> Member:
            require_workspace(connection, workspace.workspace_id)
            person = _found(store.person(connection, principal.organization_id, user_id), _NO_USER)
            store.set_workspace_role(connection, workspace.workspace_id, user_id, role)
            self._record(
                connection, principal.actor, "member.update", user_id, person.email, workspace, changes=("role",)
            )
            return Member(person, role)

        return await self.change(change)

    async def remove_workspace_member(self, principal: Principal, workspace: Workspace, user_id: UUID) -> None:
        """Raises Denied, Invalid for oneself, NotFound when the user is no member."""
        rules.require(rules.require_visible(principal.role_in(workspace)), Role.ADMIN)
        rules.require_other(principal, user_id)

        def remove(connection: Connection) -> None:
            person = _found(store.person(connection, principal.organization_id, user_id), _NO_USER)
            if not store.remove_workspace_member(connection, workspace.workspace_id, user_id):
                raise NotFound(_NO_USER, code="user_not_found")
            self._record(connection, principal.actor, "member.delete", user_id, person.email, workspace)

        await self.change(remove)

    async def change(self, unit: Callable[[Connection], T], *, long: bool = False) -> T:
        """Run a unit that changes who may do what; when this returns, everyone is seen as they are now."""
        return await asyncio.shield(self._changed(unit, long))

    async def _gone(self, remains: Remains, one_id: UUID, remove: Callable[[Connection], bool]) -> None:
        if await self._changed(remove, long=True):  # a caller who goes away stops neither: it is shielded
            await remains.gone(one_id)

    async def _changed(self, unit: Callable[[Connection], T], long: bool) -> T:
        # Shielded: a caller who goes away does not stop the change, so neither may it stop the forgetting.
        try:
            return await self.database.write(unit, long=long)
        finally:
            self.known.forget()

    def _record(
        self, connection: Connection, actor: Actor, action: str, subject_id: UUID, name: str,
        workspace: Workspace | None = None, changes: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        workspace_id = workspace.workspace_id if workspace else None
        record(connection, Record(actor, workspace_id, action, subject_id, name, self.now(), changes=changes))


def _found(person: Person | None, message: str) -> Person:
    if person is None:
        raise NotFound(message, code="user_not_found")
    return person


def people_among(connection: Connection, user_ids: Collection[UUID]) -> dict[UUID, Person]:
    """Within a unit of work: the people behind these ids; ids nobody has are left out."""
    return store.people(connection, user_ids)


def being_erased(connection: Connection) -> set[UUID]:
    """Within a unit of work: the workspaces that are deleted and not yet gone."""
    return set(remains_store.workspace_ids(connection))


def require_workspace(connection: Connection, workspace_id: UUID | None) -> None:
    """Within a unit of work that adds to a workspace: raises NotFound when it was deleted meanwhile. None is fine."""
    if workspace_id is not None and store.workspace(connection, workspace_id) is None:
        raise NotFound(rules.NO_WORKSPACE, code="workspace_not_found")

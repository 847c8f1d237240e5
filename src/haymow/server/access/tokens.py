"""API tokens: made, listed, revoked; and the first of all, made by the first start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from haymow.errors import Denied, Fault, Invalid, NotFound, Unavailable
from haymow.server.access import rules, store, token_store
from haymow.server.access.pages import Page, position_of
from haymow.server.access.rules import Person, Principal, Role, Token, Whose, Workspace
from haymow.server.access.service import MOST_LISTED, Access, require_workspace
from haymow.server.audit.rules import Actor, Record
from haymow.server.audit.service import record

if TYPE_CHECKING:
    from sqlalchemy import Connection

_NO_TOKEN = "We couldn't find a token with this ID. Check the ID and try again."


@dataclass(frozen=True, slots=True)
class NewToken:
    """What a new token shall be. `role` None: as much as its owner; `user_id` None: the caller's own."""

    name: str
    role: Role | None = None
    workspace_id: UUID | None = None
    expires_at: datetime | None = None
    user_id: UUID | None = None


@dataclass(frozen=True)
class Tokens:
    """The organization's API tokens. Each is shown once, when it is made, and kept as a digest."""

    access: Access

    async def create(self, principal: Principal, wanted: NewToken) -> tuple[Token, str]:
        """A new token and its text. Raises Denied, NotFound, Invalid."""
        return await self.access.change(await self.creating(principal, wanted))

    async def creating(self, principal: Principal, wanted: NewToken) -> Callable[[Connection], tuple[Token, str]]:
        """The unit of work of `create`. Raises what that raises."""
        rules.check_token_name(wanted.name)
        owner = await self._owner(principal, wanted)
        own = await self._own_role(principal, wanted.workspace_id)
        role = wanted.role or await self._default_role(principal, owner, own)
        rules.check_token_scope(principal, role, own, wanted.expires_at)
        self._check_expiry(wanted.expires_at)
        text = rules.new_token()
        token = self._token(owner, wanted, role, text)

        def add(connection: Connection) -> tuple[Token, str]:
            require_workspace(connection, token.workspace_id)
            if store.person(connection, principal.organization_id, owner.user_id) is None:
                raise _owner_is_gone()
            self._add(connection, principal.actor, token, text)
            return token, text

        return add

    async def list(self, principal: Principal, after: str | None = None, limit: int = MOST_LISTED) -> Page[Token]:
        """One's own tokens; an administrator sees everyone's. A token of one workspace sees its own kind.

        The oldest first, from a cursor on. Raises Invalid for what is none.
        """
        everyone = principal.only_workspace is None and principal.role_in_organization() is Role.ADMIN
        whose = Whose(None if everyone else principal.person.user_id, principal.only_workspace)
        position = None if after is None else position_of(after)
        organization_id = principal.organization_id
        return await self.access.database.scan(
            lambda connection: token_store.tokens(connection, organization_id, whose, position, limit)
        )

    async def revoke(self, principal: Principal, token_id: UUID) -> None:
        """The token is dead when this returns. Raises NotFound for one the caller may not see."""

        def remove(connection: Connection) -> None:
            token = token_store.token(connection, principal.organization_id, token_id)
            if token is None or not self._visible(principal, token):
                raise NotFound(_NO_TOKEN, code="token_not_found")
            if token.role > principal.highest_role and token_id != principal.token_id:
                raise Denied("A token cannot revoke one that may do more.", code="scope_too_wide")
            token_store.remove_token(connection, token_id)
            self._record(connection, principal.actor, "token.delete", token)

        await self.access.change(remove)

    async def operator(self, source: str) -> Actor:
        """Who owns the machine, in the audit record: the first administrator, without a token."""
        return await self.access.database.read(lambda connection: first_admin(connection, source)[0])

    async def for_first_admin(self, name: str) -> str:
        """A new token of the organization's first administrator, for whoever owns the machine."""

        def make(connection: Connection) -> str:
            actor, admin = first_admin(connection, "command line")
            text = rules.new_token()
            self._add(connection, actor, self._token(admin, NewToken(name), Role.ADMIN, text), text)
            return text

        return await self.access.change(make)

    async def start(self, name: str) -> str | None:
        """On an empty database make the organization, its workspace and its administrator; their token's text."""

        def make(connection: Connection) -> str | None:
            if store.first_organization(connection) is not None:
                return None
            return self._first(connection, name)

        return await self.access.change(make)

    def _first(self, connection: Connection, name: str) -> str:
        now, new_id = self.access.now(), self.access.new_id
        organization_id, text = new_id(), rules.new_token()
        admin = Person(new_id(), "haymow", "administrator", "admin@haymow.invalid")
        store.add_organization(connection, organization_id, "default", now)
        store.put_person(connection, admin, now)
        store.set_role(connection, organization_id, admin.user_id, Role.ADMIN)
        store.add_workspace(connection, Workspace(new_id(), organization_id, "default"), now)
        actor = Actor(organization_id, admin.user_id, None, "first start")
        record(connection, Record(actor, None, "organization.create", organization_id, "default", now))
        self._add(connection, actor, self._token(admin, NewToken(name), Role.ADMIN, text), text)
        return text

    async def _owner(self, principal: Principal, wanted: NewToken) -> Person:
        user_id = wanted.user_id
        if user_id is None or user_id == principal.person.user_id:
            return principal.person
        if principal.only_workspace is not None or principal.role_in_organization() is not Role.ADMIN:
            raise Denied("Only an administrator makes tokens for others.")
        return await self.access.person(principal, user_id)

    async def _own_role(self, principal: Principal, workspace_id: UUID | None) -> Role:
        if workspace_id is not None:
            return (await self.access.workspace(principal, workspace_id))[1]
        if principal.only_workspace is not None:
            raise Denied("A token of one workspace makes tokens of that workspace only.", code="scope_too_wide")
        return principal.highest_role

    async def _default_role(self, principal: Principal, owner: Person, own: Role) -> Role:
        """As much as the owner has now, and no more when they get more later; never more than the maker has."""
        if owner == principal.person:
            return own
        read = store.highest_role
        theirs = await self.access.database.read(lambda c: read(c, principal.organization_id, owner.user_id))
        if theirs is None:
            raise _owner_is_gone()
        return min(own, theirs)

    def _check_expiry(self, expires_at: datetime | None) -> None:
        if expires_at is None:
            return
        if expires_at.tzinfo is None or expires_at <= self.access.now():
            fault = Fault("#/expires_at", "expiry", "Give a time in the future, with its time zone.")
            raise Invalid("The token would never be valid.", [fault])

    def _visible(self, principal: Principal, token: Token) -> bool:
        if principal.only_workspace is not None and token.workspace_id != principal.only_workspace:
            return False
        everyone = principal.only_workspace is None and principal.role_in_organization() is Role.ADMIN
        return everyone or token.user_id == principal.person.user_id

    def _token(self, owner: Person, wanted: NewToken, role: Role, text: str) -> Token:
        return Token(
            token_id=self.access.new_id(),
            user_id=owner.user_id,
            name=wanted.name,
            prefix=rules.token_prefix(text),
            role=role,
            workspace_id=wanted.workspace_id,
            created_at=self.access.now(),
            expires_at=wanted.expires_at,
        )

    def _add(self, connection: Connection, actor: Actor, token: Token, text: str) -> None:
        token_store.add_token(connection, token, actor.organization_id, rules.token_digest(text))
        self._record(connection, actor, "token.create", token)

    def _record(self, connection: Connection, actor: Actor, action: str, token: Token) -> None:
        record(connection, Record(actor, token.workspace_id, action, token.token_id, token.name, self.access.now()))


def _owner_is_gone() -> NotFound:
    return NotFound("The token's owner was removed meanwhile.", code="user_not_found")


def first_admin(connection: Connection, source: str) -> tuple[Actor, Person]:
    """The organization's first administrator, and how the audit record names whoever owns the machine.

    Raises Unavailable.
    """
    organization_id = store.first_organization(connection)
    if organization_id is None:
        raise Unavailable("haymow has no organization yet: start it first.")
    admins = store.admins(connection, organization_id)
    if not admins:
        raise Unavailable("haymow's organization has no administrator. Restore a backup in which it has one.")
    admin = admins[0].person
    return Actor(organization_id, admin.user_id, None, source), admin

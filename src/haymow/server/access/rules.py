"""Who may do what."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import NamedTuple
from uuid import UUID

from haymow.errors import Conflict, Denied, Fault, Invalid, NotFound, Unauthenticated
from haymow.names import faults_of_label
from haymow.server.audit.rules import Actor

TOKEN_PREFIX = "hm"

SESSION_LASTS = timedelta(hours=12)
LINK_LASTS = timedelta(hours=24)

MOST_EMAIL_CHARACTERS = 254

NO_WORKSPACE = "We couldn't find a workspace with this name or ID. Check it and try again."


class Role(IntEnum):
    """A user reads models and chats; an editor changes models and secrets; an admin does everything."""

    USER = 1
    EDITOR = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        return self.name.lower()


def role_named(word: str) -> Role:
    """The role that the API calls `word`."""
    return Role[word.upper()]


class Kind(StrEnum):
    """What a secret text is: an API token, the cookie of a session, the code of a link that begins one, or has."""

    TOKEN = "token"
    SESSION = "session"
    LINK = "link"
    USED = "used"


@dataclass(frozen=True, slots=True)
class Person:
    """A user as others see them."""

    user_id: UUID
    given_name: str
    family_name: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class Workspace:
    workspace_id: UUID
    organization_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """A person's role in the organization or in one workspace."""

    person: Person
    role: Role


@dataclass(frozen=True, slots=True)
class Token:
    """An API token without the token: what may be shown of it. `prefix` is its readable beginning.

    Sessions and links are kept as tokens are, so whatever ends a token or narrows it does the same to them.
    """

    token_id: UUID
    user_id: UUID
    name: str
    prefix: str
    role: Role
    workspace_id: UUID | None
    created_at: datetime
    expires_at: datetime | None


class Whose(NamedTuple):
    """Which tokens are meant: a user's, and those limited to a workspace; None is any."""

    user_id: UUID | None
    workspace_id: UUID | None


class Standing(NamedTuple):
    """What callers are told of themselves: their organization's name, their role in it or in their one workspace."""

    organization: str
    role: Role


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling, with everything that decides what they may do.

    `workspaces` are explicit memberships; `limit` and `only_workspace` are what the token leaves of
    its owner's rights, so a token never has more than its owner. `lends_until` is how long a token may last that
    is made with it: as long as itself, and as a session's own token. `source` is the address it calls from.
    """

    person: Person
    organization_id: UUID
    organization_role: Role
    workspaces: Mapping[UUID, Role]
    token_id: UUID | None = None
    limit: Role = Role.ADMIN
    only_workspace: UUID | None = None
    expires_at: datetime | None = None
    lends_until: datetime | None = None
    source: str = "local"

    def role_in(self, workspace: Workspace) -> Role | None:
        """The role in a workspace, None where it is invisible. Admins of an organization are in all of its."""
        if workspace.organization_id != self.organization_id:
            return None
        if self.only_workspace not in (None, workspace.workspace_id):
            return None
        member = self.workspaces.get(workspace.workspace_id)
        role = Role.ADMIN if self.organization_role is Role.ADMIN else member
        return None if role is None else min(role, self.limit)

    def sees(self, scope_id: UUID) -> bool:
        """Whether a workspace's things may be named to the caller; the organization's and the platform's may."""
        if self.only_workspace is not None:
            return scope_id in (self.only_workspace, self.organization_id)
        known = scope_id in self.workspaces or scope_id == self.organization_id
        return known or self.organization_role is Role.ADMIN

    def role_in_organization(self) -> Role:
        """The role in the organization's own things. Raises Denied for a token of one workspace."""
        if self.only_workspace is not None:
            raise Denied("This token is for one workspace. Use one without a workspace.")
        return min(self.organization_role, self.limit)

    @property
    def highest_role(self) -> Role:
        """The most that the caller may do anywhere; with a token of one workspace, there."""
        if self.only_workspace is not None and self.organization_role is not Role.ADMIN:
            return min(self.limit, self.workspaces.get(self.only_workspace, Role.USER))
        return min(self.limit, max([self.organization_role, *self.workspaces.values()]))

    @property
    def actor(self) -> Actor:
        """How the audit record names this caller."""
        return Actor(self.organization_id, self.person.user_id, self.token_id, self.source)


def require(role: Role, needed: Role) -> None:
    """Raises Denied when `role` does not reach `needed`."""
    if role < needed:
        raise Denied(f"This needs the role {needed.word}; yours here is {role.word}. Ask an administrator.")


def require_visible(role: Role | None) -> Role:
    """Raises NotFound for a workspace the caller has no role in."""
    if role is None:
        raise NotFound(NO_WORKSPACE, code="workspace_not_found")
    return role


def require_other(principal: Principal, user_id: UUID) -> None:
    """Nobody edits their own role: an organization must not lose its last admin by a slip. Raises Invalid."""
    if principal.person.user_id == user_id:
        fault = Fault("#/user_id", "own_role", "You cannot change your own role. Ask another administrator.")
        raise Invalid("You cannot change your own role.", [fault], code="own_role")


def check_last_admin(admins: Sequence[Member], user_id: UUID, role: Role) -> None:
    """Raises Conflict when `user_id` is the last administrator and would be none with `role`."""
    if [admin.person.user_id for admin in admins] == [user_id] and role is not Role.ADMIN:
        raise Conflict("An organization keeps at least one administrator. Make another one first.", code="last_admin")


def new_token() -> str:
    """256 random bits behind a readable prefix: `hm_<8 readable characters>_<the secret>`."""
    return f"{TOKEN_PREFIX}_{secrets.token_hex(4)}_{secrets.token_urlsafe(32)}"


def token_prefix(token: str) -> str:
    """The part of a token that may be shown and stored."""
    return token[: len(TOKEN_PREFIX) + 9]


def new_session_text() -> str:
    """The text of a cookie or of a link's code: 256 random bits."""
    return secrets.token_urlsafe(32)


def token_digest(text: str, kind: Kind = Kind.TOKEN) -> bytes:
    """SHA-256 of a token: it is random, so a slow hash would protect nothing more (facts in docs/adr/0004).

    The other kinds have a digest of their own each: a cookie is no bearer token, and a bearer token no cookie.
    """
    if kind is Kind.TOKEN:
        return hashlib.sha256(text.encode()).digest()
    return hmac.digest(kind.encode(), text.encode(), "sha256")


def unknown(kind: Kind) -> Unauthenticated:
    """What is said of a text that is nobody's."""
    if kind is Kind.SESSION:
        return Unauthenticated("Your session has ended. Sign in again.", code="session_ended")
    if kind is Kind.LINK:
        message = "This sign-in link was used, or is older than 24 hours. 'haymow admin link' makes another one."
        return Unauthenticated(message, code="link_used")
    return Unauthenticated("Send a valid API token as 'Authorization: Bearer TOKEN'.")


def expired(kind: Kind) -> Unauthenticated:
    """What is said of a text whose time is over."""
    if kind is Kind.TOKEN:
        return Unauthenticated("This API token has expired. Make a new one.", code="token_expired")
    return unknown(kind)


def has_ended(expires_at: datetime | None, now: datetime) -> bool:
    """Whether what expires then is over; None never expires."""
    return expires_at is not None and expires_at <= now


def session_of(begun_with: Token, until: datetime | None, token_id: UUID, now: datetime) -> Token:
    """A session that may as much as the token or the link that it is begun with, until then at the latest."""
    end = min(now + SESSION_LASTS, until or datetime.max.replace(tzinfo=UTC))
    return replace(begun_with, token_id=token_id, prefix="", created_at=now, expires_at=end)


def check_workspace_name(name: str, faults: Sequence[Fault]) -> None:
    """Raises Invalid. Clients put the name into a path as it is, so it holds nothing that a URL reads differently."""
    found = list(faults)
    if name in (".", "..") or any(character in "/\\?#%;" for character in name):
        found.append(Fault("#/name", "name_in_url", "A workspace's name has none of / \\ ? # % ; and is not . or .."))
    if found:
        raise Invalid("This is no name for a workspace.", found)


def check_token_scope(principal: Principal, role: Role, own: Role, expires_at: datetime | None) -> None:
    """Raises Denied when a token would have more than the one who makes it, or have it for longer."""
    if role > own:
        raise Denied(f"A token cannot have more than its owner: at most the role {own.word}.", code="scope_too_wide")
    if principal.lends_until is not None and (expires_at is None or expires_at > principal.lends_until):
        raise Denied("A token cannot outlive the token that makes it. Give an earlier expiry.", code="scope_too_wide")


def check_gone(is_going: bool) -> None:
    """Raises Conflict for somebody who was removed and has tokens left: they would open again what they opened."""
    if is_going:
        message = "This person was removed, and their tokens are still being taken away. Try again in a minute."
        raise Conflict(message, code="still_leaving")


def check_person(person: Person) -> None:
    """Raises Invalid for a name or an address that could not be shown or written to."""
    faults = [
        *faults_of_label(person.given_name, "#/given_name"),
        *faults_of_label(person.family_name, "#/family_name"),
    ]
    local, at, domain = person.email.rpartition("@")
    plain = person.email.isprintable() and " " not in person.email and len(person.email) <= MOST_EMAIL_CHARACTERS
    if not (at and local and domain and "@" not in local and plain):
        faults.append(Fault("#/email", "email", "This must be an e-mail address."))
    if faults:
        raise Invalid("This person cannot be added.", faults)


def check_token_name(name: str) -> None:
    """Raises Invalid."""
    faults = faults_of_label(name, "#/name")
    if faults:
        raise Invalid("This is no name for a token.", faults)

"""Sessions of the page: begun with a token or a link, ended by signing out, or with what they were begun with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from haymow.errors import Unauthenticated
from haymow.server.access import rules, session_store, store, token_store
from haymow.server.access.attempts import Attempts
from haymow.server.access.rules import Kind, Principal, Role, Standing, Token
from haymow.server.access.service import Access
from haymow.server.access.tokens import first_admin
from haymow.server.audit.rules import Actor, Record
from haymow.server.audit.service import record
from haymow.server.receipts.rules import KEPT_FOR

if TYPE_CHECKING:
    from sqlalchemy import Connection

FAILURE_SECONDS = 0.2
"""How long a failed attempt takes."""
MOST_OF_TOKEN = 1000
"""Sessions of one token at once: all of them end with it, in the one unit of work that revokes it."""
MOST_REMOVED = 100
"""Sessions whose time is over that go when one begins: more than come, however many there are."""


class Begun(NamedTuple):
    """A session that has begun: whose it is, what they are told of themselves, and its cookie's text."""

    principal: Principal
    standing: Standing
    cookie: str


class Beginning(NamedTuple):
    """Who may begin a session, and the unit of work that begins it, which raises Unauthenticated for a used link."""

    actor: Actor
    unit: Callable[[Connection], Begun]


@dataclass(frozen=True)
class Sessions:
    """Who is signed in. A session is kept as a token is, as the digest of its cookie, beside the tokens."""

    access: Access
    attempts: Attempts

    @asynccontextmanager
    async def attempt(self, source: str) -> AsyncIterator[None]:
        """An attempt to begin a session, which fails by raising Unauthenticated. Raises RateLimited."""
        self.attempts.begin(source)
        try:
            yield
        except Unauthenticated:
            await asyncio.sleep(FAILURE_SECONDS)
            raise
        except Exception:  # not for what was guessed
            self.attempts.succeeded(source)
            raise
        self.attempts.succeeded(source)

    async def beginning(self, text: str, kind: Kind, source: str, before: str | None = None) -> Beginning:
        """A session by a token, or by a link's code, which is used up then; in the place of the one `before`, a cookie.

        Raises Unauthenticated; for a link that was used its unit does.
        """
        if kind is Kind.LINK:
            return await self._beginning_with_code(text, source, before)
        principal = await self.access.authenticate(text, source)
        return Beginning(principal.actor, lambda connection: self._with_token(connection, principal, before))

    async def end(self, cookie: str, source: str) -> None:
        """The session is over when this returns, whether or not it was before."""
        try:
            principal = await self.access.authenticate(cookie, source, Kind.SESSION)
        except Unauthenticated:
            return
        await self.access.change(lambda connection: self._end(connection, principal))

    async def link(self, name: str, source: str, *, alone: bool = False) -> str:
        """The code of a link that signs the first administrator in, once. `alone`: no other of its name works on."""

        def make(connection: Connection) -> str:
            actor, admin = first_admin(connection, source)
            if alone:
                session_store.remove_links(connection, actor.organization_id, name)
            code, now = rules.new_session_text(), self.access.now()
            link = Token(self.access.new_id(), admin.user_id, name, "", Role.ADMIN, None, now, now + rules.LINK_LASTS)
            self._add(connection, actor, link, code, Kind.LINK)
            return code

        return await self.access.change(make)

    async def _beginning_with_code(self, code: str, source: str, before: str | None) -> Beginning:
        digest = rules.token_digest(code, Kind.LINK)
        found = await self.access.database.read(lambda connection: session_store.link(connection, digest))
        if found is None or rules.has_ended(found[1].expires_at, self.access.now()):
            raise rules.unknown(Kind.LINK)
        organization_id, link = found
        actor = Actor(organization_id, link.user_id, link.token_id, source)
        return Beginning(actor, lambda connection: self._with_link(connection, actor, link, before))

    def _with_token(self, connection: Connection, principal: Principal, before: str | None) -> Begun:
        assert principal.token_id is not None  # who has authenticated has one
        token = token_store.token(connection, principal.organization_id, principal.token_id)
        if token is None:
            raise rules.unknown(Kind.TOKEN)  # it was revoked meanwhile
        return self._begin(connection, principal.actor, token, token, before)

    def _with_link(self, connection: Connection, actor: Actor, link: Token, before: str | None) -> Begun:
        if not session_store.use_link(connection, link.token_id, self.access.now() + KEPT_FOR):
            raise rules.unknown(Kind.LINK)
        return self._begin(connection, actor, link, None, before)

    def _begin(
        self, connection: Connection, actor: Actor, begun_with: Token, parent: Token | None, before: str | None
    ) -> Begun:
        now, cookie = self.access.now(), rules.new_session_text()
        session_store.remove_ended(connection, now, MOST_REMOVED)
        if before is not None and (old := self._principal(connection, before, actor.source)) is not None:
            self._end(connection, old)
        until = parent.expires_at if parent else None
        session = rules.session_of(begun_with, until, self.access.new_id(), now)
        if parent is not None:
            self._make_room(connection, actor, parent.token_id, now)
        self._add(connection, actor, session, cookie, Kind.SESSION, parent.token_id if parent else None)
        principal = self._principal(connection, cookie, actor.source)
        if principal is None:  # its owner was removed meanwhile
            raise rules.unknown(Kind.SESSION)
        return Begun(principal, session_store.standing(connection, principal), cookie)

    def _principal(self, connection: Connection, cookie: str, source: str) -> Principal | None:
        found = store.principal_of(connection, rules.token_digest(cookie, Kind.SESSION), Kind.SESSION)
        return replace(found[0], source=source) if found else None

    def _add(
        self, connection: Connection, actor: Actor, token: Token, text: str, kind: Kind, parent_id: UUID | None = None
    ) -> None:
        token_store.add_token(connection, token, actor.organization_id, rules.token_digest(text, kind), kind, parent_id)
        self._record(connection, actor, f"{kind}.create", token)

    def _make_room(self, connection: Connection, actor: Actor, token_id: UUID, now: datetime) -> None:
        for session in session_store.beyond(connection, token_id, now, MOST_OF_TOKEN - 1, MOST_REMOVED):
            self._remove(connection, actor, session)

    def _end(self, connection: Connection, principal: Principal) -> None:
        session = session_store.session(connection, principal.token_id)
        if session is not None:
            self._remove(connection, principal.actor, session)

    def _remove(self, connection: Connection, actor: Actor, session: Token) -> None:
        token_store.remove_token(connection, session.token_id)
        self._record(connection, actor, "session.delete", session)

    def _record(self, connection: Connection, actor: Actor, action: str, token: Token) -> None:
        record(connection, Record(actor, token.workspace_id, action, token.token_id, token.name, self.access.now()))

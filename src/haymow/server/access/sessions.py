"""Sessions of the page: begun with a token or a link, ended by signing out, or with what they were begun with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from haymow.errors import Unauthenticated
from haymow.server.access import rules, session_store, store
from haymow.server.access.attempts import Attempts
from haymow.server.access.rules import Kind, Principal, Role, Token
from haymow.server.access.service import Access
from haymow.server.access.tokens import first_admin
from haymow.server.audit.rules import Actor, Record
from haymow.server.audit.service import record

if TYPE_CHECKING:
    from sqlalchemy import Connection

FAILURE_SECONDS = 0.2
"""How long a failed attempt takes."""


@dataclass(frozen=True)
class Sessions:
    """Who is signed in. A session is kept as a token is, as the digest of its cookie, beside the tokens."""

    access: Access
    attempts: Attempts

    async def begin_with_token(self, token: str, source: str) -> tuple[Principal, str]:
        """A session of a token's owner, and its cookie's text. Raises Unauthenticated, RateLimited."""

        async def attempt() -> str:
            principal = await self.access.authenticate(token, source)
            return await self.access.change(lambda connection: self._with_token(connection, principal))

        return await self._begun(attempt, source)

    async def begin_with_code(self, code: str, source: str) -> tuple[Principal, str]:
        """The same by a link's code, which is used up then. Raises Unauthenticated, RateLimited."""
        return await self._begun(
            lambda: self.access.change(lambda connection: self._with_code(connection, code, source)), source
        )

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

    async def _begun(self, attempt: Callable[[], Awaitable[str]], source: str) -> tuple[Principal, str]:
        self.attempts.begin(source)
        try:
            cookie = await attempt()
        except Unauthenticated:
            await asyncio.sleep(FAILURE_SECONDS)
            raise
        self.attempts.succeeded(source)
        return await self.access.authenticate(cookie, source, Kind.SESSION), cookie

    def _with_token(self, connection: Connection, principal: Principal) -> str:
        assert principal.token_id is not None  # who has authenticated has one
        token = store.token(connection, principal.organization_id, principal.token_id)
        if token is None:
            raise rules.unknown(Kind.TOKEN)  # it was revoked meanwhile
        return self._add_session(connection, principal.actor, token, token)

    def _with_code(self, connection: Connection, code: str, source: str) -> str:
        found = session_store.take_link(connection, rules.token_digest(code, Kind.LINK))
        if found is None or rules.has_ended(found[1].expires_at, self.access.now()):
            raise rules.unknown(Kind.LINK)
        organization_id, link = found
        actor = Actor(organization_id, link.user_id, link.token_id, source)
        return self._add_session(connection, actor, link, None)

    def _add_session(self, connection: Connection, actor: Actor, begun_with: Token, parent: Token | None) -> str:
        now, cookie = self.access.now(), rules.new_session_text()
        session_store.remove_ended(connection, now)
        until = parent.expires_at if parent else None
        session = rules.session_of(begun_with, until, self.access.new_id(), now)
        self._add(connection, actor, session, cookie, Kind.SESSION, parent.token_id if parent else None)
        return cookie

    def _add(
        self, connection: Connection, actor: Actor, token: Token, text: str, kind: Kind, parent_id: UUID | None = None
    ) -> None:
        store.add_token(connection, token, actor.organization_id, rules.token_digest(text, kind), kind, parent_id)
        self._record(connection, actor, f"{kind}.create", token)

    def _end(self, connection: Connection, principal: Principal) -> None:
        session = session_store.session(connection, principal.token_id)
        if session is not None:
            store.remove_token(connection, session.token_id)
            self._record(connection, principal.actor, "session.delete", session)

    def _record(self, connection: Connection, actor: Actor, action: str, token: Token) -> None:
        record(connection, Record(actor, token.workspace_id, action, token.token_id, token.name, self.access.now()))

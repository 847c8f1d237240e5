"""Chats through registered models: find the model, borrow its live generator, ask, answer in OpenAI's shapes."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from haymow.errors import HaymowError
from haymow.generators.live.replies import Heading, Json
from haymow.server.access.rules import Principal
from haymow.server.registry.rules import Model, Usable
from haymow.server.secrets.rules import Stale
from haymow.server.serving import events, failures, rules
from haymow.server.serving.cache import VersionedCache
from haymow.server.serving.live import ChatStream, LiveModel, Measured, Upstream, made_live
from haymow.server.serving.pool import Lease, Pool
from haymow.server.serving.rules import Chat, ResolvedSecrets
from haymow.server.telemetry.seen import note_model
from haymow.server.telemetry.upstreams import OK, Upstreams, current_call, outcome_of

WORTH_PACKING: Final = 8192  # bytes
MOST_FOUND: Final = 256
MOST_LISTS_BYTES: Final = 32 * 1024 * 1024
"""What is kept between calls."""

MODELS_AT_ONCE: Final = 1000
"""Of a list: between two parts of it others have their turn."""


class Listing(NamedTuple):
    """A list of models as JSON, and the same packed by gzip where that is worth it."""

    plain: bytes
    packed: bytes | None

    @property
    def bytes(self) -> int:
        """What it takes to keep."""
        return len(self.plain) + len(self.packed or b"")


@dataclass(frozen=True, slots=True)
class Sources:
    """What serving asks of the registry and of the secrets, for a caller in a workspace.

    `version` changes with every change of anything, and raises NotFound for a workspace that the caller does not see;
    `find` gives the model that a name means, `usable` so many models by name, after a name; `secrets_of` resolves the
    secrets of a model, leaving out those that may not go where it calls.
    """

    version: Callable[[Principal, UUID], Awaitable[int]]
    find: Callable[[Principal, UUID, str], Awaitable[Model]]
    usable: Callable[[Principal, UUID, str | None, int], Awaitable[Sequence[Usable]]]
    secrets_of: Callable[[Principal, UUID, Model], Awaitable[ResolvedSecrets]]


Found = tuple[Model, ResolvedSecrets]


@dataclass(frozen=True, slots=True)
class Serving:
    """Registered models, answering."""

    sources: Sources
    pool: Pool[LiveModel]
    upstream: Upstream
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    found: VersionedCache[Found] = field(default_factory=lambda: VersionedCache(MOST_FOUND), repr=False)
    calls: Upstreams = field(default_factory=Upstreams, repr=False)
    lists: VersionedCache[Listing] = field(
        default_factory=lambda: VersionedCache(MOST_LISTS_BYTES, lambda listing: listing.bytes), repr=False
    )

    async def models(self, principal: Principal, workspace_id: UUID, after: str | None, limit: int | None) -> Listing:
        """The models this caller may chat with, as OpenAI lists them: all, or so many, after a name."""
        version = await self.sources.version(principal, workspace_id)
        key = (workspace_id, after, limit)
        if (kept := self.lists.get(key, version)) is not None:
            return kept
        models = await self._usable(principal, workspace_id, after, None if limit is None else limit + 1)
        return self.lists.keep(key, version, await asyncio.to_thread(_listing, models, limit))

    async def _usable(
        self, principal: Principal, workspace_id: UUID, after: str | None, most: int | None
    ) -> list[Usable]:
        found: list[Usable] = []
        while True:
            wanted = MODELS_AT_ONCE if most is None else min(most - len(found), MODELS_AT_ONCE)
            part = await self.sources.usable(principal, workspace_id, after, wanted)
            found += part
            if len(part) < wanted or len(found) == most:
                return found
            after = part[-1].name

    async def model(self, principal: Principal, workspace_id: UUID, name: str) -> Json:
        """A model this caller may chat with, by what a chat would call it. Raises NotFound."""
        return rules.listed(await self.sources.find(principal, workspace_id, name))

    async def complete(self, principal: Principal, workspace_id: UUID, chat: Chat) -> bytes:
        """The answer as a whole, as JSON. Raises HaymowError; what a provider said is never in it."""
        model, lease = await self._borrow(principal, workspace_id, chat)
        call = self.calls.begin(lease.live.generator.name, lease.live.host)
        try:
            answer = await self._completed(model, lease, chat)
        except BaseException as error:
            call.end(outcome_of(error))
            raise
        call.end(OK)
        return answer

    async def _completed(self, model: Model, lease: Lease[LiveModel], chat: Chat) -> bytes:
        try:
            async with asyncio.timeout(self.upstream.timeout):
                return await lease.live.complete(chat, model.name, self._heading)
        except HaymowError:
            raise
        except Exception as error:
            failure = _explained(chat, lease, error)
        finally:
            lease.release()
        raise failure  # outside of the handler: a provider's exception is not its context

    async def stream(self, principal: Principal, workspace_id: UUID, chat: Chat) -> ChatStream:
        """The answer in events, of which the first is there. Raises HaymowError when the call fails before it."""
        model, lease = await self._borrow(principal, workspace_id, chat)
        call = self.calls.begin(lease.live.generator.name, lease.live.host)
        try:
            stream = await self._begun(model, lease, chat)
        except BaseException as error:
            call.end(outcome_of(error))
            raise
        call.first()
        return Measured(stream, call)

    async def _begun(self, model: Model, lease: Lease[LiveModel], chat: Chat) -> ChatStream:
        try:
            async with asyncio.timeout(self.upstream.timeout):
                return await lease.live.stream(
                    chat, model.name, self._heading, lease.release,
                    lambda error: _explained(chat, lease, error),
                )  # fmt: skip
        except HaymowError:
            lease.release()
            raise
        except Exception as error:
            failure = _explained(chat, lease, error)
            lease.release()
        except BaseException:
            lease.release()
            raise
        raise failure  # as above

    async def warm(self, principal: Principal, workspace_id: UUID, chat: Chat) -> None:
        """Build what a chat needs, unless it is there: the chat then takes as long as upstream. Raises HaymowError."""
        _, lease = await self._borrow(principal, workspace_id, chat)
        lease.release()

    async def _borrow(self, principal: Principal, workspace_id: UUID, chat: Chat) -> tuple[Model, Lease[LiveModel]]:
        try:
            return await self._lent(principal, workspace_id, chat)
        except Stale:  # a secret got a new value between finding and opening it: find it again
            return await self._lent(principal, workspace_id, chat)

    async def _lent(self, principal: Principal, workspace_id: UUID, chat: Chat) -> tuple[Model, Lease[LiveModel]]:
        model, secrets = await self._found(principal, workspace_id, chat.model)
        note_model(model.model_id, model.revision)
        key = rules.key_of(model, secrets)
        return model, await self.pool.lend(key, lambda: made_live(model, secrets, self.upstream))

    async def _found(self, principal: Principal, workspace_id: UUID, name: str) -> Found:
        version = await self.sources.version(principal, workspace_id)
        if (kept := self.found.get((workspace_id, name), version)) is not None:
            return kept
        model = await self.sources.find(principal, workspace_id, name)
        secrets = await self.sources.secrets_of(principal, workspace_id, model)
        return self.found.keep((workspace_id, name), version, (model, secrets))

    def _heading(self, name: str) -> Heading:
        return Heading(f"chatcmpl-{self.new_id().hex}", int(self.now().timestamp()), name)


def _listing(models: Sequence[Usable], limit: int | None) -> Listing:
    plain = events.written(rules.listing(models, limit))
    return Listing(plain, gzip.compress(plain, compresslevel=4) if len(plain) >= WORTH_PACKING else None)


def _explained(chat: Chat, lease: Lease[LiveModel], error: BaseException) -> HaymowError:
    if (call := current_call()) is not None:
        call.error = type(error).__name__
        if call.status is None:
            call.status = failures.status_told(error)
    return failures.failure_of(error, chat.parameters, lease.live.translation.defaults)

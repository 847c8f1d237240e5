"""Chats through registered models: find the model, borrow its live generator, ask, answer in OpenAI's shapes."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

from haymow.egress import Egress
from haymow.egress.clients import aiohttp_session
from haymow.errors import HaymowError
from haymow.generators import refuses_generation_kwarg
from haymow.generators.build import LiveGenerator, build
from haymow.generators.chat import messages_from, tools_from
from haymow.generators.direct import Direct, Sent
from haymow.generators.parameters import stored_schema
from haymow.generators.replies import Chunks, Heading, Json, completion, say_nothing
from haymow.generators.translation import Asked, Translation, defaults_taken_out, dialect_of
from haymow.server.access.rules import Principal
from haymow.server.registry.rules import Model, Usable
from haymow.server.secrets.rules import Stale
from haymow.server.serving import events, failures, rules
from haymow.server.serving.direct import Lane
from haymow.server.serving.kept import Kept
from haymow.server.serving.pool import Lease, Pool
from haymow.server.serving.rules import Chat, ResolvedSecrets
from haymow.server.serving.streams import GeneratorStream, Stream

log = logging.getLogger(__name__)

WORTH_PACKING: Final = 8192  # bytes
MOST_FOUND: Final = 256
MOST_LISTS: Final = 64
"""What is kept between calls; each list has at most a thousand models."""


class ChatStream(Protocol):
    """An answer that has begun, as server-sent events without the one that says it is done."""

    async def next(self) -> bytes:
        """The events that have come since the last time; none after the last. Raises HaymowError when it breaks off."""

    def stop(self) -> None:
        """End the call upstream."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """How providers are called. `timeout` (seconds) bounds an answer, or a stream's beginning and its silence.

    With `direct`, those that speak OpenAI's protocol are called without Haystack: the same requests, faster.
    """

    egress: Egress
    timeout: float
    direct: bool = True


class Listing(NamedTuple):
    """A list of models as JSON, and the same packed by gzip where that is worth it."""

    plain: bytes
    packed: bytes | None


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
    found: Kept[Found] = field(default_factory=lambda: Kept(MOST_FOUND), repr=False)
    lists: Kept[Listing] = field(default_factory=lambda: Kept(MOST_LISTS), repr=False)

    async def models(self, principal: Principal, workspace_id: UUID, after: str | None, limit: int) -> Listing:
        """So many models this caller may chat with, after a name, as OpenAI lists them."""
        version = await self.sources.version(principal, workspace_id)
        key = (workspace_id, after, limit)
        if (kept := self.lists.get(key, version)) is not None:
            return kept
        models = await self.sources.usable(principal, workspace_id, after, limit + 1)
        return self.lists.keep(key, version, _listing(events.written(rules.listing(models, limit))))

    async def model(self, principal: Principal, workspace_id: UUID, name: str) -> Json:
        """A model this caller may chat with, by what a chat would call it. Raises NotFound."""
        return rules.listed(await self.sources.find(principal, workspace_id, name))

    async def complete(self, principal: Principal, workspace_id: UUID, chat: Chat) -> bytes:
        """The answer as a whole, as JSON. Raises HaymowError; what a provider said is never in it."""
        model, lease = await self._borrow(principal, workspace_id, chat)
        try:
            async with asyncio.timeout(self.upstream.timeout):
                return await lease.live.complete(chat, self._heading(model))
        except HaymowError:
            raise
        except Exception as error:
            failure = _explained(model, chat, lease, error)
        finally:
            lease.release()
        raise failure  # outside of the handler: a provider's exception is not its context

    async def stream(self, principal: Principal, workspace_id: UUID, chat: Chat) -> ChatStream:
        """The answer in events, of which the first is there. Raises HaymowError when the call fails before it."""
        model, lease = await self._borrow(principal, workspace_id, chat)
        try:
            async with asyncio.timeout(self.upstream.timeout):
                return await lease.live.stream(
                    chat, self._heading(model), lease.release, lambda error: _explained(model, chat, lease, error)
                )
        except HaymowError:
            lease.release()
            raise
        except Exception as error:
            failure = _explained(model, chat, lease, error)
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
        key = rules.key_of(model, secrets)
        return model, await self.pool.lend(key, lambda: _built(model, secrets, self.upstream))

    async def _found(self, principal: Principal, workspace_id: UUID, name: str) -> Found:
        version = await self.sources.version(principal, workspace_id)
        if (kept := self.found.get((workspace_id, name), version)) is not None:
            return kept
        model = await self.sources.find(principal, workspace_id, name)
        secrets = await self.sources.secrets_of(principal, workspace_id, model)
        return self.found.keep((workspace_id, name), version, (model, secrets))

    def _heading(self, model: Model) -> Heading:
        return Heading(f"chatcmpl-{self.new_id().hex}", int(self.now().timestamp()), model.name)


@dataclass(frozen=True, slots=True)
class LiveModel:
    """A model that answers: its generator, what it lets callers set, and the lane beside the generator, if any.

    The generator has no defaults of its own: `translation` puts the definition's into every call. `timeout` is the
    longest silence of a stream, in seconds.
    """

    generator: LiveGenerator
    translation: Translation
    timeout: float
    lane: Lane | None = None
    direct: Direct | None = field(default=None, repr=False)

    async def complete(self, chat: Chat, heading: Heading) -> bytes:
        """The answer as JSON. Raises Invalid for what the chat may not ask, and whatever the call raises."""
        if self.lane and self.direct:
            return await self.lane.complete(self._sent(self.direct, chat), heading.model)
        replies = await self._call(chat)()
        return events.written(completion(heading, replies))

    async def stream(
        self,
        chat: Chat,
        heading: Heading,
        on_end: Callable[[], None],
        explain: Callable[[BaseException], HaymowError],
    ) -> ChatStream:
        """The answer in events, of which the first is there. Raises as `complete` does; `on_end` is called once."""
        if self.lane and self.direct:
            return await self.lane.stream(self._sent(self.direct, chat), heading.model, on_end, explain)
        stream = GeneratorStream(
            Stream(self._call(chat), self.timeout, on_end, explain), Chunks(heading, chat.include_usage)
        )
        try:
            await stream.peek()
        except BaseException:
            stream.stop()
            raise
        return stream

    async def close(self) -> None:
        """Close the connections."""
        try:
            await self.generator.close()
        finally:
            if self.lane:
                await self.lane.close()

    def _sent(self, direct: Direct, chat: Chat) -> Sent:
        asked = self._asked(chat).parameters
        return direct.request(messages_from(chat.messages), tools_from(chat.tools), asked, stream=chat.stream)

    def _call(self, chat: Chat) -> Callable[..., Any]:
        """The call of the generator that a chat asks for, not begun."""
        asked, without_tools = self._asked(chat)
        messages = messages_from(chat.messages)
        more = {"tools": tools_from(chat.tools)} if chat.tools and not without_tools else {}

        async def ask(push: Any) -> Any:
            async def streaming_callback(part: Any) -> None:
                if failures.is_told_in(part.meta):
                    raise failures.broken_off()
                await push(part)

            return await self.generator.component.run_async(
                messages=messages,
                streaming_callback=streaming_callback if push else None,
                generation_kwargs=asked,
                **more,
            )

        async def run(streaming_callback: Any = None) -> list[Any]:
            try:
                result = await ask(streaming_callback)
            except Exception as error:
                if self._repeats_itself() or not failures.was_never_answered(error):
                    raise
                result = await ask(streaming_callback)
            replies: list[Any] = result["replies"]
            if say_nothing(replies):
                raise failures.malformed()
            return replies

        return run

    def _repeats_itself(self) -> bool:
        client = self.generator.client
        return client is not None and client.retries > 0

    def _asked(self, chat: Chat) -> Asked:
        """The parameters of a chat, checked, as the generator takes them. Raises Invalid."""
        named = rules.asked(chat.parameters, self.translation.defaults)
        refused = [name for name in named if refuses_generation_kwarg(self.generator.name, name)]
        if refused:
            raise rules.refused_parameters(refused)
        asked = self.translation.asked(named)
        if chat.include_usage and chat.stream and self.generator.usage_on_request:
            asked.parameters["stream_options"] = {"include_usage": True}
        return asked


def _listing(plain: bytes) -> Listing:
    return Listing(plain, gzip.compress(plain, compresslevel=1) if len(plain) >= WORTH_PACKING else None)


async def _built(model: Model, secrets: ResolvedSecrets, upstream: Upstream) -> LiveModel:
    values = await secrets.reveal()
    generator, translation = await asyncio.to_thread(_build, model, values, upstream)
    client, direct = generator.client, generator.direct
    if not upstream.direct or client is None or direct is None:
        return LiveModel(generator, translation, upstream.timeout)
    session = aiohttp_session(client.door, timeout=client.timeout, limits=client.http.get("limits"))
    return LiveModel(generator, translation, upstream.timeout, Lane(session, client.retries), direct)


def _build(model: Model, values: Mapping[str, str], upstream: Upstream) -> tuple[LiveGenerator, Translation]:
    config = json.loads(model.chat_generator_config)
    defaults = defaults_taken_out(config)
    generator = build(config, values, upstream.egress, timeout=upstream.timeout)
    dialect = dialect_of(generator.name, config["init_parameters"].get("model") or "")
    return generator, Translation(dialect, stored_schema(model.generation_kwargs), defaults)


def _explained(model: Model, chat: Chat, lease: Lease[LiveModel], error: BaseException) -> HaymowError:
    failure = failures.failure_of(error, chat.parameters, lease.live.translation.defaults)
    log.warning("model %s: %s (%s)", model.model_id, failure.code, type(error).__name__)
    return failure

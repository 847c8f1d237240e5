"""Chats through registered models: find the model, borrow its live generator, ask, answer in OpenAI's shapes."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from haymow.errors import HaymowError
from haymow.generators import refuses_generation_kwarg
from haymow.generators.build import LiveGenerator, build
from haymow.generators.chat import messages_from, tools_from
from haymow.generators.parameters import CheckedSchema, check_call, stored_schema
from haymow.generators.replies import Chunks, Heading, Json, completion, say_nothing
from haymow.server.access.rules import Principal
from haymow.server.registry.rules import Model
from haymow.server.secrets.rules import Stale
from haymow.server.serving import rules
from haymow.server.serving.pool import Lease, Pool
from haymow.server.serving.rules import Chat, ResolvedSecrets
from haymow.server.serving.streams import Stream

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Serving:
    """Registered models, answering.

    `find` and `usable` are the registry's; `secrets_of` resolves the secrets of a model for a caller in a workspace,
    leaving out those that may not go where the model calls. `timeout` is in seconds.
    """

    find: Callable[[Principal, UUID, str], Awaitable[Model]]
    usable: Callable[[Principal, UUID], Awaitable[Sequence[Model]]]
    secrets_of: Callable[[Principal, UUID, Model], Awaitable[ResolvedSecrets]]
    pool: Pool[LiveModel]
    timeout: float
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]

    async def models(self, principal: Principal, workspace_id: UUID) -> Json:
        """The models this caller may chat with, as OpenAI lists them."""
        listed = [rules.listed(model) for model in await self.usable(principal, workspace_id)]
        return {"object": "list", "data": listed}

    async def complete(self, principal: Principal, workspace_id: UUID, chat: Chat) -> Json:
        """The answer as a whole. Raises HaymowError; what a provider said is never in it."""
        model, lease = await self._borrow(principal, workspace_id, chat)
        try:
            run = lease.live.call(chat)
            async with asyncio.timeout(self.timeout):
                return completion(self._heading(model), await run())
        except HaymowError:
            raise
        except Exception as error:
            failure = _explained(model, chat, lease, error)
        finally:
            lease.release()
        raise failure  # outside of the handler: a provider's exception is not its context

    async def stream(self, principal: Principal, workspace_id: UUID, chat: Chat) -> ChatStream:
        """The answer in chunks, of which the first is there. Raises HaymowError when the call fails before it."""
        model, lease = await self._borrow(principal, workspace_id, chat)
        try:
            run = lease.live.call(chat)
        except BaseException:
            lease.release()
            raise
        stream = Stream(run, self.timeout, lease.release, lambda error: _explained(model, chat, lease, error))
        try:
            await stream.peek()
        except BaseException:
            stream.stop()
            raise
        return ChatStream(stream, Chunks(self._heading(model), chat.include_usage))

    async def _borrow(self, principal: Principal, workspace_id: UUID, chat: Chat) -> tuple[Model, Lease[LiveModel]]:
        try:
            return await self._lent(principal, workspace_id, chat)
        except Stale:  # a secret got a new value between finding and opening it: find it again
            return await self._lent(principal, workspace_id, chat)

    async def _lent(self, principal: Principal, workspace_id: UUID, chat: Chat) -> tuple[Model, Lease[LiveModel]]:
        model = await self.find(principal, workspace_id, chat.model)
        secrets = await self.secrets_of(principal, workspace_id, model)
        key = rules.key_of(model, secrets)
        return model, await self.pool.lend(key, lambda: _built(model, secrets, self.timeout))

    def _heading(self, model: Model) -> Heading:
        return Heading(f"chatcmpl-{self.new_id().hex}", int(self.now().timestamp()), model.name)


@dataclass(frozen=True, slots=True)
class LiveModel:
    """A model that answers: its generator, and what it lets callers set."""

    generator: LiveGenerator
    schema: CheckedSchema

    def call(self, chat: Chat) -> Callable[..., Any]:
        """The call of the generator that a chat asks for, not begun. Raises Invalid for what the chat may not ask."""
        refused = [name for name in chat.parameters if refuses_generation_kwarg(self.generator.name, name)]
        if refused:
            raise rules.refused_parameters(refused)
        check_call(self.schema, self.generator.generation_kwargs, chat.parameters)
        messages = messages_from(chat.messages)
        more = {"tools": tools_from(chat.tools)} if chat.tools else {}
        asked = chat.parameters
        if chat.include_usage and chat.stream and self.generator.usage_on_request:
            asked = {**asked, "stream_options": {"include_usage": True}}

        async def ask(streaming_callback: Any) -> Any:
            return await self.generator.component.run_async(
                messages=messages, streaming_callback=streaming_callback, generation_kwargs=asked, **more
            )

        async def run(streaming_callback: Any = None) -> list[Any]:
            try:
                result = await ask(streaming_callback)
            except Exception as error:
                if not rules.was_never_answered(error):
                    raise
                result = await ask(streaming_callback)
            replies: list[Any] = result["replies"]
            if say_nothing(replies):
                raise rules.malformed()
            return replies

        return run

    async def close(self) -> None:
        """Close the generator's connections."""
        await self.generator.close()


@dataclass(frozen=True, slots=True)
class ChatStream:
    """The chunks of an answer that has begun."""

    stream: Stream
    chunks: Chunks

    async def next(self) -> list[Json]:
        """The chunks that have come since the last time; none after the last. Raises HaymowError when it breaks off."""
        while parts := await self.stream.parts():
            found = [chunk for part in parts for chunk in self.chunks.of(part)]
            if found:
                return found
        if self.chunks.ended:
            return []
        replies = self.stream.result()
        return [] if replies is None else self.chunks.ending(replies)

    def stop(self) -> None:
        """End the call upstream."""
        self.stream.stop()


async def _built(model: Model, secrets: ResolvedSecrets, most_seconds: float) -> LiveModel:
    values = await secrets.reveal()
    return await asyncio.to_thread(_build, model, values, most_seconds)


def _build(model: Model, values: Mapping[str, str], most_seconds: float) -> LiveModel:
    generator = build(json.loads(model.chat_generator_config), values, timeout=most_seconds)
    return LiveModel(generator, stored_schema(model.generation_kwargs))


def _explained(model: Model, chat: Chat, lease: Lease[LiveModel], error: BaseException) -> HaymowError:
    failure = rules.failure_of(error, chat.parameters, lease.live.generator.generation_kwargs)
    log.warning("model %s: %s (%s)", model.model_id, failure.code, type(error).__name__)
    return failure

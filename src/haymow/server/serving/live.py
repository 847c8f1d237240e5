"""A model that answers: its generator or the lane beside it, and what of a chat reaches either.

A file of its own beside the five: the service finds a model and borrows it here, and never asks which way it takes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from haymow.egress import Egress
from haymow.errors import Conflict, HaymowError
from haymow.generators import refuses_generation_kwarg
from haymow.generators.dialects.translation import Asked, Translation, defaults_taken_out, dialect_of
from haymow.generators.live.build import LiveGenerator, build, require_callable
from haymow.generators.live.chat import messages_from, tools_from
from haymow.generators.live.direct import Direct, Sent
from haymow.generators.live.replies import Chunks, Heading, completion, say_nothing
from haymow.generators.parameters.checks import stored_schema
from haymow.server.registry.rules import Model
from haymow.server.serving import events, failures, rules
from haymow.server.serving.rules import Chat, ResolvedSecrets
from haymow.server.serving.streams import GeneratorStream, Stream
from haymow.server.telemetry.upstreams import CANCELLED, OK, UpstreamCall, current_call, outcome_of

if TYPE_CHECKING:
    from haymow.server.serving.direct import Lane


class ChatStream(Protocol):
    """An answer that has begun, as server-sent events without the one that says it is done."""

    async def next(self) -> bytes:
        """The events that have come since the last time; none after the last. Raises HaymowError when it breaks off."""

    def stop(self) -> None:
        """End the call upstream."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A stream that says how it ended: whole, with an error, or because nobody wanted it any more."""

    stream: ChatStream
    call: UpstreamCall

    async def next(self) -> bytes:
        try:
            found = await self.stream.next()
        except BaseException as error:
            self.call.end(outcome_of(error))
            raise
        if not found:
            self.call.end(OK)
        return found

    def stop(self) -> None:
        self.call.end(CANCELLED)
        self.stream.stop()


@dataclass(frozen=True, slots=True)
class Upstream:
    """How providers are called. `timeout` (seconds) bounds an answer, or a stream's beginning and its silence.

    With `direct`, those that speak OpenAI's protocol are called without Haystack: the same requests, faster.
    """

    egress: Egress
    timeout: float
    direct: bool = True


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

    @property
    def host(self) -> str | None:
        """The host and port that it calls; None when it calls nothing, or as the operator lets it."""
        client = self.generator.client
        return None if client is None else client.door.destination

    async def complete(self, chat: Chat, name: str, heading: Callable[[str], Heading]) -> bytes:
        """The answer as JSON, under `name`; `heading` makes the rest of what is not the provider's.

        Raises Invalid for what the chat may not ask, and whatever the call raises.
        """
        if self.lane and self.direct:
            return await self.lane.complete(self._sent(self.direct, chat), name)
        replies = await self._call(chat)()
        answer = completion(heading(name), replies)
        if (call := current_call()) is not None:
            call.used(answer.get("usage"))
        return events.written(answer)

    async def stream(
        self,
        chat: Chat,
        name: str,
        heading: Callable[[str], Heading],
        on_end: Callable[[], None],
        explain: Callable[[BaseException], HaymowError],
    ) -> ChatStream:
        """The answer in events, of which the first is there. Raises as `complete` does; `on_end` is called once."""
        if self.lane and self.direct:
            return await self.lane.stream(self._sent(self.direct, chat), name, on_end, explain)
        stream = GeneratorStream(
            Stream(self._call(chat), self.timeout, on_end, explain), Chunks(heading(name), chat.include_usage)
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
        return direct.request(chat.messages, tools_from(chat.tools), asked, stream=chat.stream)

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
                if (call := current_call()) is not None:
                    call.retried()
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


def refusal_of(upstream: Upstream, config: Mapping[str, Any]) -> str | None:
    """Why a definition is not called, whatever is entered and installed; None when it may be. Builds nothing."""
    try:
        require_callable(config, upstream.egress)
    except Conflict as error:
        return error.message
    return None


async def made_live(model: Model, secrets: ResolvedSecrets, upstream: Upstream) -> LiveModel:
    """Build a model's generator with its secrets, in a thread. Raises Conflict, and Stale for an old secret."""
    values = await secrets.reveal()
    generator, translation = await asyncio.to_thread(_build, model, values, upstream)
    client, direct = generator.client, generator.direct
    if not upstream.direct or client is None or direct is None:
        return LiveModel(generator, translation, upstream.timeout)
    # A sixth of the time that a server takes to start: loaded with the first model.
    from haymow.egress.clients import aiohttp_session  # noqa: PLC0415 - see above
    from haymow.server.serving.direct import Lane  # noqa: PLC0415 - see above

    session = aiohttp_session(client.door, timeout=client.timeout, limits=client.http.get("limits"))
    return LiveModel(generator, translation, upstream.timeout, Lane(session, client.retries), direct)


def _build(model: Model, values: Mapping[str, str], upstream: Upstream) -> tuple[LiveGenerator, Translation]:
    config = json.loads(model.chat_generator_config)
    defaults = defaults_taken_out(config)
    generator = build(config, values, upstream.egress, timeout=upstream.timeout)
    dialect = dialect_of(generator.name, config["init_parameters"].get("model") or "")
    return generator, Translation(dialect, stored_schema(model.generation_kwargs), defaults)

"""Connection tests: one small chat, made as any other is, and what came of it kept with what it was made of."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from haymow.errors import HaymowError, Invalid, RateLimited
from haymow.generators.parameters.checks import stored_schema
from haymow.server.access.rules import Principal
from haymow.server.registry.connection_tests import Subject
from haymow.server.registry.rules import ConnectionTest, Model
from haymow.server.serving import probe_rules as rules
from haymow.server.serving.probe_rules import Bucket, Outcome
from haymow.server.serving.rules import Chat

_MOST_BUCKETS = 1000


@dataclass(frozen=True, slots=True)
class Allowances:
    """How many tests may still begin. `clock` gives seconds and only goes forward."""

    clock: Callable[[], float]
    _buckets: dict[tuple[UUID, ...], tuple[Bucket, int]] = field(default_factory=dict)

    def take(self, user_id: UUID, workspace_id: UUID) -> None:
        """Use up one test of a person's and of a workspace's. Raises RateLimited, and uses up none."""
        at = self.clock()
        wanted = {(workspace_id, user_id): rules.MOST_OF_PERSON, (workspace_id,): rules.MOST_OF_WORKSPACE}
        filled = {key: rules.refilled(self._bucket(key), most, at) for key, most in wanted.items()}
        wait = max(rules.seconds_until_one(filled[key], most) for key, most in wanted.items())
        if wait:
            message = f"Too many connection tests. Try again in {wait} s."
            raise RateLimited(message, retry_after=wait)
        self._forget_full(at)
        self._buckets.update({key: (Bucket(filled[key].left - 1, at), most) for key, most in wanted.items()})

    def _bucket(self, key: tuple[UUID, ...]) -> Bucket | None:
        return self._buckets[key][0] if key in self._buckets else None

    def _forget_full(self, at: float) -> None:
        """A bucket that is full again is as a new one."""
        if len(self._buckets) >= _MOST_BUCKETS:
            full = [key for key, (one, most) in self._buckets.items() if rules.refilled(one, most, at).left >= most]
            for key in full:
                del self._buckets[key]


@dataclass(frozen=True, slots=True)
class Probes:
    """Tests of connections.

    `find` finds what is to be tested, and `keep` keeps what came of it: the registry's. `warm` and `complete` are what
    chats are made with. `timeout` is in seconds, as is what `clock` gives, which only goes forward.
    """

    find: Callable[[Principal, UUID, UUID], Awaitable[Subject]]
    keep: Callable[[Subject, ConnectionTest], Awaitable[None]]
    warm: Callable[[Principal, UUID, Chat], Awaitable[None]]
    complete: Callable[[Principal, UUID, Chat], Awaitable[object]]
    allowances: Allowances
    timeout: float
    now: Callable[[], datetime]
    clock: Callable[[], float]
    _running: dict[object, asyncio.Task[ConnectionTest]] = field(default_factory=dict)

    async def test(self, principal: Principal, workspace_id: UUID, model_id: UUID) -> ConnectionTest:
        """Test a model; who asks while the same is being tested, gets that test's result.

        Raises NotFound, Denied, RateLimited, and what goes wrong in haymow itself, of which nothing is kept.
        """
        subject = await self.find(principal, workspace_id, model_id)
        running = self._running.get(subject.key)
        if running is None:
            self.allowances.take(principal.person.user_id, workspace_id)
            running = asyncio.ensure_future(self._tested(principal, workspace_id, subject))
            self._running[subject.key] = running
            running.add_done_callback(lambda done: self._ended(subject.key, done))
        return await asyncio.shield(running)  # one who goes away does not end the test that others wait for

    def _ended(self, key: object, done: asyncio.Task[ConnectionTest]) -> None:
        del self._running[key]
        if not done.cancelled():
            done.exception()  # looked at, even when nobody waits any more

    async def _tested(self, principal: Principal, workspace_id: UUID, subject: Subject) -> ConnectionTest:
        outcome, seconds = await self._outcome(principal, workspace_id, subject)
        latency = round(seconds * 1000) if outcome.called else None
        by = principal.person.user_id
        test = ConnectionTest(outcome.reason.value, outcome.detail, latency, self.now(), by)
        await self.keep(subject, test)
        return test

    async def _outcome(self, principal: Principal, workspace_id: UUID, subject: Subject) -> tuple[Outcome, float]:
        """How it ended, and how many seconds the last call took."""
        begun = self.clock()
        try:
            async with asyncio.timeout(self.timeout):
                *limited, plain = _chats_with(subject.model)
                await self.warm(principal, workspace_id, plain)
                for chat in limited:
                    begun = self.clock()
                    if await self._takes(principal, workspace_id, chat):
                        return rules.ANSWERED, self.clock() - begun
                begun = self.clock()
                await self.complete(principal, workspace_id, plain)
            return rules.ANSWERED, self.clock() - begun
        except TimeoutError:
            return rules.SILENT, self.clock() - begun
        except HaymowError as error:
            outcome = rules.outcome_of(error)
            if outcome is None:
                raise
            return outcome, self.clock() - begun

    async def _takes(self, principal: Principal, workspace_id: UUID, chat: Chat) -> bool:
        """Whether a chat is answered, or refused as it is; raises every other failure."""
        try:
            await self.complete(principal, workspace_id, chat)
        except Invalid:
            return False
        return True


def _chats_with(model: Model) -> Iterator[Chat]:
    schema = stored_schema(model.generation_kwargs).schema
    defaults = json.loads(model.chat_generator_config)["init_parameters"].get("generation_kwargs") or {}
    return rules.chats(str(model.model_id), schema, defaults)

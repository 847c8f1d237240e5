"""Limits of tokens and organizations: asked before a request, and for as long as a chat takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from uuid import uuid4

from haymow.server.audit.rules import Actor
from haymow.server.database import Database
from haymow.server.limits import memory, shared, store
from haymow.server.limits.rules import Most, Subject, too_many_chats, too_many_requests
from haymow.server.settings import Settings


class Requests(Protocol):
    """Counts requests, in memory or shared."""

    async def take(self, subject: Subject, most: int) -> float: ...

    def give_back(self, subject: Subject, most: int) -> None: ...


class Chats(Protocol):
    """Counts chats, in memory or shared."""

    async def take(self, subject: Subject, most: int) -> bool: ...

    def give_back(self, subject: Subject) -> None: ...


class Place:
    """A chat that counts, until `leave`, which may be called more than once."""

    __slots__ = ("_chats", "_subjects")

    def __init__(self, chats: Chats, subjects: list[Subject]) -> None:
        self._chats = chats
        self._subjects = subjects

    def leave(self) -> None:
        """The chat has ended, whichever way."""
        while self._subjects:
            self._chats.give_back(self._subjects.pop())


_UNLIMITED: Final = Place(memory.Chats(), [])


async def _nothing_to_tend() -> None:
    return


@dataclass(frozen=True)
class Limits:
    """What `most` allows. `tend` runs for as long as the house is open."""

    most: Most = field(default_factory=Most)
    requests: Requests = field(default_factory=lambda: memory.Requests(time.monotonic))
    chats: Chats = field(default_factory=memory.Chats)
    tend: Callable[[], Coroutine[Any, Any, None]] = _nothing_to_tend

    @property
    def count_requests(self) -> bool:
        """Whether `request` has anything to ask for."""
        return bool(self.most.requests_of_token or self.most.requests_of_organization)

    async def request(self, actor: Actor) -> None:
        """Count a request. Raises RateLimited, and counts none; Unavailable when the limits cannot be asked."""
        token, organization = _subjects(actor)
        of_token, of_organization = self.most.requests_of_token, self.most.requests_of_organization
        if of_token and (wait := await self.requests.take(token, of_token)):
            raise too_many_requests("token", of_token, wait)
        if of_organization and (wait := await self.requests.take(organization, of_organization)):
            if of_token:
                self.requests.give_back(token, of_token)
            raise too_many_requests("organization", of_organization, wait)

    async def chat(self, actor: Actor) -> Place:
        """Count a chat until its place is left. Raises RateLimited, Unavailable."""
        of_token, of_organization = self.most.chats_of_token, self.most.chats_of_organization
        if not of_token and not of_organization:
            return _UNLIMITED
        place = Place(self.chats, taken := [])
        token, organization = _subjects(actor)
        try:
            for whose, subject, most in (("token", token, of_token), ("organization", organization, of_organization)):
                if most and not await self.chats.take(subject, most):
                    raise too_many_chats(whose, most)
                if most:
                    taken.append(subject)
        except BaseException:
            place.leave()
            raise
        return place


def limits_of(settings: Settings, database: Database) -> Limits:
    """Counted in memory by the one server that there is, or shared with others over the database."""
    most = Most(
        settings.requests_per_token,
        settings.requests_per_organization,
        settings.chats_per_token,
        settings.chats_per_organization,
    )
    if settings.database_url is None or most == Most():
        return Limits(most)
    requests = shared.Requests(database, store.now, time.monotonic)
    chats = shared.Chats(database, uuid4(), store.now, time.monotonic)
    return Limits(most, requests, chats, lambda: shared.tend(database, store.now, requests, chats))


def _subjects(actor: Actor) -> tuple[Subject, Subject]:
    whose = actor.token_id or actor.user_id  # the operator has no token, and makes no requests
    return Subject(actor.organization_id, whose), Subject(actor.organization_id, actor.organization_id)

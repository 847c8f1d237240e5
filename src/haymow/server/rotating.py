"""`haymow admin rotate-key`: in short steps, each asked of a running server when there is one, else done here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic
from typing import Any
from uuid import UUID

from haymow.errors import Conflict
from haymow.server import control
from haymow.server.app import House, open_house
from haymow.server.database.folder import FolderInUse
from haymow.server.database.places import require_haymow
from haymow.server.secrets.rotation import Position
from haymow.server.settings import Settings

Ask = Callable[..., Awaitable[dict[str, Any]]]
Say = Callable[[str], None]


def commands(house: House) -> Mapping[str, control.Command]:
    """The steps of a rotation, for an operator: each answers a JSON object: a `State`, `Step` or `End`.

    With a state comes the server's own key file, and whether its database is shared: who asks may have other settings.
    """
    rotation = house.rotation
    theirs = {"key_file": house.settings.key_file, "is_shared": house.settings.database_url is not None}

    async def state() -> str:
        return _json(await rotation.state(), **theirs)

    async def end() -> str:
        return _json(await rotation.end())

    async def prepare() -> str:
        return _json(await rotation.prepare(), **theirs)

    async def activate() -> str:
        await rotation.activate(await house.tokens.operator("command line"))
        return await state()

    async def step(scope: str, secret: str, renew: str) -> str:
        start = Position(UUID(scope), UUID(secret))
        return _json(await rotation.step(await house.tokens.operator("command line"), start, renew == "renew"))

    async def again(scope: str, secret: str) -> str:
        start = Position(UUID(scope), UUID(secret))
        return _json(await rotation.again(await house.tokens.operator("command line"), start))

    async def finish() -> str:
        return _json(await rotation.finish(await house.tokens.operator("command line")), **theirs)

    async def forget() -> str:
        return _json(await rotation.forget(await house.tokens.operator("command line")), **theirs)

    steps = (state, end, prepare, activate, step, again, finish, forget)
    return {f"rotate-key:{one.__name__}": one for one in steps}


def _json(result: Any, **more: object) -> str:
    return json.dumps({**result._asdict(), **more}, default=str)


async def prepare(settings: Settings) -> str:
    """Write a new key into the key file. Raises Conflict, StartFailed."""
    async with _asking(settings) as ask:
        state = await ask("prepare")
    return (
        f"The master key {state['newest']} is in {state['key_file']} now, and not in use yet. Give this file to every "
        "server, then run: haymow admin rotate-key"
    )


async def forget(settings: Settings) -> str:
    """Take the keys out of the file that nothing is under. Raises Conflict, StartFailed."""
    async with _asking(settings) as ask:
        state = await ask("forget")
    return (
        f"{state['key_file']} has one key now, {state['newest']}. Give it to every server. Copies of the database that "
        "are older than the rotation need the file of then."
    )


async def rotate(settings: Settings, renew: bool, say: Say) -> str:
    """Rotate the master key, or go on with that; with `renew` also data keys. Raises Conflict, StartFailed."""
    async with _asking(settings) as ask:
        state = await ask("state")
        is_begun = bool(state["is_prepared"] or state["left"])
        if not is_begun and state["keys"] > 1:
            end = await ask("end")
            if not (renew and end["unrenewed"]) and await _is_finished(ask, end):
                return _nothing_left(state)
            is_begun = not end["is_recorded"]
        if not is_begun:
            state = await _prepared(ask, state)
        if state["is_prepared"]:
            state = await ask("activate")
        progress = _Progress(say, state["left"])
        await _passed(ask, renew, progress)
        while (state := await ask("finish"))["left"]:
            await _passed(ask, renew, progress)
    return (
        f"Everything is under the master key {state['newest']} now (data keys: {progress.done:,}"
        f"{f'; {_anew(progress.values)}' if renew or progress.values else ''}). "
        f"{_old(state)}"
    )


async def _is_finished(ask: Ask, end: Mapping[str, Any]) -> bool:
    """Whether the same command did all of it before, and ended before it could say so."""
    return end["is_recorded"] or not (await ask("finish"))["left"]


async def _prepared(ask: Ask, state: Mapping[str, Any]) -> dict[str, Any]:
    if state["is_shared"]:
        raise Conflict(
            "Other servers may have key files of their own, and could not read what a new key wraps. Run "
            "haymow admin rotate-key --prepare, give every server the file that it writes, then run this again."
        )
    return await ask("prepare")


async def _passed(ask: Ask, renew: bool, progress: _Progress) -> None:
    """Go through all data keys once."""
    place: list[str] | None = list(map(str, Position()))
    while place is not None:
        place = progress.add(await ask("step", *place, "renew" if renew else "wrap"))
    if renew:
        await _renewed_again(ask, progress)


async def _renewed_again(ask: Ask, progress: _Progress) -> None:
    """New data keys for the scopes that came under the master key before anybody asked for new ones."""
    scopes = (await ask("end"))["unrenewed"]
    progress.left += len(scopes)
    for scope in scopes:
        place: list[str] | None = list(map(str, Position(scope)))
        while place is not None:
            place = progress.add(await ask("again", *place))


class _Progress:
    """What was done of what was left, said at each step."""

    def __init__(self, say: Say, left: int) -> None:
        self.left = left
        self.done = self.values = 0
        self._say = say
        self._begun = monotonic()

    def add(self, step: Mapping[str, Any]) -> list[str] | None:
        """Count a step, and give where to go on."""
        self.done += step["done"]
        self.values += step["values"]
        if step["done"] or step["values"]:
            rate = round((self.done + self.values) / max(monotonic() - self._begun, 0.001))
            self._say(f"rotated data keys: {self.done:,} of {self.left:,}; {_anew(self.values)}; {rate:,} rows/s")
        place: list[str] | None = step["next"]
        return place


def _anew(values: int) -> str:
    return f"values encrypted anew: {values:,}"


def _nothing_left(state: Mapping[str, Any]) -> str:
    return (
        f"Everything is under the master key {state['newest']} already, and nothing was done. "
        f"To rotate once more, give --prepare first. {_old(state)}"
    )


def _old(state: Mapping[str, Any]) -> str:
    if state["keys"] == 1:
        return ""
    return (
        f"The old key is in {state['key_file']} still; nothing needs it but older copies of the database. "
        "To take it out: haymow admin rotate-key --forget-old"
    )


@asynccontextmanager
async def _asking(settings: Settings) -> AsyncIterator[Ask]:
    """Asks a running server, or the house itself, which is then open for as long."""
    if not control.is_open(settings.admin_socket):
        require_haymow(settings)
    async with AsyncExitStack() as stack:
        try:
            house = await stack.enter_async_context(open_house(settings))
        except FolderInUse:
            yield _of_server(settings)
        else:
            yield _of_house(house)


def _of_house(house: House) -> Ask:
    there = commands(house)

    async def ask(name: str, *arguments: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(await there[f"rotate-key:{name}"](*arguments))
        return answer

    return ask


def _of_server(settings: Settings) -> Ask:
    async def ask(name: str, *arguments: str) -> dict[str, Any]:
        line = " ".join((f"rotate-key:{name}", *arguments))
        answer: dict[str, Any] = json.loads(await asyncio.to_thread(control.ask_meant, settings, line))
        return answer

    return ask

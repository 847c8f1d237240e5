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
from haymow.server.settings import Settings

Ask = Callable[..., Awaitable[dict[str, Any]]]
Say = Callable[[str], None]


def commands(house: House) -> Mapping[str, control.Command]:
    """The steps of a rotation, for an operator: each answers a JSON object: a `State`, `Step` or `End`."""
    rotation = house.rotation

    async def state() -> str:
        return _json(await rotation.state())

    async def end() -> str:
        return _json(await rotation.end())

    async def prepare() -> str:
        return _json(await rotation.prepare())

    async def activate() -> str:
        await rotation.activate(await house.tokens.operator("command line"))
        return _json(await rotation.state())

    async def step(after: str, renew: str) -> str:
        scope = None if after == "-" else UUID(after)
        return _json(await rotation.step(await house.tokens.operator("command line"), scope, renew == "renew"))

    async def finish() -> str:
        return _json(await rotation.finish(await house.tokens.operator("command line")))

    async def forget() -> str:
        return _json(await rotation.forget(await house.tokens.operator("command line")))

    steps = (state, end, prepare, activate, step, finish, forget)
    return {f"rotate-key:{one.__name__}": one for one in steps}


def _json(result: Any) -> str:
    return json.dumps(result._asdict(), default=str)


async def prepare(settings: Settings) -> str:
    """Write a new key into the key file. Raises Conflict, StartFailed."""
    async with _asking(settings) as ask:
        state = await ask("prepare")
    return (
        f"The master key {state['newest']} is in {settings.key_file} now, and not in use yet. Give this file to every "
        "server, then run: haymow admin rotate-key"
    )


async def forget(settings: Settings) -> str:
    """Take the keys out of the file that nothing is under. Raises Conflict, StartFailed."""
    async with _asking(settings) as ask:
        state = await ask("forget")
    return (
        f"{settings.key_file} has one key now, {state['newest']}. Give it to every server. Copies of the database that "
        "are older than the rotation need the file of then."
    )


async def rotate(settings: Settings, renew: bool, say: Say) -> str:
    """Rotate the master key, or go on with that; with `renew` also data keys. Raises Conflict, StartFailed."""
    async with _asking(settings) as ask:
        state = await ask("state")
        if await _was_done(ask, state, renew):
            return _nothing_left(state, settings)
        state = await _begun(ask, settings, state)
        done = values = 0
        is_left = True
        while is_left:
            more = await _passed(ask, renew, state["left"], say)
            done, values = done + more[0], values + more[1]
            state = await ask("finish")
            is_left = state["left"] > 0
    return (
        f"Everything is under the master key {state['newest']}: {done} data keys"
        f"{f' and {values} values' if renew or values else ''} were put under new ones. {_old(state, settings)}"
    )


async def _was_done(ask: Ask, state: Mapping[str, Any], renew: bool) -> bool:
    """Whether the same command did all of it before, and ended before it could say so."""
    if state["is_prepared"] or state["left"] or state["keys"] == 1:
        return False
    end = await ask("end")
    if renew and not end["is_renewed"]:
        return False
    return end["is_recorded"] or not (await ask("finish"))["left"]


async def _begun(ask: Ask, settings: Settings, state: dict[str, Any]) -> dict[str, Any]:
    if not state["is_prepared"] and not state["left"]:
        if settings.database_url is not None:
            raise Conflict(
                "Other servers may have key files of their own, and could not read what a new key wraps. Run "
                "haymow admin rotate-key --prepare, give every server the file that it writes, then run this again."
            )
        state = await ask("prepare")
    return await ask("activate") if state["is_prepared"] else state


async def _passed(ask: Ask, renew: bool, left: int, say: Say) -> tuple[int, int]:
    """Go through all data keys once; what was done."""
    done = values = 0
    after: str | None = "-"
    begun = monotonic()
    while after is not None:
        step = await ask("step", after, "renew" if renew else "wrap")
        after = step["after"]
        done, values = done + step["done"], values + step["values"]
        rate = round((done + values) / max(monotonic() - begun, 0.001))
        say(f"rotated {done} of {left} data keys, {values} values, {rate} rows/s")
    return done, values


def _nothing_left(state: Mapping[str, Any], settings: Settings) -> str:
    return (
        f"Everything is under the master key {state['newest']} already, and nothing was done. "
        f"To rotate once more, give --prepare first. {_old(state, settings)}"
    )


def _old(state: Mapping[str, Any], settings: Settings) -> str:
    if state["keys"] == 1:
        return ""
    return (
        f"The old key is in {settings.key_file} still; nothing needs it but older copies of the database. "
        "To take it out: haymow admin rotate-key --forget-old"
    )


@asynccontextmanager
async def _asking(settings: Settings) -> AsyncIterator[Ask]:
    """Asks a running server, or the house itself, which is then open for as long."""
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
        answer: dict[str, Any] = json.loads(await asyncio.to_thread(control.ask, settings.admin_socket, line))
        return answer

    return ask

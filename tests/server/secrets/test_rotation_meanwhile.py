"""While keys are rotated: values are entered and read, and other servers follow, or say what they lack."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from haymow.errors import Conflict, Unavailable
from haymow.server.secrets.rotation import Position, Rotation
from tests.server.secrets.conftest import Rooms
from tests.server.secrets.entering import create
from tests.server.secrets.rotating import (
    actor,
    another_server,
    assert_readable,
    begin,
    fill,
    run_to_the_end,
    value_of,
)

pytestmark = pytest.mark.anyio


async def test_secrets_are_entered_and_read_meanwhile(rooms: Rooms, rotation: Rotation) -> None:
    await fill(rooms, many=30)
    await begin(rooms, rotation)
    over = asyncio.Event()

    async def enter() -> int:
        entered = 0
        while not over.is_set():
            await create(rooms, f"NEW_{entered}", value=f"new-{entered}", scope=rooms.scope)
            entered += 1
            await asyncio.sleep(0.01)  # a person does not enter them one behind the other
        return entered

    async def read() -> int:
        read = 0
        while not over.is_set():
            await assert_readable(rooms)
            read += 1
            await asyncio.sleep(0.001)
        return read

    busy = [asyncio.create_task(enter()), asyncio.create_task(read())]
    try:
        await run_to_the_end(rooms, rotation, renew=True)
    finally:
        over.set()
        entered, _ = await asyncio.gather(*busy)
    for number in range(entered):
        assert await value_of(rooms, f"NEW_{number}", scope=rooms.scope) == f"new-{number}"
    assert (await rotation.state()).left == 0


async def test_another_server_reads_the_file_again_when_it_meets_a_key_that_it_does_not_know(
    rooms: Rooms, rotation: Rotation, tmp_path: Path
) -> None:
    await fill(rooms)
    other = another_server(rooms, tmp_path / "master.key")
    await begin(rooms, rotation)
    await run_to_the_end(rooms, rotation, renew=True)
    await assert_readable(rooms, other)


async def test_a_prepared_key_is_used_by_nobody_before_it_is_active(
    rooms: Rooms, rotation: Rotation, tmp_path: Path
) -> None:
    """A server that has the new file wraps what one without it can open."""
    (tmp_path / "old.key").write_bytes((tmp_path / "master.key").read_bytes())
    (tmp_path / "old.key").chmod(0o600)
    without = another_server(rooms, tmp_path / "old.key")
    await rotation.prepare()
    await fill(rooms)
    await assert_readable(rooms, without)
    with pytest.raises(Conflict, match="not in use yet"):
        await rotation.step(actor(rooms), Position(), False)


async def test_a_server_without_the_active_key_says_so_and_wraps_nothing_by_the_old_one(
    rooms: Rooms, rotation: Rotation, tmp_path: Path
) -> None:
    (tmp_path / "old.key").write_bytes((tmp_path / "master.key").read_bytes())
    (tmp_path / "old.key").chmod(0o600)
    without = another_server(rooms, tmp_path / "old.key")
    await begin(rooms, rotation)
    stranded = replace(rooms, secrets=without)
    with pytest.raises(Unavailable, match=r"has not got the new one") as caught:
        await create(stranded)
    assert caught.value.code == "master_key_missing"
    (tmp_path / "old.key").write_bytes((tmp_path / "master.key").read_bytes())
    await create(stranded)

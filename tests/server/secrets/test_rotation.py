"""Rotating keys: step by step, on either database, whatever ends it, and nothing that does not open meanwhile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from haymow.errors import Conflict
from haymow.server.secrets import key_file
from haymow.server.secrets.cipher import Unreadable, WrappedKey
from haymow.server.secrets.master_keys import MasterKeys, open_master_keys
from haymow.server.secrets.rotation import Position, Rotation
from haymow.server.secrets.service import opens_every_key
from haymow.server.secrets.tables import secrets_table
from tests.server.secrets.conftest import Rooms
from tests.server.secrets.rotating import (
    actor,
    another_server,
    assert_readable,
    begin,
    ciphertexts,
    fill,
    run_to_the_end,
    stored,
    value_of,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("renew", [False, True])
async def test_afterwards_everything_is_under_the_new_key_alone(
    rooms: Rooms, rotation: Rotation, tmp_path: Path, renew: bool
) -> None:
    await fill(rooms)
    before = await ciphertexts(rooms)
    await begin(rooms, rotation)
    assert (await rotation.state()).left == 3
    await run_to_the_end(rooms, rotation, renew)
    await rotation.forget(actor(rooms))
    (only,) = key_file.read(tmp_path / "master.key")
    alone = MasterKeys(tmp_path / "nowhere", [only])
    assert await rooms.database.scan(lambda connection: opens_every_key(connection, alone))
    await assert_readable(rooms, another_server(rooms, tmp_path / "master.key"))
    assert (before & await ciphertexts(rooms) == set()) is renew


async def test_it_can_be_done_again_and_again(rooms: Rooms, rotation: Rotation, tmp_path: Path) -> None:
    await fill(rooms)
    for renew in (True, False, True, True):
        await begin(rooms, rotation)
        await run_to_the_end(rooms, rotation, renew)
    assert {row.version for row in await stored(rooms)} == {4}
    assert sorted(len(WrappedKey.of(row).parts()) for row in await stored(rooms)) == [1, 1, 2]
    assert len(key_file.read(tmp_path / "master.key")) == 5
    await rotation.forget(actor(rooms))
    await assert_readable(rooms, another_server(rooms, tmp_path / "master.key"))


async def test_a_scope_with_more_values_than_a_portion_is_done_in_several(rooms: Rooms, rotation: Rotation) -> None:
    rotation = replace(rotation, portion=4)
    await fill(rooms, many=10)
    await begin(rooms, rotation)
    steps = [await rotation.step(actor(rooms), Position(), True)]
    while steps[-1].next is not None:
        for number in range(10):
            for scope in (rooms.organization, rooms.scope, rooms.second):
                assert await value_of(rooms, f"KEY_{number}", scope=scope) == f"value-{number}"
        steps.append(await rotation.step(actor(rooms), steps[-1].next, True))
    assert [step.values for step in steps] == [4, 4, 2, 4, 4, 2, 4, 4, 2]
    assert sum(step.done for step in steps) == 3
    assert (await rotation.state()).left == 0


async def test_a_scope_with_exactly_a_portion_of_values_is_done_in_one(rooms: Rooms, rotation: Rotation) -> None:
    """Else one that is killed there would have left all values under the new key, and nothing that says so."""
    rotation = replace(rotation, portion=3)
    await fill(rooms, many=3)
    await begin(rooms, rotation)
    place: Position | None = Position()
    steps = []
    while place is not None:
        steps.append(await rotation.step(actor(rooms), place, True))
        place = steps[-1].next
    assert [(step.done, step.values) for step in steps] == [(1, 3)] * 3
    assert (await rotation.end()).unrenewed == ()


async def test_a_step_looks_at_its_own_portion_and_the_last_one_at_all(rooms: Rooms, rotation: Rotation) -> None:
    """So many values in a scope take no longer for each, and none is left behind under a key that goes."""
    rotation = replace(rotation, portion=4)
    await fill(rooms, many=10)
    await begin(rooms, rotation)
    first = await rotation.step(actor(rooms), Position(), True)
    assert first.next is not None
    await damage_before(rooms, first.next)
    second = await rotation.step(actor(rooms), first.next, True)
    assert (second.done, second.values) == (0, 4) and second.next is not None
    whole = Position(first.next.scope)
    third = await rotation.step(actor(rooms), second.next, True)
    assert (third.done, third.values, third.next) == (0, 2, whole)
    with pytest.raises(Unreadable):
        await rotation.step(actor(rooms), whole, True)
    assert first.next.scope in {row.scope_id for row in await stored(rooms) if len(WrappedKey.of(row).parts()) == 2}


async def damage_before(rooms: Rooms, place: Position) -> None:
    """Something else in the place of a value that comes earlier in the scope."""
    at = secrets_table.c
    first = select(at.secret_id).where(at.scope_id == place.scope).order_by(at.secret_id).limit(1).scalar_subquery()
    change = update(secrets_table).where(at.scope_id == place.scope, at.secret_id == first)
    await rooms.database.write(lambda connection: connection.execute(change.values(ciphertext=b"damaged")).close())


async def test_whoever_is_told_a_wrong_place_leaves_no_value_behind(rooms: Rooms, rotation: Rotation) -> None:
    """As somebody else's command has it, who began before."""
    rotation = replace(rotation, portion=2)
    await fill(rooms, many=5)
    await begin(rooms, rotation)
    first = await rotation.step(actor(rooms), Position(), True)
    assert first.next is not None
    told = await rotation.step(actor(rooms), Position(first.next.scope, UUID(int=2**128 - 1)), True)
    assert told == (0, 0, Position(first.next.scope))
    await run_to_the_end(rooms, rotation, renew=True)
    for number in range(5):
        for scope in (rooms.organization, rooms.scope, rooms.second):
            assert await value_of(rooms, f"KEY_{number}", scope=scope) == f"value-{number}"


async def test_a_scope_that_came_under_the_master_key_before_gets_a_new_data_key_again(
    rooms: Rooms, rotation: Rotation
) -> None:
    rotation = replace(rotation, portion=2)
    await fill(rooms, many=5)
    await begin(rooms, rotation)
    await rotation.step(actor(rooms), Position(), False)
    await run_to_the_end(rooms, rotation, renew=True)
    before, (one, *others) = await ciphertexts(rooms), (await rotation.end()).unrenewed
    assert len(others) == 1
    place: Position | None = Position(one)
    while place is not None:
        place = (await rotation.again(actor(rooms), place)).next
        await assert_readable(rooms)
    assert list((await rotation.end()).unrenewed) == others
    assert len(before & await ciphertexts(rooms)) == 10
    assert sorted(row.version for row in await stored(rooms)) == [1, 2, 2]
    assert await rotation.again(actor(rooms), Position(UUID(int=0))) == (0, 0, None)


async def test_it_goes_on_from_the_start_after_any_step(rooms: Rooms, rotation: Rotation, tmp_path: Path) -> None:
    """Nothing of where it stands is in this process: each step is one of a new one, which begins at the beginning."""
    rotation = replace(rotation, portion=2)
    await fill(rooms, many=5)
    await begin(rooms, rotation)
    for _ in range(40):
        fresh = replace(rotation, keys=open_master_keys(tmp_path / "master.key", database_is_new=False))
        if not (await fresh.state()).left:
            break
        step = await fresh.step(actor(rooms), Position(), True)
        while step.next is not None and not step.values:
            step = await fresh.step(actor(rooms), step.next, True)
        await assert_readable(rooms)
    assert (await rotation.state()).left == 0
    assert {row.version for row in await stored(rooms)} == {2}


async def test_one_with_data_keys_that_goes_on_without_them_ends_all_the_same(rooms: Rooms, rotation: Rotation) -> None:
    rotation = replace(rotation, portion=2)
    await fill(rooms, many=5)
    await begin(rooms, rotation)
    await rotation.step(actor(rooms), Position(), True)
    await run_to_the_end(rooms, rotation, renew=False)
    await assert_readable(rooms)


async def test_a_second_one_is_not_begun_before_the_first_is_done(rooms: Rooms, rotation: Rotation) -> None:
    await fill(rooms)
    await rotation.prepare()
    with pytest.raises(Conflict, match="there already"):
        await rotation.prepare()
    with pytest.raises(Conflict, match="still needed"):
        await rotation.forget(actor(rooms))
    await rotation.activate(actor(rooms))
    for refused in (rotation.prepare(), rotation.forget(actor(rooms))):
        with pytest.raises(Conflict):
            await refused


async def test_the_record_says_what_was_rotated_and_by_which_key(rooms: Rooms, rotation: Rotation) -> None:
    await fill(rooms)
    await begin(rooms, rotation)
    await run_to_the_end(rooms, rotation, renew=True)
    await rotation.forget(actor(rooms))
    entries = [entry.record for entry in await rooms.audited(("master_key.", "data_key."))]
    assert [entry.action for entry in entries] == [
        "master_key.rotate", *["data_key.renew"] * 3, "master_key.rotated", "master_key.forget",
    ]  # fmt: skip
    assert {entry.subject_name for entry in entries} == {(await rotation.state()).newest}
    assert {entry.workspace_id for entry in entries} == {
        None, rooms.workspace.workspace_id, rooms.other_workspace.workspace_id,
    }  # fmt: skip

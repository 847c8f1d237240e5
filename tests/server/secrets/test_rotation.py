"""Rotating keys: step by step, on either database, whatever ends it, and no value that does not open meanwhile."""

from __future__ import annotations

import asyncio
import os
import stat
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Connection, select, update

from haymow.errors import Conflict, StartFailed, Unavailable
from haymow.server.audit.rules import Actor
from haymow.server.secrets import key_file, store
from haymow.server.secrets.cipher import Hidden, MasterKey, Unreadable, WrappedKey, new_key
from haymow.server.secrets.data_keys import DataKeys
from haymow.server.secrets.key_file import KeyEntry
from haymow.server.secrets.master_keys import MasterKeys, open_master_keys
from haymow.server.secrets.rotation import Position, Rotation
from haymow.server.secrets.rules import SecretScope, StoredKey
from haymow.server.secrets.service import Secrets, opens_every_key
from haymow.server.secrets.tables import secrets_table
from tests.server.secrets.conftest import Rooms, now
from tests.server.secrets.entering import create

pytestmark = pytest.mark.anyio


@pytest.fixture
def rotation(rooms: Rooms) -> Rotation:
    return Rotation(rooms.database, rooms.secrets.data_keys.keys, now)


def actor(rooms: Rooms) -> Actor:
    return Actor(rooms.admin.organization_id, rooms.admin.person.user_id, None, "command line")


async def fill(rooms: Rooms, many: int = 3) -> None:
    """Values in the organization and in both workspaces."""
    for scope in (rooms.organization, rooms.scope, rooms.second):
        for number in range(many):
            await create(rooms, f"KEY_{number}", value=f"value-{number}", scope=scope)


async def begin(rooms: Rooms, rotation: Rotation) -> None:
    await rotation.prepare()
    await rotation.activate(actor(rooms))


async def run(rooms: Rooms, rotation: Rotation, renew: bool = False) -> None:
    """To its end."""
    place: Position | None = Position()
    while place is not None:
        place = (await rotation.step(actor(rooms), place, renew)).next
        await assert_readable(rooms)
    assert (await rotation.finish(actor(rooms))).left == 0


async def value_of(rooms: Rooms, name: str, scope: SecretScope, secrets: Secrets | None = None) -> str:
    secrets = secrets or rooms.secrets
    refs = await secrets.named(scope, [name])
    return (await secrets.reveal(refs.values()))[name].reveal()


async def assert_readable(rooms: Rooms, secrets: Secrets | None = None) -> None:
    for scope in (rooms.organization, rooms.scope, rooms.second):
        assert await value_of(rooms, "KEY_0", scope=scope, secrets=secrets) == "value-0"


async def stored(rooms: Rooms) -> list[StoredKey]:
    return await rooms.database.scan(lambda connection: list(store.every_data_key(connection)))


async def ciphertexts(rooms: Rooms) -> set[bytes]:
    def read(connection: Connection) -> set[bytes]:
        return set(connection.execute(select(secrets_table.c.ciphertext)).scalars())

    return await rooms.database.scan(read)


def another(rooms: Rooms, file: Path) -> Secrets:
    """What a second server does with a key file of its own, read now."""
    keys = DataKeys(open_master_keys(file, database_is_new=False), now)
    models = rooms.models
    return Secrets(rooms.database, keys, models.uses, models.destinations_of, now, rooms.secrets.new_id)


@pytest.mark.parametrize("renew", [False, True])
async def test_afterwards_everything_is_under_the_new_key_alone(
    rooms: Rooms, rotation: Rotation, tmp_path: Path, renew: bool
) -> None:
    await fill(rooms)
    before = await ciphertexts(rooms)
    await begin(rooms, rotation)
    assert (await rotation.state()).left == 3
    await run(rooms, rotation, renew)
    await rotation.forget(actor(rooms))
    (only,) = key_file.read(tmp_path / "master.key")
    alone = MasterKeys(tmp_path / "nowhere", [only])
    assert await rooms.database.scan(lambda connection: opens_every_key(connection, alone))
    await assert_readable(rooms, another(rooms, tmp_path / "master.key"))
    assert (before & await ciphertexts(rooms) == set()) is renew


async def test_it_can_be_done_again_and_again(rooms: Rooms, rotation: Rotation, tmp_path: Path) -> None:
    await fill(rooms)
    for renew in (True, False, True, True):
        await begin(rooms, rotation)
        await run(rooms, rotation, renew)
    assert {row.version for row in await stored(rooms)} == {4}
    assert sorted(len(WrappedKey.of(row).parts()) for row in await stored(rooms)) == [1, 1, 2]
    assert len(key_file.read(tmp_path / "master.key")) == 5
    await rotation.forget(actor(rooms))
    await assert_readable(rooms, another(rooms, tmp_path / "master.key"))


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
    third = await rotation.step(actor(rooms), second.next, True)
    assert (third.done, third.values, third.next) == (0, 2, Position(first.next.scope))
    with pytest.raises(Unreadable):
        await rotation.step(actor(rooms), third.next, True)
    assert first.next.scope in {row.scope_id for row in await stored(rooms) if len(WrappedKey.of(row).parts()) == 2}


async def damage_before(rooms: Rooms, place: Position) -> None:
    """Something else in the place of a value that comes earlier in the scope."""
    at = secrets_table.c
    first = select(at.secret_id).where(at.scope_id == place.scope).order_by(at.secret_id).limit(1).scalar_subquery()
    change = update(secrets_table).where(at.scope_id == place.scope, at.secret_id == first)
    await rooms.database.write(lambda connection: connection.execute(change.values(ciphertext=b"damaged")) and None)


async def test_whoever_is_told_a_wrong_place_leaves_no_value_behind(rooms: Rooms, rotation: Rotation) -> None:
    """As somebody else's command has it, who began before."""
    rotation = replace(rotation, portion=2)
    await fill(rooms, many=5)
    await begin(rooms, rotation)
    first = await rotation.step(actor(rooms), Position(), True)
    assert first.next is not None
    told = await rotation.step(actor(rooms), Position(first.next.scope, UUID(int=2**128 - 1)), True)
    assert told == (0, 0, Position(first.next.scope))
    await run(rooms, rotation, renew=True)
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
    await run(rooms, rotation, renew=True)
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
    await run(rooms, rotation, renew=False)
    await assert_readable(rooms)


async def test_secrets_are_entered_read_and_deleted_meanwhile(rooms: Rooms, rotation: Rotation) -> None:
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
        await run(rooms, rotation, renew=True)
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
    other = another(rooms, tmp_path / "master.key")
    await begin(rooms, rotation)
    await run(rooms, rotation, renew=True)
    await assert_readable(rooms, other)


async def test_a_prepared_key_is_used_by_nobody_before_it_is_active(
    rooms: Rooms, rotation: Rotation, tmp_path: Path
) -> None:
    """A server that has the new file wraps what one without it can open."""
    (tmp_path / "old.key").write_bytes((tmp_path / "master.key").read_bytes())
    (tmp_path / "old.key").chmod(0o600)
    without = another(rooms, tmp_path / "old.key")
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
    without = another(rooms, tmp_path / "old.key")
    await begin(rooms, rotation)
    stranded = replace(rooms, secrets=without)
    with pytest.raises(Unavailable, match=r"has not got the new one") as caught:
        await create(stranded)
    assert caught.value.code == "master_key_missing"
    (tmp_path / "old.key").write_bytes((tmp_path / "master.key").read_bytes())
    await create(stranded)


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
    await run(rooms, rotation, renew=True)
    await rotation.forget(actor(rooms))
    entries = [entry.record for entry in await rooms.audited(("master_key.", "data_key."))]
    assert [entry.action for entry in entries] == [
        "master_key.rotate", *["data_key.renew"] * 3, "master_key.rotated", "master_key.forget",
    ]  # fmt: skip
    assert {entry.subject_name for entry in entries} == {(await rotation.state()).newest}
    assert {entry.workspace_id for entry in entries} == {
        None, rooms.workspace.workspace_id, rooms.other_workspace.workspace_id,
    }  # fmt: skip


# The file


def test_a_file_with_several_keys_is_whole_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    open_master_keys(path, database_is_new=True)
    key_file.add(path)
    key_file.add(path)
    assert [one.kind for one in key_file.read(path)] == [1, 2, 2]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["master.key"]
    lines = path.read_text().splitlines()
    for damaged in (lines[:-1], [*lines, lines[-1]], [*lines, *lines[-2:]], [*lines[:3], *lines[4:]]):
        path.write_text("\n".join(damaged))
        with pytest.raises(StartFailed, match="damaged"):
            key_file.read(path)


def test_a_key_that_took_anothers_place_says_that_it_is_it(tmp_path: Path) -> None:
    """So a server knows at once that it lacks one, and a key's bytes do not depend on who reads them."""
    old, new = MasterKey(Hidden(new_key())), MasterKey(Hidden(new_key()), is_first=False)
    wrapped = new.new_data_key(UUID(int=1))
    assert wrapped.wrapped[:9] == b"\x02" + bytes.fromhex(new.key_id)
    assert new.wraps(wrapped) and not old.wraps(wrapped)
    again = old.rewrap(wrapped, new)
    assert old.wraps(again) and not new.wraps(again)
    changed = bytes([2, wrapped.wrapped[1] ^ 1]) + wrapped.wrapped[2:]
    with pytest.raises(Unreadable):
        new.unwrap(WrappedKey(wrapped.scope_id, 1, changed))


@pytest.mark.parametrize("damage", [b"", b"\x01" * 61, b"\x03" * 70, b"\x01" * 60])
def test_a_data_key_with_something_else_behind_it_does_not_open(damage: bytes, tmp_path: Path) -> None:
    keys = MasterKeys(tmp_path / "nowhere", [KeyEntry(new_key(), 1)])
    whole = keys.newest.new_data_key(UUID(int=1), 2)
    wrapped = whole.wrapped + damage if damage else b""
    with pytest.raises(Unreadable):
        keys.unwrap(WrappedKey(whole.scope_id, 2, wrapped))

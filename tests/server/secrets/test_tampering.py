"""What a database that was changed outside haymow gives away: nothing; and what a failure shows of a value: nothing."""

import traceback
import uuid

import pytest
from sqlalchemy import Connection, UpdateBase, delete, select, update

from haymow.server.secrets import service as secrets_room
from haymow.server.secrets.cipher import DataKey, Unreadable
from haymow.server.secrets.rules import Secret, SecretValue, entered
from haymow.server.secrets.tables import data_keys_table, secrets_table
from tests.server.secrets.conftest import Rooms
from tests.server.secrets.entering import CANARY, create, value_of

pytestmark = pytest.mark.anyio


async def tamper(rooms: Rooms, change: UpdateBase) -> None:
    """Change the database as someone would who has the file and no key."""
    assert await rooms.database.write(lambda connection: connection.execute(change).rowcount)


def swap(connection: Connection, first: Secret, second: Secret) -> None:
    s = secrets_table.c
    rows = {
        secret.ref.secret_id: connection.execute(
            select(s.ciphertext).where(s.secret_id == secret.ref.secret_id)
        ).scalar_one()
        for secret in (first, second)
    }
    for to, of in ((first, second), (second, first)):
        connection.execute(
            update(secrets_table).where(s.secret_id == to.ref.secret_id).values(ciphertext=rows[of.ref.secret_id])
        )


async def test_swapped_ciphertexts_are_not_revealed(rooms: Rooms) -> None:
    first, second = await create(rooms, "A"), await create(rooms, "B", value="another")
    await rooms.database.write(lambda connection: swap(connection, first, second))
    for name in ("A", "B"):
        with pytest.raises(Unreadable) as caught:
            await value_of(rooms, name)
        assert caught.value.code == "secret_unreadable"


@pytest.mark.parametrize("column", ["secret_id", "scope_id", "version"])
async def test_a_row_that_was_changed_outside_haymow_is_not_revealed(rooms: Rooms, column: str) -> None:
    await create(rooms, "OTHER", scope=rooms.organization)
    await create(rooms)
    changed = {"secret_id": uuid.uuid4(), "scope_id": rooms.organization.scope_id, "version": 2}[column]
    await tamper(rooms, update(secrets_table).where(secrets_table.c.name == "KEY").values({column: changed}))
    with pytest.raises(Unreadable):
        await value_of(rooms)


async def test_an_old_ciphertext_that_is_put_back_is_not_revealed(rooms: Rooms) -> None:
    secret, s = await create(rooms), secrets_table.c
    old = await rooms.database.read(lambda connection: connection.execute(select(s.ciphertext)).scalar_one())
    what = entered(SecretValue("the new value"), None)
    await rooms.secrets.replace(rooms.admin.actor, rooms.scope, secret.ref.secret_id, what)
    await tamper(rooms, update(secrets_table).values(ciphertext=old))
    with pytest.raises(Unreadable):
        await value_of(rooms)


async def test_a_scope_whose_key_is_gone_is_unreadable(rooms: Rooms) -> None:
    await create(rooms)
    await tamper(rooms, delete(data_keys_table))
    with pytest.raises(Unreadable):
        await value_of(rooms)


async def test_each_scope_has_a_data_key_of_its_own(rooms: Rooms) -> None:
    for scope in (rooms.scope, rooms.organization):
        for name in ("A", "B"):
            await create(rooms, name, scope=scope)
    keys = await rooms.database.read(lambda connection: connection.execute(select(data_keys_table)).all())
    assert {key.scope_id for key in keys} == {rooms.scope.scope_id, rooms.organization.scope_id}
    assert len({key.wrapped for key in keys}) == len(keys) == 2


# What an unexpected failure shows


@pytest.mark.parametrize("change", ["create", "replace", "reveal"])
async def test_a_traceback_with_locals_shows_no_value(
    rooms: Rooms, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = SecretValue(CANARY)
    secret = await create(rooms)

    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    if change == "reveal":
        monkeypatch.setattr(DataKey, "decrypt", fail)
    else:
        monkeypatch.setattr(secrets_room, "record", fail)
    with pytest.raises(RuntimeError) as caught:
        if change == "create":
            await rooms.secrets.create(rooms.admin.actor, rooms.scope, "NEW", entered(value, None))
        elif change == "replace":
            await rooms.secrets.replace(rooms.admin.actor, rooms.scope, secret.ref.secret_id, entered(value, None))
        else:
            await value_of(rooms)
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "entered" in shown or change == "reveal"
    assert CANARY not in shown

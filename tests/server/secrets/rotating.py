"""Rotating the keys of rooms with values in every scope, and reading what is under them."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, select

from haymow.server.audit.rules import Actor
from haymow.server.secrets import store
from haymow.server.secrets.data_keys import DataKeys
from haymow.server.secrets.master_keys import open_master_keys
from haymow.server.secrets.rotation import Position, Rotation
from haymow.server.secrets.rules import SecretScope, StoredKey
from haymow.server.secrets.service import Secrets
from haymow.server.secrets.tables import secrets_table
from tests.server.secrets.conftest import Rooms, now
from tests.server.secrets.entering import create


def actor(rooms: Rooms) -> Actor:
    """Whoever runs `haymow admin` on this machine."""
    return Actor(rooms.admin.organization_id, rooms.admin.person.user_id, None, "command line")


async def fill(rooms: Rooms, many: int = 3) -> None:
    """Values in the organization and in both workspaces."""
    for scope in (rooms.organization, rooms.scope, rooms.second):
        for number in range(many):
            await create(rooms, f"KEY_{number}", value=f"value-{number}", scope=scope)


async def begin(rooms: Rooms, rotation: Rotation) -> None:
    """A new key is there and active; everything is still under the one before."""
    await rotation.prepare()
    await rotation.activate(actor(rooms))


async def run_to_the_end(rooms: Rooms, rotation: Rotation, renew: bool = False) -> None:
    """From where it stands to where nothing is left, and every value opens after each step."""
    place: Position | None = Position()
    while place is not None:
        place = (await rotation.step(actor(rooms), place, renew)).next
        await assert_readable(rooms)
    assert (await rotation.finish(actor(rooms))).left == 0


async def value_of(rooms: Rooms, name: str, scope: SecretScope, secrets: Secrets | None = None) -> str:
    """What a name stands for in a scope, as these rooms, or another server's `secrets`, open it."""
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


def another_server(rooms: Rooms, file: Path) -> Secrets:
    """What a second server does with a key file of its own, read now."""
    keys = DataKeys(open_master_keys(file, database_is_new=False), now)
    models = rooms.models
    return Secrets(rooms.database, keys, models.uses, models.destinations_of, now, rooms.secrets.new_id)

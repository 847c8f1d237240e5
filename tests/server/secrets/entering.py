"""Entering and using secrets as a higher room would."""

from haymow.server.secrets import service as secrets_room
from haymow.server.secrets.rules import Secret, SecretRef, SecretScope, SecretValue, entered
from tests.server.secrets.conftest import Rooms

CANARY = "canary-5f1d0c7e9ab24c68"


async def create(
    rooms: Rooms,
    name: str = "KEY",
    value: str = CANARY,
    *,
    scope: SecretScope | None = None,
    hosts: list[str] | None = None,
) -> Secret:
    what = entered(SecretValue(value), hosts, name=name)
    return await rooms.secrets.create(rooms.admin.actor, scope or rooms.scope, name, what)


async def resolve(rooms: Rooms, *names: str) -> dict[str, SecretRef]:
    return await rooms.database.read(lambda connection: secrets_room.resolve(connection, rooms.scope.visible, names))


async def value_of(rooms: Rooms, name: str = "KEY") -> str:
    return (await rooms.secrets.reveal((await resolve(rooms, name)).values()))[name].reveal()

"""Which hosts a value is bound to, on a real database."""

import pytest

from haymow.errors import Conflict
from haymow.server.secrets import service as secrets_room
from haymow.server.secrets.rules import SecretRef, SecretValue, Stale, entered
from tests.server.secrets.conftest import Rooms
from tests.server.secrets.entering import CANARY, create, resolve, value_of

pytestmark = pytest.mark.anyio


async def test_a_usual_name_is_bound_to_its_provider(rooms: Rooms) -> None:
    rooms.models.destinations[rooms.scope.scope_id, "OPENAI_API_KEY"] = {"evil.example:443"}
    assert (await create(rooms, "OPENAI_API_KEY")).ref.hosts == ("api.openai.com:443",)


async def test_given_hosts_count_even_for_a_usual_name(rooms: Rooms) -> None:
    assert (await create(rooms, "OPENAI_API_KEY", hosts=["Proxy.example:8443"])).ref.hosts == ("proxy.example:8443",)


async def test_another_name_is_unbound_or_bound_to_where_all_definitions_go(rooms: Rooms) -> None:
    def say(*destinations: str) -> None:
        rooms.models.destinations[rooms.scope.scope_id, "KEY"] = set(destinations)

    secret = await create(rooms)
    assert secret.ref.hosts is None
    for destinations, hosts in (
        (("a.example:443",), ("a.example:443",)),
        (("a.example:443", "b.example:443"), None),
    ):
        say(*destinations)
        what = entered(SecretValue(CANARY), None)
        new = await rooms.secrets.replace(rooms.admin.actor, rooms.scope, secret.ref.secret_id, what)
        assert new.ref.hosts == hosts


async def test_definitions_of_another_scope_say_nothing_about_the_hosts(rooms: Rooms) -> None:
    rooms.models.destinations[rooms.scope.scope_id, "KEY"] = {"evil.example:443"}
    assert (await create(rooms, scope=rooms.organization)).ref.hosts is None


async def test_a_new_value_sets_the_hosts_anew(rooms: Rooms) -> None:
    secret = await create(rooms, hosts=["a.example"])
    what = entered(SecretValue(CANARY), None)
    new = await rooms.secrets.replace(rooms.admin.actor, rooms.scope, secret.ref.secret_id, what)
    assert new.ref.hosts is None


async def test_an_unbound_value_is_bound_once(rooms: Rooms) -> None:
    await create(rooms)
    ref = (await resolve(rooms, "KEY"))["KEY"]
    bound = await bind(rooms, ref, "a.example:443")
    assert bound == ref._replace(hosts=("a.example:443",)) == (await resolve(rooms, "KEY"))["KEY"]
    with pytest.raises(Conflict) as caught:
        await bind(rooms, ref, "b.example:443")
    assert caught.value.code == "stale"
    assert (await resolve(rooms, "KEY"))["KEY"] == bound
    assert await value_of(rooms) == CANARY


async def test_a_value_that_was_replaced_meanwhile_is_not_bound(rooms: Rooms) -> None:
    secret = await create(rooms)
    what = entered(SecretValue("the new value"), None)
    await rooms.secrets.replace(rooms.admin.actor, rooms.scope, secret.ref.secret_id, what)
    with pytest.raises(Stale):
        await bind(rooms, secret.ref, "a.example:443")
    assert (await resolve(rooms, "KEY"))["KEY"].hosts is None


async def bind(rooms: Rooms, ref: SecretRef, destination: str) -> SecretRef:
    actor, at = rooms.admin.actor, rooms.secrets.now()
    return await rooms.database.write(lambda connection: secrets_room.bind(connection, ref, destination, actor, at))

"""Secrets on a real database: entered, used, replaced, deleted, each change with its record."""

from pathlib import Path

import pytest
from sqlalchemy import select

from haymow.errors import Conflict, NotFound
from haymow.server.secrets import service as secrets_room
from haymow.server.secrets.rules import Listing, SecretScope, SecretValue, Stale, entered
from haymow.server.secrets.tables import data_keys_table
from tests import looking
from tests.server.secrets.conftest import Rooms, sees_everything
from tests.server.secrets.entering import CANARY, create, resolve, value_of

pytestmark = pytest.mark.anyio


# Entering and using


async def test_a_value_is_revealed_as_it_was_entered(rooms: Rooms) -> None:
    await create(rooms)
    assert await value_of(rooms) == CANARY


async def test_the_database_holds_no_value_in_the_clear(rooms: Rooms, tmp_path: Path) -> None:
    await create(rooms)
    rooms.database.close()
    content = looking.contents(tmp_path)
    assert b"KEY" in content
    assert CANARY.encode() not in content


async def test_the_workspaces_value_outranks_the_organizations(rooms: Rooms) -> None:
    await create(rooms, value="of the organization", scope=rooms.organization)
    await create(rooms, "OTHER", value="of the organization too", scope=rooms.organization)
    assert await value_of(rooms) == "of the organization"
    await create(rooms, value="of the workspace")
    assert await value_of(rooms) == "of the workspace"
    assert await value_of(rooms, "OTHER") == "of the organization too"


async def test_another_workspaces_secret_is_as_if_it_did_not_exist(rooms: Rooms) -> None:
    other = SecretScope(rooms.admin.organization_id, rooms.other_workspace.workspace_id)
    secret = await create(rooms, scope=other)
    assert await resolve(rooms, "KEY") == {}
    for attempt in (rooms.secrets.get, rooms.secrets.own):
        with pytest.raises(NotFound):
            await attempt(rooms.scope, secret.ref.secret_id)


async def test_the_environment_is_never_looked_at(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", CANARY)
    assert await resolve(rooms, "DATABASE_URL") == {}


@pytest.mark.parametrize("value", ["os.environ/HOME", "${HOME}", "$HOME", "/proc/self/environ", "{{ HOME }}"])
async def test_a_value_is_never_expanded(rooms: Rooms, value: str) -> None:
    await create(rooms, value=value)
    assert await value_of(rooms) == value


async def test_a_name_is_taken_once_in_a_scope(rooms: Rooms) -> None:
    await create(rooms)
    with pytest.raises(Conflict) as caught:
        await create(rooms, value="another")
    assert caught.value.code == "secret_name_taken"
    assert await value_of(rooms) == CANARY
    assert len(await rooms.audited()) == 1


async def test_a_new_value_takes_the_place_of_the_old_one(rooms: Rooms) -> None:
    old = await create(rooms)
    refs = await resolve(rooms, "KEY")
    new = await rooms.secrets.replace(
        rooms.admin.actor, rooms.scope, old.ref.secret_id, entered(SecretValue("the new value"), None)
    )
    assert (new.ref.secret_id, new.ref.version, new.created_at) == (old.ref.secret_id, 2, old.created_at)
    assert await value_of(rooms) == "the new value"
    with pytest.raises(Stale):
        await rooms.secrets.reveal(refs.values())


async def test_a_version_never_comes_back_after_a_delete(rooms: Rooms) -> None:
    old = await create(rooms)
    refs = await resolve(rooms, "KEY")
    await rooms.secrets.delete(rooms.admin.actor, rooms.scope, old.ref.secret_id, force=False, sees=sees_everything)
    new = await create(rooms, value="another")
    assert new.ref.place != old.ref.place
    with pytest.raises(Stale):
        await rooms.secrets.reveal(refs.values())


async def test_put_creates_what_is_missing_and_replaces_what_is_there(rooms: Rooms) -> None:
    made = [
        await rooms.secrets.put(rooms.admin.actor, rooms.scope, "KEY", entered(SecretValue(value), None))
        for value in ("one", "two")
    ]
    assert [is_new for _, is_new in made] == [True, False]
    assert made[0][0].ref.secret_id == made[1][0].ref.secret_id
    assert await value_of(rooms) == "two"


async def test_what_another_scope_keeps_cannot_be_changed_from_here(rooms: Rooms) -> None:
    secret = await create(rooms, scope=rooms.organization)
    with pytest.raises(NotFound):
        await rooms.secrets.delete(
            rooms.admin.actor, rooms.scope, secret.ref.secret_id, force=True, sees=sees_everything
        )
    with pytest.raises(NotFound):
        await rooms.secrets.replace(
            rooms.admin.actor, rooms.scope, secret.ref.secret_id, entered(SecretValue("x1"), None)
        )
    assert await value_of(rooms) == CANARY


# The record


async def test_every_change_has_its_record_and_no_record_has_a_value(rooms: Rooms) -> None:
    secret = await create(rooms, hosts=["a.example"])
    ref = secret.ref
    for hosts in (["a.example"], ["b.example"]):
        await rooms.secrets.replace(rooms.admin.actor, rooms.scope, ref.secret_id, entered(SecretValue(CANARY), hosts))
    await rooms.secrets.delete(rooms.admin.actor, rooms.scope, ref.secret_id, force=False, sees=sees_everything)
    records = [entry.record for entry in await rooms.audited()]
    assert [(record.action, record.changes) for record in records] == [
        ("secret.create", ("name", "secret", "hosts")),
        ("secret.replace", ("secret",)),
        ("secret.replace", ("secret", "hosts")),
        ("secret.delete", ()),
    ]
    assert {(record.subject_id, record.subject_name, record.workspace_id, record.actor) for record in records} == {
        (ref.secret_id, "KEY", rooms.workspace.workspace_id, rooms.admin.actor)
    }
    assert CANARY not in repr(records)


@pytest.mark.parametrize("change", ["create", "replace", "delete"])
async def test_a_change_without_its_record_does_not_happen(
    rooms: Rooms, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = await create(rooms)

    def fail(*_: object) -> None:
        raise RuntimeError("no record")

    monkeypatch.setattr(secrets_room, "record", fail)
    with pytest.raises(RuntimeError, match="no record"):
        if change == "create":
            await create(rooms, "NEW")
        elif change == "replace":
            what = entered(SecretValue("the new value"), None)
            await rooms.secrets.replace(rooms.admin.actor, rooms.scope, secret.ref.secret_id, what)
        else:
            await rooms.secrets.delete(
                rooms.admin.actor, rooms.scope, secret.ref.secret_id, force=False, sees=sees_everything
            )
    page = await rooms.secrets.page(rooms.scope, Listing())
    assert page.secrets == (secret,)
    assert await value_of(rooms) == CANARY


# Deleting


async def test_a_secret_in_use_stays_unless_it_is_forced(rooms: Rooms) -> None:
    secret = await create(rooms)
    rooms.models.using[rooms.scope.scope_id, "KEY"] = ["gpt", "claude"]
    with pytest.raises(Conflict) as caught:
        await rooms.secrets.delete(
            rooms.admin.actor, rooms.scope, secret.ref.secret_id, force=False, sees=sees_everything
        )
    assert caught.value.code == "secret_in_use"
    assert "gpt, claude" in caught.value.message
    assert await value_of(rooms) == CANARY
    await rooms.secrets.delete(rooms.admin.actor, rooms.scope, secret.ref.secret_id, force=True, sees=sees_everything)
    assert await resolve(rooms, "KEY") == {}


async def test_a_secret_that_another_scope_keeps_is_not_found_here_even_if_it_is_in_use(rooms: Rooms) -> None:
    secret = await rooms.secrets.create(
        rooms.admin.actor, rooms.organization, "KEY", entered(SecretValue(CANARY), ("api.openai.com",))
    )
    rooms.models.using[rooms.organization.scope_id, "KEY"] = ["gpt"]
    with pytest.raises(NotFound):
        await rooms.secrets.delete(
            rooms.admin.actor, rooms.scope, secret.ref.secret_id, force=False, sees=sees_everything
        )


async def test_many_models_are_counted_rather_than_named(rooms: Rooms) -> None:
    secret = await create(rooms)
    rooms.models.using[rooms.scope.scope_id, "KEY"] = [f"m{number}" for number in range(12)]
    with pytest.raises(Conflict, match=r"m8, m9 and 2 more\."):
        await rooms.secrets.delete(
            rooms.admin.actor, rooms.scope, secret.ref.secret_id, force=False, sees=sees_everything
        )


async def test_an_erased_scope_leaves_nothing_behind(rooms: Rooms) -> None:
    secret = await create(rooms)
    await rooms.secrets.delete(rooms.admin.actor, rooms.scope, secret.ref.secret_id, force=False, sees=sees_everything)
    await create(rooms)
    kept = await create(rooms, scope=rooms.organization)
    scope_id = rooms.scope.scope_id
    assert await rooms.database.read(lambda connection: secrets_room.count(connection, scope_id)) == 1
    await rooms.database.write(lambda connection: secrets_room.erase_scope(connection, scope_id, 100))
    assert await rooms.database.read(lambda connection: secrets_room.count(connection, scope_id)) == 0
    keys = await rooms.database.read(
        lambda connection: connection.execute(select(data_keys_table.c.scope_id)).scalars().all()
    )
    assert keys == [rooms.organization.scope_id]
    assert (await rooms.secrets.page(rooms.scope, Listing())).secrets == (kept,)

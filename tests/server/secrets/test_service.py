"""Secrets on a real database: entered, used, replaced, deleted, each change with its record."""

import traceback
import uuid
from dataclasses import replace

import pytest
from sqlalchemy import Connection, UpdateBase, delete, select, update

from haymow.errors import Conflict, Invalid, NotFound
from haymow.server.secrets import service as secrets_room
from haymow.server.secrets.cipher import DataKey, Unreadable
from haymow.server.secrets.rules import Listing, Scope, Secret, SecretRef, SecretValue, Stale, entered
from haymow.server.secrets.tables import data_keys_table, secrets_table
from tests.server.secrets.conftest import Rooms

pytestmark = pytest.mark.anyio

CANARY = "canary-5f1d0c7e9ab24c68"


async def create(
    rooms: Rooms, name: str = "KEY", value: str = CANARY, *, scope: Scope | None = None, hosts: list[str] | None = None
) -> Secret:
    what = entered(SecretValue(value), hosts, name=name)
    return await rooms.secrets.create(rooms.admin.actor, scope or rooms.scope, name, what)


async def resolve(rooms: Rooms, *names: str) -> dict[str, SecretRef]:
    return await rooms.database.read(lambda connection: secrets_room.resolve(connection, rooms.scope.visible, names))


async def value_of(rooms: Rooms, name: str = "KEY") -> str:
    return (await rooms.secrets.reveal((await resolve(rooms, name)).values()))[name].reveal()


# Entering and using


async def test_a_value_is_revealed_as_it_was_entered(rooms: Rooms) -> None:
    await create(rooms)
    assert await value_of(rooms) == CANARY


async def test_the_database_holds_no_value_in_the_clear(rooms: Rooms, tmp_path: object) -> None:
    await create(rooms)
    rooms.database.close()
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())  # type: ignore[attr-defined]
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
    other = Scope(rooms.admin.organization_id, rooms.other_workspace.workspace_id)
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
    await rooms.secrets.delete(rooms.admin.actor, rooms.scope, old.ref.secret_id, force=False)
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
        await rooms.secrets.delete(rooms.admin.actor, rooms.scope, secret.ref.secret_id, force=True)
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
    await rooms.secrets.delete(rooms.admin.actor, rooms.scope, ref.secret_id, force=False)
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
            await rooms.secrets.delete(rooms.admin.actor, rooms.scope, secret.ref.secret_id, force=False)
    page = await rooms.secrets.page(rooms.scope, Listing())
    assert page.secrets == (secret,)
    assert await value_of(rooms) == CANARY


# Hosts


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
    bound = await rooms.database.write(lambda connection: secrets_room.bind(connection, ref, "a.example:443"))
    assert bound == replace(ref, hosts=("a.example:443",)) == (await resolve(rooms, "KEY"))["KEY"]
    with pytest.raises(Conflict) as caught:
        await rooms.database.write(lambda connection: secrets_room.bind(connection, ref, "b.example:443"))
    assert caught.value.code == "stale"
    assert (await resolve(rooms, "KEY"))["KEY"] == bound
    assert await value_of(rooms) == CANARY


async def test_a_value_that_was_replaced_meanwhile_is_not_bound(rooms: Rooms) -> None:
    secret = await create(rooms)
    what = entered(SecretValue("the new value"), None)
    await rooms.secrets.replace(rooms.admin.actor, rooms.scope, secret.ref.secret_id, what)
    with pytest.raises(Stale):
        await rooms.database.write(lambda connection: secrets_room.bind(connection, secret.ref, "a.example:443"))
    assert (await resolve(rooms, "KEY"))["KEY"].hosts is None


# Deleting


async def test_a_secret_in_use_stays_unless_it_is_forced(rooms: Rooms) -> None:
    secret = await create(rooms)
    rooms.models.using[rooms.scope.scope_id, "KEY"] = ["gpt", "claude"]
    with pytest.raises(Conflict) as caught:
        await rooms.secrets.delete(rooms.admin.actor, rooms.scope, secret.ref.secret_id, force=False)
    assert caught.value.code == "secret_in_use"
    assert "gpt, claude" in caught.value.message
    assert await value_of(rooms) == CANARY
    await rooms.secrets.delete(rooms.admin.actor, rooms.scope, secret.ref.secret_id, force=True)
    assert await resolve(rooms, "KEY") == {}


async def test_many_models_are_counted_rather_than_named(rooms: Rooms) -> None:
    secret = await create(rooms)
    rooms.models.using[rooms.scope.scope_id, "KEY"] = [f"m{number}" for number in range(12)]
    with pytest.raises(Conflict, match=r"m8, m9 and 2 more\."):
        await rooms.secrets.delete(rooms.admin.actor, rooms.scope, secret.ref.secret_id, force=False)


async def test_an_erased_scope_leaves_nothing_behind(rooms: Rooms) -> None:
    secret = await create(rooms)
    await rooms.secrets.delete(rooms.admin.actor, rooms.scope, secret.ref.secret_id, force=False)
    await create(rooms)
    kept = await create(rooms, scope=rooms.organization)
    scope_id = rooms.scope.scope_id
    assert await rooms.database.read(lambda connection: secrets_room.count(connection, scope_id)) == 1
    await rooms.database.write(lambda connection: secrets_room.erase_scope(connection, scope_id))
    assert await rooms.database.read(lambda connection: secrets_room.count(connection, scope_id)) == 0
    keys = await rooms.database.read(
        lambda connection: connection.execute(select(data_keys_table.c.scope_id)).scalars().all()
    )
    assert keys == [rooms.organization.scope_id]
    assert (await rooms.secrets.page(rooms.scope, Listing())).secrets == (kept,)


# Listing


async def names(rooms: Rooms, listing: Listing, scope: Scope | None = None) -> list[str]:
    page = await rooms.secrets.page(scope or rooms.scope, listing)
    return [secret.ref.name for secret in page.secrets]


@pytest.mark.parametrize("field", ["created_at", "updated_at", "name"])
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
async def test_paging_passes_every_secret_once_there_and_back(
    rooms: Rooms, field: str, descending: bool, limit: int
) -> None:
    secrets = [
        await create(rooms, f"S{number}", scope=(rooms.scope, rooms.organization)[number % 2]) for number in range(7)
    ]
    listing, passed = Listing(limit, field, descending), list[Secret]()
    while True:
        page = await rooms.secrets.page(rooms.scope, listing)
        passed += page.secrets
        assert page.total == 7
        if not page.has_more:
            break
        listing = replace(listing, before=passed[-1].ref.secret_id)
    assert passed == (secrets[::-1] if descending else secrets)
    back = replace(listing, before=None, after=passed[-1].ref.secret_id)
    page = await rooms.secrets.page(rooms.scope, back)
    assert list(page.secrets) == passed[:-1][-limit:]
    assert page.has_more == (limit < 6)


async def test_secrets_of_the_same_time_are_passed_once_each(rooms: Rooms) -> None:
    secrets = replace(rooms.secrets, now=lambda: rooms_time)
    rooms_time = (await create(rooms, "S")).created_at
    for number in range(5):
        what = entered(SecretValue(CANARY), None)
        await secrets.create(rooms.admin.actor, rooms.scope, f"S{number}", what)
    listing, passed = Listing(2), list[str]()
    while page := await names(rooms, listing):
        passed += page
        last = (await resolve(rooms, page[-1]))[page[-1]]
        listing = replace(listing, before=last.secret_id)
    assert sorted(passed) == ["S", "S0", "S1", "S2", "S3", "S4"]


async def test_a_list_goes_on_after_a_secret_that_was_deleted_meanwhile(rooms: Rooms) -> None:
    for number in range(5):
        await create(rooms, f"S{number}")
    page = await rooms.secrets.page(rooms.scope, Listing(2))
    for secret in page.secrets:
        await rooms.secrets.delete(rooms.admin.actor, rooms.scope, secret.ref.secret_id, force=False)
    assert await names(rooms, Listing(2, before=page.secrets[-1].ref.secret_id)) == ["S2", "S1"]


async def test_a_cursor_that_is_no_secret_of_the_list_is_refused(rooms: Rooms) -> None:
    other = await create(rooms, scope=Scope(rooms.admin.organization_id, rooms.other_workspace.workspace_id))
    for cursor in (uuid.uuid4(), other.ref.secret_id):
        for listing, field in ((Listing(before=cursor), "before"), (Listing(after=cursor), "after")):
            with pytest.raises(Invalid) as caught:
                await rooms.secrets.page(rooms.scope, listing)
            assert [fault.pointer for fault in caught.value.faults] == [f"#/query/{field}"]


async def test_a_workspace_lists_the_organizations_secrets_and_not_the_other_way_round(rooms: Rooms) -> None:
    await create(rooms, "OF_WORKSPACE")
    await create(rooms, "OF_ORGANIZATION", scope=rooms.organization)
    assert await names(rooms, Listing()) == ["OF_ORGANIZATION", "OF_WORKSPACE"]
    assert await names(rooms, Listing(), rooms.organization) == ["OF_ORGANIZATION"]


# Tampering


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

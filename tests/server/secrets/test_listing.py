"""Lists of secrets, page by page, while they change."""

import uuid
from dataclasses import replace

import pytest

from haymow.errors import Invalid
from haymow.server.secrets.rules import Listing, Secret, SecretScope, SecretValue, entered
from tests.server.secrets.conftest import Rooms, sees_everything
from tests.server.secrets.entering import CANARY, create, resolve

pytestmark = pytest.mark.anyio


async def names(rooms: Rooms, listing: Listing, scope: SecretScope | None = None) -> list[str]:
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
        await rooms.secrets.delete(
            rooms.admin.actor, rooms.scope, secret.ref.secret_id, force=False, sees=sees_everything
        )
    assert await names(rooms, Listing(2, before=page.secrets[-1].ref.secret_id)) == ["S2", "S1"]


async def test_a_cursor_that_is_no_secret_of_the_list_is_refused(rooms: Rooms) -> None:
    other = await create(rooms, scope=SecretScope(rooms.admin.organization_id, rooms.other_workspace.workspace_id))
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

"""The platform's own Python client works against haymow as it is: secrets.

Newer versions than 0.1.35 also list a workspace's secrets, by the workspace's name; that is asked for with the
client's own `request`.
"""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from deepset_mcp.api.client import AsyncDeepsetClient
from deepset_mcp.api.exceptions import ResourceNotFoundError, UnexpectedAPIError
from deepset_mcp.api.workspace.models import Workspace

from tests.contract.calls import (
    VALUE,
    create_model,
    create_workspace_secret,
    delete_secrets,
    secret_named,
    send,
    unique,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def secrets(client: AsyncDeepsetClient) -> AsyncIterator[list[str]]:
    """Names of seven secrets of the organization, oldest first."""
    names = [unique(f"LISTED_{number}") for number in range(7)]
    for name in names:
        await client.secrets().create(name=name, secret=VALUE)
    yield names
    await delete_secrets(client, names)


async def test_a_secret_is_created_listed_read_and_deleted(client: AsyncDeepsetClient) -> None:
    name = unique("CREATED")
    assert (await client.secrets().create(name=name, secret=VALUE)).success
    listed = await secret_named(client, name)
    assert await client.secrets().get(listed.secret_id) == listed
    assert (await client.secrets().delete(listed.secret_id)).success
    with pytest.raises(ResourceNotFoundError):
        await client.secrets().get(listed.secret_id)


async def test_no_answer_holds_the_value(client: AsyncDeepsetClient, secrets: list[str]) -> None:
    secret = await secret_named(client, secrets[0])
    listed = await client.request("v2/secrets?limit=100")
    read = await client.request(f"v2/secrets/{secret.secret_id}")
    assert secrets[0] in listed.text and secrets[0] in read.text
    assert VALUE not in listed.text + read.text


async def test_the_first_page_has_the_newest(client: AsyncDeepsetClient, secrets: list[str]) -> None:
    page = await client.secrets().list(limit=3)
    assert [secret.name for secret in page.data] == secrets[:3:-1]
    assert page.has_more
    assert page.total is not None and page.total >= len(secrets)
    assert page.next_cursor == page.data[-1].secret_id


async def test_a_cursor_gets_the_next_page(client: AsyncDeepsetClient, secrets: list[str]) -> None:
    first = await client.secrets().list(limit=3)
    second = await client.secrets().list(limit=3, after=first.next_cursor)
    assert [secret.name for secret in second.data] == secrets[3:0:-1]
    assert second.total == first.total


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
@pytest.mark.parametrize("field", ["created_at", "name"])
@pytest.mark.parametrize("order", ["DESC", "ASC"])
async def test_the_iterator_passes_every_secret_once(
    client: AsyncDeepsetClient, secrets: list[str], field: str, order: str, limit: int
) -> None:
    page = await client.secrets().list(limit=limit, field=field, order=order)
    # A cursor that does not move on would go round for ever.
    async with asyncio.timeout(20):
        passed = [secret async for secret in page]
    assert len({secret.secret_id for secret in passed}) == len(passed) == page.total
    assert [secret.name for secret in passed if secret.name in secrets] == secrets[:: 1 if order == "ASC" else -1]


async def test_the_last_page_says_so(client: AsyncDeepsetClient, secrets: list[str]) -> None:
    total = (await client.secrets().list(limit=1)).total
    assert total is not None and total <= 100, "the test's server has more secrets than one page"
    page = await client.secrets().list(limit=total)
    assert (len(page.data), page.has_more, page.next_cursor) == (total, False, None)


async def test_a_secret_that_does_not_exist_is_not_found(client: AsyncDeepsetClient) -> None:
    secret_id = str(uuid4())
    for attempt in (client.secrets().get(secret_id), client.secrets().delete(secret_id)):
        with pytest.raises(ResourceNotFoundError) as caught:
            await attempt
        assert caught.value.message and secret_id not in caught.value.message


async def test_a_second_secret_of_the_name_is_a_conflict(client: AsyncDeepsetClient, secrets: list[str]) -> None:
    with pytest.raises(UnexpectedAPIError) as caught:
        await client.secrets().create(name=secrets[0], secret=VALUE)
    assert caught.value.status_code == 409


async def test_a_secret_in_use_is_not_deleted(client: AsyncDeepsetClient, workspace: Workspace) -> None:
    name = unique("USED")
    await client.secrets().create(name=name, secret=VALUE)
    model = await create_model(client, workspace, key=name)
    secret = await secret_named(client, name)
    with pytest.raises(UnexpectedAPIError) as caught:
        await client.secrets().delete(secret.secret_id)
    assert caught.value.status_code == 409
    assert model in str(caught.value.message) + str(caught.value.detail)
    await delete_secrets(client, [name])


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "order=UP", "field=secret", "before=nothing"])
async def test_a_list_that_cannot_be_is_refused(client: AsyncDeepsetClient, query: str) -> None:
    with pytest.raises(UnexpectedAPIError) as caught:
        await send(client, "GET", f"v2/secrets?{query}")
    assert caught.value.status_code == 422
    assert [fault["pointer"] for fault in caught.value.detail or ()] == [f"#/query/{query.partition('=')[0]}"]


async def test_a_workspaces_secrets_are_listed_by_its_name_and_id(
    client: AsyncDeepsetClient, workspace: Workspace, secrets: list[str]
) -> None:
    name = await create_workspace_secret(client, workspace)
    for place in (workspace.name, workspace.workspace_id):
        listed = await send(client, "GET", f"v2/workspaces/{place}/secrets?limit=100&field=created_at&order=DESC")
        names = [secret["name"] for secret in listed["data"]]
        assert names[0] == name
        assert {*secrets} <= {*names}, "the organization's are available there too"
    with pytest.raises(ResourceNotFoundError):
        await send(client, "GET", f"v2/workspaces/{unique('nowhere')}/secrets?limit=10&field=created_at&order=DESC")
    assert name not in {secret.name async for secret in await client.secrets().list(limit=100)}

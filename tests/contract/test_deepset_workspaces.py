"""The platform's own Python client works against haymow as it is: workspaces."""

import pytest
from deepset_mcp.api.client import AsyncDeepsetClient
from deepset_mcp.api.exceptions import ResourceNotFoundError, UnexpectedAPIError
from deepset_mcp.api.workspace.models import Workspace

from tests.contract.calls import (
    create_model,
    unique,
)

pytestmark = pytest.mark.anyio


async def test_a_workspace_is_created_listed_read_and_deleted(client: AsyncDeepsetClient) -> None:
    name = unique("workspace")
    assert (await client.workspaces().create(name)).success
    read = await client.workspaces().get(name)
    assert (read.name, read.languages) == (name, {})
    assert read in await client.workspaces().list()
    assert (await client.workspaces().delete(name)).success
    assert name not in {workspace.name for workspace in await client.workspaces().list()}


async def test_the_first_workspace_is_named_default(client: AsyncDeepsetClient) -> None:
    assert (await client.workspaces().get("default")).name == "default"


async def test_a_name_with_spaces_and_umlauts_is_found(client: AsyncDeepsetClient) -> None:
    name = unique("Äußere Räume")
    await client.workspaces().create(name)
    assert (await client.workspaces().get(name)).name == name
    await client.workspaces().delete(name)


async def test_a_workspace_that_does_not_exist_is_not_found(client: AsyncDeepsetClient) -> None:
    name = unique("nowhere")
    for attempt in (client.workspaces().get(name), client.workspaces().delete(name)):
        with pytest.raises(ResourceNotFoundError) as caught:
            await attempt
        assert caught.value.status_code == 404
        assert caught.value.message and name not in caught.value.message


async def test_a_second_workspace_of_the_name_is_a_conflict(client: AsyncDeepsetClient, workspace: Workspace) -> None:
    with pytest.raises(UnexpectedAPIError) as caught:
        await client.workspaces().create(workspace.name)
    assert caught.value.status_code == 409


async def test_a_workspace_with_models_is_not_deleted(client: AsyncDeepsetClient, workspace: Workspace) -> None:
    await create_model(client, workspace)
    with pytest.raises(UnexpectedAPIError) as caught:
        await client.workspaces().delete(workspace.name)
    assert caught.value.status_code == 409
    assert await client.workspaces().get(workspace.name) == workspace


@pytest.mark.parametrize("name", ["", "a/b", "a?b", "a#b", "..", "0b9b1c36-5f0f-4b1e-8f3c-2f1d7f0a9e11"])
async def test_a_name_that_no_address_can_hold_is_refused(client: AsyncDeepsetClient, name: str) -> None:
    with pytest.raises(UnexpectedAPIError) as caught:
        await client.workspaces().create(name)
    assert caught.value.status_code == 422
    assert [fault["pointer"] for fault in caught.value.detail or ()] == ["#/name"]

"""The platform's own Python client works against haymow as it is: models."""

import asyncio
from uuid import uuid4

import pytest
from deepset_mcp.api.client import AsyncDeepsetClient
from deepset_mcp.api.exceptions import ResourceNotFoundError, UnexpectedAPIError
from deepset_mcp.api.model.models import ModelOrigin, ModelProvider
from deepset_mcp.api.workspace.models import Workspace

from tests.contract.calls import (
    ANTHROPIC,
    OLLAMA,
    create_model,
    create_workspace_secret,
    definition,
    own,
    send,
    unique,
)

pytestmark = pytest.mark.anyio


async def test_models_are_listed_with_their_definition(client: AsyncDeepsetClient, workspace: Workspace) -> None:
    document = definition(key=unique("NO_SUCH_KEY"))
    await send(client, "POST", f"v2/workspaces/{workspace.workspace_id}/models/custom", document)
    listed = await client.models(workspace.name).list()
    (model,) = [model for model in listed.data if model.name == document["name"]]
    assert (model.origin, model.provider, model.model) == (ModelOrigin.WORKSPACE, "openai", "gpt-5-mini")
    assert model.chat_generator_config == document["chat_generator_config"]
    assert model.generation_kwargs == document["generation_kwargs"]
    assert model.created_by == model.last_updated_by and model.created_by is not None
    assert model.created_at == model.updated_at and model.created_at is not None


async def test_models_are_filtered_by_connected(client: AsyncDeepsetClient, workspace: Workspace) -> None:
    key = await create_workspace_secret(client, workspace)
    connected = await create_model(client, workspace, key=key)
    missing = await create_model(client, workspace)
    needs_none = await create_model(client, workspace, model="llama3", type=OLLAMA, provider="ollama", key=None)
    models = client.models(workspace.name)
    assert own((await models.list(connected=True)).data) == {connected}
    assert own((await models.list(connected=False)).data) == {missing}
    assert own((await models.list()).data) == {connected, missing, needs_none}
    assert all(model.connected is True for model in (await models.list(connected=True)).data)


async def test_totals_count_what_the_filter_leaves(client: AsyncDeepsetClient, workspace: Workspace) -> None:
    before = await client.models(workspace.name).list(connected=False, limit=1)
    for _ in range(3):
        await create_model(client, workspace)
    page = await client.models(workspace.name).list(connected=False, limit=1)
    assert (page.total, page.has_more, len(page.data)) == (before.total + 3, True, 1)


async def test_models_are_filtered_by_provider(client: AsyncDeepsetClient, workspace: Workspace) -> None:
    openai = await create_model(client, workspace)
    anthropic = await create_model(client, workspace, model="claude-sonnet-4-5", type=ANTHROPIC, provider="anthropic")
    models = client.models(workspace.name)
    assert own((await models.list(provider=ModelProvider.OPENAI)).data) == {openai}
    assert own((await models.list(provider="Anthropic")).data) == {anthropic}
    assert own((await models.list(provider="nobody")).data) == set()


async def test_models_are_filtered_by_model(client: AsyncDeepsetClient, workspace: Workspace) -> None:
    small = await create_model(client, workspace, model="gpt-5-contract-mini")
    large = await create_model(client, workspace, model="gpt-5-contract")
    await create_model(client, workspace, model="o3")
    models = client.models(workspace.name)
    assert own((await models.list(model="GPT-5-Contract")).data) == {small, large}
    assert own((await models.list(model="contract-mini", provider="openai")).data) == {small}
    assert own((await models.list(model="contract", connected=False, limit=1, page_number=2)).data) < {small, large}


async def test_pages_have_every_model_once(client: AsyncDeepsetClient, workspace: Workspace) -> None:
    created = {await create_model(client, workspace) for _ in range(5)}
    models = client.models(workspace.name)
    total = (await models.list(limit=2)).total
    pages = [await models.list(limit=2, page_number=number) for number in range(1, (total + 1) // 2 + 1)]
    passed = [model.model_id for page in pages for model in page.data]
    assert len(set(passed)) == len(passed) == total
    assert created <= own([model for page in pages for model in page.data])
    assert [page.has_more for page in pages] == [True] * (len(pages) - 1) + [False]


async def test_past_the_last_page_is_nothing(client: AsyncDeepsetClient, workspace: Workspace) -> None:
    await create_model(client, workspace)
    page = await client.models(workspace.name).list(page_number=1000)
    assert (page.data, page.has_more) == ([], False)
    assert page.total >= 1


async def test_a_filter_of_the_client_reads_all_pages(client: AsyncDeepsetClient, workspace: Workspace) -> None:
    for _ in range(11):
        await asyncio.gather(*(create_model(client, workspace, model="gpt-5-many") for _ in range(10)))
    page = await client.models(workspace.name).list(model="gpt-5-many", limit=100, page_number=2)
    assert (page.total, len(page.data), page.has_more) == (110, 10, False)


@pytest.mark.parametrize(("limit", "page_number"), [(0, 1), (101, 1), (10, 0), (10, -1)])
async def test_a_page_that_cannot_be_is_refused(client: AsyncDeepsetClient, limit: int, page_number: int) -> None:
    with pytest.raises(UnexpectedAPIError) as caught:
        await client.models("default").list(limit=limit, page_number=page_number)
    assert caught.value.status_code == 422


async def test_models_of_a_workspace_that_does_not_exist_are_not_found(client: AsyncDeepsetClient) -> None:
    with pytest.raises(ResourceNotFoundError):
        await client.models(unique("nowhere")).list()
    with pytest.raises(ResourceNotFoundError):
        await send(client, "GET", f"v2/workspaces/{uuid4()}/models?limit=100&page_number=1")

"""The platform's own Python client meets its own exceptions."""

from typing import Any
from uuid import uuid4

import pytest
from deepset_mcp.api.client import AsyncDeepsetClient
from deepset_mcp.api.exceptions import BadRequestError, UnexpectedAPIError
from deepset_mcp.api.transport import raise_for_status
from deepset_mcp.api.workspace.models import Workspace

from tests.contract.calls import (
    create_model,
    definition,
    send,
)

pytestmark = pytest.mark.anyio


async def test_an_unknown_token_is_refused(server: Any) -> None:
    async with AsyncDeepsetClient(api_key="nobody", base_url=f"{server.url}/api") as stranger:
        for attempt in (
            stranger.workspaces().list(),
            stranger.secrets().list(),
            stranger.users().get(str(uuid4())),
            stranger.integrations().list(),
            stranger.models("default").list(),
        ):
            with pytest.raises(UnexpectedAPIError) as caught:
                await attempt
            assert caught.value.status_code == 401


async def test_a_broken_request_is_a_bad_request(client: AsyncDeepsetClient, workspace: Workspace) -> None:
    path = f"v2/workspaces/{workspace.workspace_id}/models"
    name = await create_model(client, workspace)
    (model_id,) = [model.model_id for model in (await client.models(workspace.name).list()).data if model.name == name]
    headers = {"If-Match": "no quotes"}
    response = await client.request(f"{path}/custom/{model_id}", method="PATCH", data={}, headers=headers)
    with pytest.raises(BadRequestError) as caught:
        raise_for_status(response)
    assert caught.value.message


async def test_every_fault_is_in_the_exceptions_detail(client: AsyncDeepsetClient, workspace: Workspace) -> None:
    document = {**definition(), "name": 5, "generation_kwargs": []}
    with pytest.raises(UnexpectedAPIError) as caught:
        await send(client, "POST", f"v2/workspaces/{workspace.workspace_id}/models/custom", document)
    assert caught.value.status_code == 422
    faults = caught.value.detail or []
    assert {fault["pointer"] for fault in faults} == {"#/name", "#/generation_kwargs"}
    assert all(fault.keys() == {"pointer", "code", "message"} for fault in faults)

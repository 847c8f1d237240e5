"""The platform's own Python client, connected to a running haymow."""

import tests.contract.bare_package  # noqa: F401

# isort: split
# The import above lets the client be imported below.
from collections.abc import AsyncIterator
from typing import Any

import pytest
from deepset_mcp.api.client import AsyncDeepsetClient
from deepset_mcp.api.workspace.models import Workspace

from tests.contract.calls import send, unique


@pytest.fixture
async def client(server: Any) -> AsyncIterator[AsyncDeepsetClient]:
    async with AsyncDeepsetClient(api_key=server.token, base_url=f"{server.url}/api") as client:
        yield client


@pytest.fixture
async def workspace(client: AsyncDeepsetClient) -> AsyncIterator[Workspace]:
    name = unique("workspace")
    await client.workspaces().create(name)
    yield await client.workspaces().get(name)
    await send(client, "DELETE", f"v1/workspaces/{name}?force=true")

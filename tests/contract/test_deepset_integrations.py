"""The platform's own Python client works against haymow as it is: integrations.

0.1.35 is its last version that reads them.
"""

from collections.abc import AsyncIterator

import pytest
from deepset_mcp.api.client import AsyncDeepsetClient
from deepset_mcp.api.exceptions import ResourceNotFoundError
from deepset_mcp.api.integrations.models import IntegrationProvider
from deepset_mcp.api.secrets.models import Secret

from tests.contract.calls import VALUE, delete_secrets, secret_named, send

pytestmark = pytest.mark.anyio


@pytest.fixture
async def cohere(client: AsyncDeepsetClient) -> AsyncIterator[Secret]:
    """The secret that makes the integration."""
    await delete_secrets(client, ["COHERE_API_KEY"])
    await client.secrets().create(name="COHERE_API_KEY", secret=VALUE)
    yield await secret_named(client, "COHERE_API_KEY")
    await delete_secrets(client, ["COHERE_API_KEY"])


async def test_an_integration_is_listed_and_read(client: AsyncDeepsetClient, cohere: Secret) -> None:
    read = await client.integrations().get(IntegrationProvider.COHERE)
    assert read.provider is IntegrationProvider.COHERE
    assert str(read.model_registry_token_id) == cohere.secret_id
    assert "cohere" in read.provider_domain
    assert read.invalid is False
    assert read in await client.integrations().list()


async def test_a_provider_the_client_does_not_know_does_not_break_its_list(
    client: AsyncDeepsetClient, cohere: Secret
) -> None:
    await delete_secrets(client, ["MISTRAL_API_KEY"])
    await client.secrets().create(name="MISTRAL_API_KEY", secret=VALUE)
    listed = {integration.provider for integration in await client.integrations().list()}
    assert IntegrationProvider.COHERE in listed
    assert (await send(client, "GET", "v1/model_registry_tokens/mistral"))["provider"] == "mistral"
    await delete_secrets(client, ["MISTRAL_API_KEY"])


async def test_an_integration_that_does_not_exist_is_not_found(client: AsyncDeepsetClient) -> None:
    with pytest.raises(ResourceNotFoundError):
        await client.integrations().get(IntegrationProvider.SEARCHAPI)
    assert IntegrationProvider.SEARCHAPI not in {found.provider for found in await client.integrations().list()}

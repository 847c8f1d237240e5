"""The platform's own Python client works against haymow as it is: users."""

from uuid import UUID, uuid4

import pytest
from deepset_mcp.api.client import AsyncDeepsetClient
from deepset_mcp.api.exceptions import ResourceNotFoundError, UnexpectedAPIError

from tests.contract.calls import send

pytestmark = pytest.mark.anyio


async def test_a_user_is_read(client: AsyncDeepsetClient) -> None:
    me = await send(client, "GET", "v1/me")
    user = await client.users().get(me["user_id"])
    assert (user.id, user.given_name, user.family_name, user.email) == (
        me["user_id"],
        me["given_name"],
        me["family_name"],
        me["email"],
    )


async def test_the_callers_organization_is_told(client: AsyncDeepsetClient) -> None:
    me = await send(client, "GET", "v1/me")
    assert isinstance(UUID(me["organization"]["organization_id"]), UUID)


async def test_a_user_that_does_not_exist_is_not_found(client: AsyncDeepsetClient) -> None:
    with pytest.raises(ResourceNotFoundError):
        await client.users().get(str(uuid4()))


async def test_a_malformed_id_is_refused(client: AsyncDeepsetClient) -> None:
    with pytest.raises(UnexpectedAPIError) as caught:
        await client.users().get("nobody")
    assert caught.value.status_code == 422

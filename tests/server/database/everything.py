"""A house on PostgreSQL that does a little of everything, so that each statement is asked once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import Connection

from haymow.egress import allowances
from haymow.server import archive, local, rotating
from haymow.server.access import remains_store
from haymow.server.app import House, open_house
from haymow.server.limits import store as limits
from haymow.server.receipts import store as receipts
from haymow.server.receipts.rules import Asked
from haymow.server.settings import Settings
from tests import databases
from tests.answers import Fails
from tests.conftest import definition
from tests.server.registry.shelf import openai_config
from tests.upstream import Upstream

_PASSPHRASE = "correct horse battery staple"
_OF_THE_PAGE = {"sec-fetch-site": "same-origin"}


async def everything(folder: Path) -> None:
    """Do it: requests, a house's own work, the operator's commands."""
    (folder / "house").mkdir(mode=0o700)
    settings = replace(
        databases.on_postgresql(folder / "house"),
        egress_allow=allowances("127.0.0.1:*"),
        requests_per_token=100_000,
        chats_per_token=100,
    )
    async with open_house(settings) as house:
        async with _asking(house) as ask:
            await _sign_in(house, ask)
            await _requests(ask)
        await _tend(house)
        await _take_away(house)
        await house.platform.put({local.MODEL_ID: local.change(settings)})
        await house.platform.put({})
    await rotating.prepare(settings)
    await rotating.rotate(settings, True, _quiet)
    assert "nothing was done" in await rotating.rotate(settings, True, _quiet)
    await rotating.forget(settings)
    await asyncio.to_thread(_back_up_and_restore, settings, folder)


class Ask:
    """Asks as the administrator; whatever is asked is answered well."""

    def __init__(self, client: httpx.AsyncClient, workspace: str) -> None:
        self._client = client
        self.prefix = f"/api/v2/workspaces/{workspace}"
        self.token = client.headers["Authorization"].removeprefix("Bearer ")

    async def __call__(
        self, method: str, path: str, body: Any = None, status: int = 0, headers: dict[str, str] | None = None
    ) -> Any:
        """The answer's body; `status` is expected where it is no success."""
        answer = await self._client.request(method, path, json=body, headers=headers)
        assert answer.status_code == status or answer.is_success, (method, path, answer.text)
        return answer.json() if answer.content else None


@asynccontextmanager
async def _asking(house: House) -> AsyncIterator[Ask]:
    token = await house.tokens.start("first start")
    headers = {"Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(house.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://haymow", headers=headers) as client:
        found = await client.get("/api/v1/workspaces/default")
        yield Ask(client, found.json()["workspace_id"])


async def _sign_in(house: House, ask: Ask) -> None:
    for by in ({"code": await house.sessions.link("start", "start", alone=True)}, {"token": ask.token}):
        await ask("POST", "/api/v2/session", by, headers=_OF_THE_PAGE)
        await ask("DELETE", "/api/v2/session", headers=_OF_THE_PAGE)


async def _requests(ask: Ask) -> None:
    with Upstream() as upstream:
        config = openai_config("OTHER", api_base_url=upstream.url)
        model = await ask("POST", f"{ask.prefix}/models/custom", definition("m"), headers={"idempotency-key": "k"})
        await ask("POST", f"{ask.prefix}/models/custom", definition("m"), headers={"idempotency-key": "k"})
        secret = await ask("POST", f"{ask.prefix}/secrets", {"name": "OTHER", "secret": "v"})
        await ask("PATCH", f"{ask.prefix}/models/custom/{model['model_id']}", {"chat_generator_config": config})
        await _chats(ask, model["model_id"], upstream)
    person = {"given_name": "A", "family_name": "B", "email": "a@example.com", "role": "user"}
    member = await ask("POST", "/api/v2/members", person)
    await ask("PUT", f"{ask.prefix}/members", {"user_id": member["user_id"], "role": "editor"})
    token = await ask("POST", "/api/v2/tokens", {"name": "t", "user_id": member["user_id"]})
    await _reads(ask, model["model_id"], secret["secret_id"])
    await _changes(ask, model["model_id"], secret["secret_id"])
    await ask("DELETE", f"/api/v2/tokens/{token['token_id']}")
    await ask("DELETE", f"{ask.prefix}/members/{member['user_id']}")
    await ask("DELETE", f"/api/v2/members/{member['user_id']}")
    await ask("DELETE", "/api/v1/workspaces/default", status=409)
    await ask("DELETE", "/api/v1/workspaces/default?force=true")


async def _chats(ask: Ask, model: str, upstream: Upstream) -> None:
    """One is answered, one is kept by its key, one fails and gives its claim up; then the connection is tested."""
    chat, body = (
        f"{ask.prefix}/openai/v1/chat/completions",
        {"model": "m", "messages": [{"role": "user", "content": "?"}]},
    )
    await ask("POST", chat, body)
    await ask("POST", chat, body, headers={"idempotency-key": "kept"})
    upstream.script(Fails(500))
    await ask("POST", chat, body, 502, headers={"idempotency-key": "failed"})
    await ask("POST", f"{ask.prefix}/models/{model}/test")
    await ask("POST", f"{ask.prefix}/models/{model}/test")


async def _reads(ask: Ask, model: str, secret: str) -> None:
    one, mine = f"{ask.prefix}/models/{model}", f"{ask.prefix}/secrets/{secret}"
    for path in (
        one, f"{one}/revisions", f"{ask.prefix}/models?connected=true&name=m&provider=openai&include_shadowed=true",
        f"{ask.prefix}/models?q=n&sort=-updated_at&limit=1", f"{ask.prefix}/model_states?model_id={model}",
        f"{ask.prefix}/secrets?limit=1", f"{ask.prefix}/secrets?after={secret}", mine, f"{mine}/uses",
        f"{ask.prefix}/audit?action=model&since=2020-01-01T00:00:00Z", "/api/v2/audit?before=5",
        f"{ask.prefix}/members", "/api/v2/members", "/api/v2/tokens", "/api/v1/workspaces",
        "/api/v2/members?limit=1", "/api/v2/tokens?limit=1&after=2026112805530312345600000000000000000000000000000001",
        f"{ask.prefix}/openai/v1/models",
    ):  # fmt: skip
        await ask("GET", path)


async def _changes(ask: Ask, model: str, secret: str) -> None:
    mine = f"{ask.prefix}/secrets/{secret}"
    await ask("PUT", mine, {"secret": "w", "hosts": ["api.openai.com"]})
    await ask("PATCH", f"{ask.prefix}/models/custom/{model}", {"name": "n"})
    await ask("DELETE", f"{ask.prefix}/models/custom/{model}")
    await ask("POST", f"{ask.prefix}/models/{model}/revisions/1/restore")
    await ask("DELETE", f"{mine}?force=true")


async def _tend(house: House) -> None:
    """What is done once in a while, and by the hour."""
    operator = await house.tokens.operator("command line")
    asked = Asked(operator.organization_id, UUID(int=1), None, b"n", b"d")

    def tend(connection: Connection) -> None:
        later = limits.now(connection) + timedelta(days=9)
        receipts.renew(connection, [asked], UUID(int=2), later)
        receipts.erase_older(connection, later, 100)
        limits.has_older(connection, later)
        limits.erase_older(connection, later, 100)

    await house.database.write(tend)


async def _take_away(house: House) -> None:
    """What a removed member may have left, and that there is nothing."""
    at = house.access.now()
    await house.database.write(lambda connection: remains_store.leave_member(connection, UUID(int=1), at, 0))
    await house.access.remains_of_members.go_on()


def _back_up_and_restore(settings: Settings, folder: Path) -> None:
    target = replace(databases.on_postgresql(folder / "restored"), master_key_file=settings.key_file)
    archive.run_backup(settings, folder / "b", True, _PASSPHRASE, _quiet)
    archive.run_restore(target, folder / "b", _PASSPHRASE, _quiet)


def _quiet(_: str) -> None:
    """Says nothing."""

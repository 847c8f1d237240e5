"""A definition that was fine when it was saved, and that today's checks refuse: whoever may change it may mend it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, update

from haymow.server.registry.tables import models_table
from tests.conftest import definition
from tests.server.registry.inside import opened
from tests.server.registry.shelf import openai_config

OUTDATED: list[dict[str, Any]] = [
    openai_config("OPENAI_API_KEY", taken_out_meanwhile=True),
    openai_config("OPENAI_API_KEY", timeout="of another type"),
    {"type": "haystack.components.generators.chat.gone.GoneChatGenerator", "init_parameters": {"a": 1}},
    {"type": "haystack.components.generators.chat.mock.MockChatGenerator", "init_parameters": {"responses": 3}},
]


@pytest.mark.parametrize("stored", OUTDATED)
@pytest.mark.parametrize("role", ["editor", "admin"])
def test_it_is_mended_by_a_new_definition(tmp_path: Path, stored: dict[str, Any], role: str) -> None:
    async def story() -> None:
        async with opened(tmp_path) as (house, client, prefix):
            model = (await client.post(f"{prefix}/models/custom", json=definition())).json()

            def outdate(connection: Connection) -> None:
                mine = models_table.c.model_id == UUID(model["model_id"])
                values = {"chat_generator_config": json.dumps(stored)}
                connection.execute(update(models_table).where(mine).values(values)).close()

            await house.database.write(outdate)
            token = (await client.post("/api/v2/tokens", json={"name": "t", "role": role})).json()["token"]
            headers, url = {"authorization": f"Bearer {token}"}, f"{prefix}/models/custom/{model['model_id']}"
            read = await client.get(url.replace("/custom", ""), headers=headers)
            assert read.json()["chat_generator_config"] == stored, "what is stored is shown as it is"
            body = {"chat_generator_config": definition()["chat_generator_config"]}
            mended = await client.patch(url, json=body, headers=headers)
            assert mended.status_code == 200, mended.text
            assert mended.json()["chat_generator_config"] == model["chat_generator_config"]

    asyncio.run(asyncio.wait_for(story(), 60))


def test_an_administrators_setting_stays_theirs_in_it(tmp_path: Path) -> None:
    """Mending is no way around: a setting of an administrator's is not put in with it by an editor."""

    async def story() -> None:
        async with opened(tmp_path) as (_, client, prefix):
            model = (await client.post(f"{prefix}/models/custom", json=definition())).json()
            made = await client.post("/api/v2/tokens", json={"name": "t", "role": "editor"})
            headers = {"authorization": f"Bearer {made.json()['token']}"}
            config = openai_config("OPENAI_API_KEY", http_client_kwargs={"verify": False})
            url = f"{prefix}/models/custom/{model['model_id']}"
            refused = await client.patch(url, json={"chat_generator_config": config}, headers=headers)
            assert refused.status_code == 422, refused.text

    asyncio.run(asyncio.wait_for(story(), 60))

"""Chats with a model as it was: `name@3` is revision 3, today and after it changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection

from tests.conftest import definition
from tests.server.access.people import unique
from tests.server.registry.inside import opened
from tests.server.registry.shelf import UNKNOWN, Shelf

CLOSED = {"type": "object", "additionalProperties": False}


@pytest.fixture
def model(shelf: Shelf) -> dict[str, Any]:
    """A model that lets callers set anything in revision 1, and nothing in revision 2."""
    config = {"type": "MockChatGenerator", "init_parameters": {}}
    made = shelf.made({"name": unique("pinned"), "provider": "mock", "chat_generator_config": config})
    changed = shelf.client.patch(f"{shelf.prefix}/models/custom/{made['model_id']}", json={"generation_kwargs": CLOSED})
    assert changed.status_code == 200, changed.text
    return made


def asked(shelf: Shelf, name: str, **parameters: Any) -> httpx.Response:
    body = {"model": name, "messages": [{"role": "user", "content": "hi"}], **parameters}
    return shelf.client.post(f"{shelf.prefix}/openai/v1/chat/completions", json=body)


@pytest.mark.parametrize("name", ["{name}@1", "{model_id}@1"])
def test_an_older_revision_answers_by_its_own_definition(shelf: Shelf, model: dict[str, Any], name: str) -> None:
    assert asked(shelf, model["name"], temperature=1).status_code == 400, "the newest allows nothing"
    answer = asked(shelf, name.format_map(model), temperature=1)
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["message"]["content"]


def test_the_newest_revision_may_be_named_too(shelf: Shelf, model: dict[str, Any]) -> None:
    assert asked(shelf, f"{model['name']}@2").status_code == 200
    assert asked(shelf, f"{model['name']}@2", temperature=1).status_code == 400


@pytest.mark.parametrize("name", ["{name}@3", "{name}@0", "{name}@01", "{name}@", "{name}@1@1", UNKNOWN + "@1", "@1"])
def test_what_was_never_saved_is_not_found(shelf: Shelf, model: dict[str, Any], name: str) -> None:
    answer = asked(shelf, name.format_map(model))
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")


def test_a_deleted_models_revisions_do_not_answer(shelf: Shelf, model: dict[str, Any]) -> None:
    assert shelf.client.delete(f"{shelf.prefix}/models/custom/{model['model_id']}").status_code == 204
    assert asked(shelf, f"{model['name']}@1").status_code == 404


def test_another_workspace_does_not_see_it(shelf: Shelf, model: dict[str, Any], admin: httpx.Client) -> None:
    name = unique("other")
    other = admin.post("/api/v1/workspaces", json={"name": name}).json()["workspace_id"]
    assert asked(Shelf(admin, f"/api/v2/workspaces/{other}"), f"{model['model_id']}@1").status_code == 404


def done_past_haymow(statement: str) -> Callable[[Connection], None]:
    return lambda connection: connection.exec_driver_sql(statement).close()


@pytest.mark.parametrize(
    ("name", "said"), [("m@1", "does not run this revision any more"), ("m", "Save the model again to hear why")]
)
def test_what_would_not_be_saved_any_more_says_so(tmp_path: Path, name: str, said: str) -> None:
    """An upgrade may know a generator no more that a model or an older revision names."""

    async def test() -> httpx.Response:
        async with opened(tmp_path / "data") as (house, client, prefix):
            made = (await client.post(f"{prefix}/models/custom", json=definition("m"))).json()
            await client.patch(f"{prefix}/models/custom/{made['model_id']}", json={"provider": "azure"})
            for table in ("models", "revisions"):
                gone = f"""UPDATE {table} SET chat_generator_config = '{{"type": "gone.G", "init_parameters": {{}}}}'"""
                await house.database.write(done_past_haymow(gone))
            body = {"model": name, "messages": [{"role": "user", "content": "hi"}]}
            return await client.post(f"{prefix}/openai/v1/chat/completions", json=body)

    answer = asyncio.run(test())
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "incompatible")
    assert said in answer.json()["error"]["message"]

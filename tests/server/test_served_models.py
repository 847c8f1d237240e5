"""The models that a token may chat with, as OpenAI's API lists them: by the whole application."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from haymow.server.app import House
from haymow.server.serving import service
from tests.conftest import definition
from tests.server.registry.inside import opened, statements

Act = Callable[[House, httpx.AsyncClient, str], Awaitable[None]]


def inside(data: Path, act: Act) -> None:
    async def run() -> None:
        async with opened(data) as (house, client, prefix):
            await act(house, client, prefix)

    asyncio.run(run())


async def create(client: httpx.AsyncClient, path: str, *names: str) -> list[dict[str, Any]]:
    made = [await client.post(f"{path}/models/custom", json=definition(name)) for name in names]
    assert all(answer.status_code == 201 for answer in made), made[-1].text
    return [answer.json() for answer in made]


async def listed(client: httpx.AsyncClient, prefix: str, **query: Any) -> list[str]:
    answer = await client.get(f"{prefix}/openai/v1/models", params=query)
    assert answer.status_code == 200, answer.text
    return [model["id"] for model in answer.json()["data"]]


def test_a_workspace_sees_its_own_and_the_organizations_and_each_name_once(tmp_path: Path) -> None:
    async def act(_: House, client: httpx.AsyncClient, prefix: str) -> None:
        await create(client, "/api/v2", "shared", "both")
        await create(client, prefix, "own", "both")
        assert await listed(client, prefix) == ["both", "own", "shared"]

    inside(tmp_path / "data", act)


def test_the_list_is_kept_and_never_older_than_a_change(tmp_path: Path) -> None:
    async def act(house: House, client: httpx.AsyncClient, prefix: str) -> None:
        [model] = await create(client, prefix, "a")
        assert await listed(client, prefix) == ["a"]
        with statements(house.database) as said:
            assert await listed(client, prefix) == ["a"]
        assert not any("models" in statement for statement in said)
        await create(client, prefix, "b")
        assert await listed(client, prefix) == ["a", "b"]
        await create(client, "/api/v2", "c")
        assert await listed(client, prefix) == ["a", "b", "c"]
        await client.delete(f"{prefix}/models/custom/{model['model_id']}")
        assert await listed(client, prefix) == ["b", "c"]

    inside(tmp_path / "data", act)


def test_what_is_kept_is_not_shown_to_who_may_not_see_it(tmp_path: Path) -> None:
    async def act(_: House, client: httpx.AsyncClient, prefix: str) -> None:
        await create(client, prefix, "a")
        assert await listed(client, prefix) == ["a"]
        other = (await client.post("/api/v1/workspaces", json={"name": "other"})).json()["workspace_id"]
        token = await client.post("/api/v2/tokens", json={"name": "t", "role": "user", "workspace_id": other})
        headers = {"authorization": f"Bearer {token.json()['token']}"}
        answer = await client.get(f"{prefix}/openai/v1/models", headers=headers)
        assert answer.status_code == 404 and answer.json()["error"]["type"] == "invalid_request_error"

    inside(tmp_path / "data", act)


def test_a_long_list_comes_in_parts(tmp_path: Path) -> None:
    async def act(_: House, client: httpx.AsyncClient, prefix: str) -> None:
        await create(client, prefix, *"edcba")
        first = (await client.get(f"{prefix}/openai/v1/models", params={"limit": 3})).json()
        assert ([model["id"] for model in first["data"]], first["has_more"]) == (["a", "b", "c"], True)
        last = (await client.get(f"{prefix}/openai/v1/models", params={"after": "C", "limit": 3})).json()
        assert ([model["id"] for model in last["data"]], last["has_more"]) == (["d", "e"], False)
        assert await listed(client, prefix, limit=2) == ["a", "b"]
        refused = await client.get(f"{prefix}/openai/v1/models", params={"limit": 0})
        assert refused.status_code == 400 and refused.json()["error"]["param"] == "query.limit"

    inside(tmp_path / "data", act)


@pytest.mark.parametrize("number", [2, 3, 4, 5])
def test_a_list_is_whole_however_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """OpenAI's SDKs ask for no further parts: what is not in the first answer is not there."""
    monkeypatch.setattr(service, "MODELS_AT_ONCE", 2)
    names = list("abcde"[:number])

    async def act(_: House, client: httpx.AsyncClient, prefix: str) -> None:
        await create(client, prefix, *names)
        answer = (await client.get(f"{prefix}/openai/v1/models")).json()
        assert ([model["id"] for model in answer["data"]], answer["has_more"]) == (names, False)
        assert await listed(client, prefix, limit=3, after="a") == names[1:4]

    inside(tmp_path / "data", act)


@pytest.mark.parametrize(
    "name", ["plain", "meta-llama/Llama-3.1-8B", "a//b", "a\\b", "Zürich 100%", "?q=1&#x", "東京", "a%2Fb"]
)
def test_a_model_is_found_by_its_name_whatever_is_in_it(tmp_path: Path, name: str) -> None:
    async def act(_: House, client: httpx.AsyncClient, prefix: str) -> None:
        [model] = await create(client, prefix, name)
        for called in (name, model["model_id"], f"{name}@1"):
            answer = await client.get(f"{prefix}/openai/v1/models/{quote(called, safe='')}")
            assert answer.status_code == 200, (called, answer.text)
            assert (answer.json()["object"], answer.json()["owned_by"]) == ("model", "openai")
            assert answer.json()["id"] == name

    inside(tmp_path / "data", act)


def test_an_unknown_model_is_404_in_openais_shape(tmp_path: Path) -> None:
    async def act(_: House, client: httpx.AsyncClient, prefix: str) -> None:
        answer = await client.get(f"{prefix}/openai/v1/models/nobody")
        assert answer.status_code == 404
        assert (answer.json()["error"]["code"], answer.json()["error"]["param"]) == ("model_not_found", "model")
        assert "GET .../openai/v1/models" in answer.json()["error"]["message"]

    inside(tmp_path / "data", act)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/openai/v1/embeddings", 404),
        ("/openai/v1", 404),
        ("/openai/v1/models/a%2Fb/c", 404),
        ("/openai/v1/chat%2Fcompletions", 404),
        ("/openai/v1/models/%2e%2e", 404),
        ("/openai/v1/models/..%2F..%2Fmodels", 404),
        ("/openai/v1/models/a%2F..%5Cb", 404),
        ("/openai/v1/models/a;b", 404),
        (f"/openai/v1/models/{'x' * 9000}", 414),
    ],
)
def test_what_the_gate_refuses_is_told_in_openais_shape(tmp_path: Path, path: str, status: int) -> None:
    async def act(_: House, client: httpx.AsyncClient, prefix: str) -> None:
        answer = await client.get(httpx.URL("http://haymow", raw_path=(prefix + path).encode()))
        assert answer.status_code == status, answer.text
        assert answer.json()["error"]["type"] == "invalid_request_error" and "detail" not in answer.json()
        assert answer.json()["error"]["code"] != "model_not_found"  # no model was looked for

    inside(tmp_path / "data", act)


def test_elsewhere_a_written_slash_is_refused_as_before(tmp_path: Path) -> None:
    async def act(_: House, client: httpx.AsyncClient, prefix: str) -> None:
        answer = await client.get(httpx.URL("http://haymow", raw_path=f"{prefix}%2Fmodels".encode()))
        assert answer.status_code == 404 and answer.json()["code"] == "not_found"

    inside(tmp_path / "data", act)


def test_a_long_list_is_packed_for_who_can_read_that(tmp_path: Path) -> None:
    async def act(_: House, client: httpx.AsyncClient, prefix: str) -> None:
        await create(client, prefix, *(f"model {number:03}" for number in range(120)))
        packed = await client.get(f"{prefix}/openai/v1/models", headers={"accept-encoding": "gzip"})
        plain = await client.get(f"{prefix}/openai/v1/models", headers={"accept-encoding": "identity"})
        assert (packed.headers["content-encoding"], packed.headers["vary"]) == ("gzip", "accept-encoding")
        assert "content-encoding" not in plain.headers
        assert packed.json() == plain.json() and len(plain.json()["data"]) == 120
        assert int(packed.headers["content-length"]) * 5 < int(plain.headers["content-length"])

    inside(tmp_path / "data", act)


def mock(name: str, answer: str) -> dict[str, Any]:
    type_ = "haystack.components.generators.chat.mock.MockChatGenerator"
    config = {"type": type_, "init_parameters": {"responses": [{"role": "assistant", "content": [{"text": answer}]}]}}
    return {"name": name, "provider": "mock", "chat_generator_config": config, "generation_kwargs": {}}


async def said(client: httpx.AsyncClient, prefix: str, model: str) -> str:
    body = {"model": model, "messages": [{"role": "user", "content": "Hello?"}]}
    answer = await client.post(f"{prefix}/openai/v1/chat/completions", json=body)
    if answer.status_code == 404:
        return "nobody"
    return str(answer.json()["choices"][0]["message"]["content"])


def test_what_a_name_means_is_kept_and_never_older_than_a_change(tmp_path: Path) -> None:
    async def act(house: House, client: httpx.AsyncClient, prefix: str) -> None:
        assert await said(client, prefix, "m") == "nobody"
        theirs = (await client.post("/api/v2/models/custom", json=mock("m", "the organization's"))).json()
        assert await said(client, prefix, "m") == "the organization's"
        with statements(house.database) as asked:
            assert await said(client, prefix, "m") == "the organization's"
        assert not any("models" in statement for statement in asked)
        ours = (await client.post(f"{prefix}/models/custom", json=mock("m", "the workspace's"))).json()
        assert await said(client, prefix, "m") == "the workspace's"
        change = {"chat_generator_config": mock("m", "changed")["chat_generator_config"]}
        await client.patch(f"{prefix}/models/custom/{ours['model_id']}", json=change)
        assert (await said(client, prefix, "m"), await said(client, prefix, "m@1")) == ("changed", "the workspace's")
        await client.patch(f"{prefix}/models/custom/{ours['model_id']}", json={"name": "n"})
        assert (await said(client, prefix, "m"), await said(client, prefix, "n")) == ("the organization's", "changed")
        await client.delete(f"/api/v2/models/custom/{theirs['model_id']}")
        assert await said(client, prefix, "m") == "nobody"

    inside(tmp_path / "data", act)

"""The main job, with the real parts: a model is registered, updated, and answers; the openai SDK works unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from tests.conftest import client_of
from tests.ports import free_port
from tests.running import RunningServer, running

LOCAL = "SmolLM2-135M-Instruct"
QUESTION: list[Any] = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "What is the capital of France?"},
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    # As `make run` starts it: nothing is allowed but what comes with the local model.
    more = {"HAYMOW_LOCAL_MODEL_PORT": str(free_port()), "HAYMOW_EGRESS_ALLOW": ""}
    with running(tmp_path_factory.mktemp("data"), "--local-model", more=more) as started:
        yield started


@pytest.fixture
def client(house: RunningServer) -> Iterator[httpx.Client]:
    with client_of(house.url, house.token) as client:
        yield client


@pytest.fixture
def workspace_id(client: httpx.Client) -> str:
    return str(client.get("/api/v1/workspaces/default").json()["workspace_id"])


@pytest.fixture
def sdk(house: RunningServer, workspace_id: str) -> openai.OpenAI:
    base_url = f"{house.url}/api/v2/workspaces/{workspace_id}/openai/v1"
    return openai.OpenAI(api_key=house.token, base_url=base_url, max_retries=0, timeout=100)


def answer(sdk: openai.OpenAI, model: str, **parameters: Any) -> str:
    reply = sdk.chat.completions.create(model=model, messages=QUESTION, temperature=0, **parameters)
    return reply.choices[0].message.content or ""


def test_the_local_model_is_a_model_of_the_platform_and_answers(
    client: httpx.Client, sdk: openai.OpenAI, workspace_id: str
) -> None:
    listed = client.get(f"/api/v2/workspaces/{workspace_id}/models", params={"origin": "PLATFORM"}).json()["data"]
    assert [(model["name"], model["connected"]) for model in listed] == [(LOCAL, True)]
    assert LOCAL in [model.id for model in sdk.models.list()]
    assert "Paris" in answer(sdk, LOCAL, max_tokens=20)


def test_its_key_is_a_secret_of_the_organization_that_goes_nowhere_else(
    client: httpx.Client, house: RunningServer, workspace_id: str
) -> None:
    secrets = client.get("/api/v2/secrets").json()["data"]
    hosts = {secret["name"]: secret["hosts"] for secret in secrets}["LOCAL_MODEL_API_KEY"]
    assert len(hosts) == 1
    assert hosts[0].startswith("127.0.0.1:")
    stolen = client.post(
        f"/api/v2/workspaces/{workspace_id}/models/custom",
        json=_definition(client, workspace_id, "thief", {"api_base_url": "https://evil.example/v1"}),
    )
    assert stolen.status_code == 422
    assert [fault["code"] for fault in stolen.json()["details"]] == ["secret_host_mismatch"]


def test_a_workspace_model_answers_and_by_its_new_definition_right_after_an_update(
    client: httpx.Client, sdk: openai.OpenAI, workspace_id: str
) -> None:
    path = f"/api/v2/workspaces/{workspace_id}/models/custom"
    made = client.post(path, json=_definition(client, workspace_id, "ours", {"generation_kwargs": {"max_tokens": 2}}))
    assert made.status_code == 201, made.text
    assert made.json()["connected"] is True
    short = answer(sdk, "ours")
    config = made.json()["chat_generator_config"]
    config["init_parameters"]["generation_kwargs"] = {"max_tokens": 20}
    changed = client.patch(f"{path}/{made.json()['model_id']}", json={"chat_generator_config": config})
    assert changed.status_code == 200, changed.text
    longer = answer(sdk, "ours")
    assert longer.startswith(short)
    assert "Paris" in longer
    assert "Paris" not in short


def test_a_stream_comes_in_chunks_that_make_the_same_answer(sdk: openai.OpenAI) -> None:
    stream = sdk.chat.completions.create(model=LOCAL, messages=QUESTION, temperature=0, max_tokens=20, stream=True)
    parts = [chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices]
    assert len([part for part in parts if part]) > 3
    assert "".join(parts) == answer(sdk, LOCAL, max_tokens=20)


def test_what_its_generation_kwargs_do_not_allow_is_refused(sdk: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        sdk.chat.completions.create(model=LOCAL, messages=QUESTION, temperature=9)
    assert refused.value.param == "temperature"


def test_an_unknown_model_is_not_found(sdk: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        sdk.chat.completions.create(model="no such model", messages=QUESTION)
    assert missing.value.code == "model_not_found"


def _definition(client: httpx.Client, workspace_id: str, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """The local model's definition under another name, with other parameters."""
    listed = client.get(f"/api/v2/workspaces/{workspace_id}/models", params={"name": LOCAL}).json()["data"]
    config = listed[0]["chat_generator_config"]
    config["init_parameters"].update(parameters)
    return {"name": name, "provider": "local", "chat_generator_config": config, "generation_kwargs": {}}

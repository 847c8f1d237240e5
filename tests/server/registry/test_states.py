"""What the states of models say: what they lack, what they hide, and to whom, in the order asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from haymow.server.app import House
from haymow.server.registry.proposals import Change
from tests.conftest import definition
from tests.server.access.people import new_workspace, unique
from tests.server.registry.inside import opened, statements
from tests.server.registry.shelf import UNKNOWN, Shelf, faults, openai_config, secret_name

MOCK = {"type": "MockChatGenerator", "init_parameters": {}}
# Not among what `make setup` installs, and callable once it is.
ABSENT = {
    "type": "LlamaStackChatGenerator",
    "init_parameters": {"model": "m", "api_base_url": "https://stack.example/v1"},
}
PLATFORMS = UUID(int=501)

Story = Callable[[House, httpx.AsyncClient, str], Awaitable[None]]


def asked(shelf: Shelf, *model_ids: str) -> list[dict[str, Any]]:
    answer = shelf.client.get(f"{shelf.prefix}/model_states", params={"model_id": list(model_ids)})
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"data"}
    return list(answer.json()["data"])


def state_of(shelf: Shelf, model: dict[str, Any]) -> dict[str, Any]:
    (state,) = asked(shelf, model["model_id"])
    return state


def of(config: Any, name: str = "") -> dict[str, Any]:
    return definition(name or unique("m"), chat_generator_config=config)


class TestWhich:
    def test_they_come_in_the_order_asked_for_each_once(self, shelf: Shelf) -> None:
        ids = [shelf.made(definition(f"m{number}"))["model_id"] for number in range(3)]
        wanted = [ids[2], ids[0].upper(), ids[1], ids[2]]
        assert [state["model_id"] for state in asked(shelf, *wanted)] == [ids[2], ids[0], ids[1]]

    def test_what_is_not_seen_from_here_is_left_out(self, shelf: Shelf, organization: Shelf) -> None:
        foreign = Shelf(shelf.client, f"/api/v2/workspaces/{new_workspace(shelf.client)[1]}").made(definition("m"))
        deleted, mine, shared = shelf.made(definition("d")), shelf.made(definition("m")), organization.made(of(MOCK))
        shelf.delete(deleted["model_id"])
        every = [one["model_id"] for one in (foreign, deleted, mine, shared)] + [UNKNOWN]
        assert [one["model_id"] for one in asked(shelf, *every)] == [mine["model_id"], shared["model_id"]]
        assert [one["model_id"] for one in asked(organization, *every)] == [shared["model_id"]]

    @pytest.mark.parametrize(
        ("given", "wrong"),
        [
            ([], {"#/query/model_id": "required"}),
            ([""], {"#/query/model_id/0": "type"}),
            ([UNKNOWN, "x", UNKNOWN, "\0"], {"#/query/model_id": "null_character"}),
            ([UNKNOWN, "x", UNKNOWN.replace("-", "")], {"#/query/model_id/1": "type", "#/query/model_id/2": "type"}),
            ([UNKNOWN] * 101, {"#/query/model_id": "too_long"}),
        ],
    )
    def test_a_query_that_makes_no_sense_is_422(self, either: Shelf, given: list[str], wrong: dict[str, str]) -> None:
        refused = either.client.get(f"{either.prefix}/model_states", params={"model_id": given})
        assert (refused.status_code, faults(refused)) == (422, wrong)

    def test_a_hundred_may_be_asked_for(self, shelf: Shelf) -> None:
        last = shelf.made(definition("last"))["model_id"]
        assert [one["model_id"] for one in asked(shelf, *[UNKNOWN] * 99, last)] == [last]


class TestWhatIsMissing:
    def test_a_secret_that_is_not_there(self, either: Shelf) -> None:
        secret = secret_name()
        state = state_of(either, either.made(of(openai_config(secret))))
        assert (state["connected"], state["reason"], state["missing_secrets"]) == (False, "missing_secret", [secret])
        assert f"needs the secret {secret}." in state["detail"]
        assert (state["tested_at"], state["latency_ms"]) == (None, None)

    def test_a_secret_that_may_not_be_sent_there(self, shelf: Shelf) -> None:
        model = shelf.made(of(openai_config("ELSEWHERE_KEY", api_base_url="https://elsewhere.example/v1")))
        shelf.enter("ELSEWHERE_KEY", hosts=["api.openai.com"])
        state = state_of(shelf, model)
        assert (state["reason"], state["missing_secrets"]) == ("missing_secret", ["ELSEWHERE_KEY"])

    def test_of_secrets_that_stand_for_each_other_all_are_named(self, shelf: Shelf) -> None:
        azure = {"azure_endpoint": "https://mine.openai.azure.com", "azure_deployment": "d"}
        state = state_of(shelf, shelf.made(of({"type": "AzureOpenAIChatGenerator", "init_parameters": azure})))
        assert state["missing_secrets"] == ["AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN"]
        assert "AZURE_OPENAI_API_KEY or AZURE_OPENAI_AD_TOKEN" in state["detail"]

    def test_every_one_of_several(self, shelf: Shelf) -> None:
        bedrock = {"model": "m", "aws_region_name": "eu-west-1"}
        state = state_of(shelf, shelf.made(of({"type": "AmazonBedrockChatGenerator", "init_parameters": bedrock})))
        assert state["missing_secrets"] == ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
        assert "the secrets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Enter them" in state["detail"]

    def test_the_generators_package(self, shelf: Shelf) -> None:
        info = shelf.client.get(f"/api/v2/generators/{ABSENT['type']}").json()
        assert info["installed"] is False
        state = state_of(shelf, shelf.made(of(ABSENT)))
        assert state["reason"] == "not_installed"
        assert "install haymow[llama-stack], then start haymow again" in state["detail"]

    def test_a_generator_that_is_never_called(self, shelf: Shelf) -> None:
        served = {"api_type": "text_generation_inference", "api_params": {"url": "https://tgi.example"}}
        state = state_of(shelf, shelf.made(of({"type": "HuggingFaceAPIChatGenerator", "init_parameters": served})))
        assert state["reason"] == "incompatible"
        assert "HAYMOW_UNPOLICED_GENERATORS" in state["detail"]

    def test_a_test(self, shelf: Shelf) -> None:
        shelf.enter("OPENAI_API_KEY")
        with_secret, without = state_of(shelf, shelf.made(definition())), state_of(shelf, shelf.made(of(MOCK)))
        assert [one["reason"] for one in (with_secret, without)] == ["untested", "untested"]
        assert [one["connected"] for one in (with_secret, without)] == [True, None]
        assert with_secret["missing_secrets"] == without["missing_secrets"] == []
        assert "Test" in with_secret["detail"]

    def test_connected_is_what_the_model_says(self, shelf: Shelf) -> None:
        shelf.enter("OPENAI_API_KEY")
        made = [shelf.made(of(config)) for config in (MOCK, openai_config(), openai_config("NOWHERE"), ABSENT)]
        expected = [shelf.read(model["model_id"]).json()["connected"] for model in made]
        assert [state["connected"] for state in asked(shelf, *(one["model_id"] for one in made))] == expected
        assert set(expected) == {None, True, False}


class TestNames:
    """The nearest of models of one name hides the others, whatever the case of their names."""

    def test_the_nearest_hides_the_others(self, tmp_path: Path) -> None:
        async def story(house: House, client: httpx.AsyncClient, prefix: str) -> None:
            mine, shared = await created(client, prefix, "Same"), await created(client, "/api/v2", "SAME")
            other = await created(client, prefix, "other")
            models = {"mine": mine, "shared": shared, "shipped": str(PLATFORMS), "other": other}
            assert await names_in(client, prefix, models) == {
                "mine": (None, [(shared, "ORGANIZATION"), (str(PLATFORMS), "PLATFORM")]),
                "shared": ((mine, "WORKSPACE"), []),
                "shipped": ((mine, "WORKSPACE"), []),
                "other": (None, []),
            }
            assert await names_in(client, "/api/v2", models) == {
                "shared": (None, [(str(PLATFORMS), "PLATFORM")]),
                "shipped": ((shared, "ORGANIZATION"), []),
            }
            assert (await client.delete(f"{prefix}/models/custom/{mine}")).status_code == 204
            assert (await names_in(client, prefix, models))["shared"] == (None, [(str(PLATFORMS), "PLATFORM")])

        told(tmp_path, story)

    def test_another_workspaces_model_hides_none(self, shelf: Shelf) -> None:
        elsewhere = Shelf(shelf.client, f"/api/v2/workspaces/{new_workspace(shelf.client)[1]}")
        elsewhere.made(definition("same"))
        state = state_of(shelf, shelf.made(definition("same")))
        assert (state["shadowed_by"], state["shadows"]) == (None, [])


async def created(client: httpx.AsyncClient, prefix: str, name: str) -> str:
    made = await client.post(f"{prefix}/models/custom", json=definition(name))
    assert made.status_code == 201, made.text
    return str(made.json()["model_id"])


async def names_in(client: httpx.AsyncClient, prefix: str, models: dict[str, str]) -> dict[str, Any]:
    """What hides each model, and what it hides."""
    answer = await client.get(f"{prefix}/model_states", params={"model_id": list(models.values())})
    words = {model_id: word for word, model_id in models.items()}

    def told(one: dict[str, str]) -> tuple[str, str]:
        return one["model_id"], one["origin"]

    return {
        words[state["model_id"]]: (
            told(state["shadowed_by"]) if state["shadowed_by"] else None,
            [told(one) for one in state["shadows"]],
        )
        for state in answer.json()["data"]
    }


def told(data: Path, story: Story) -> None:
    """Run a story in a haymow that ships a model called `same`."""

    async def run() -> None:
        async with opened(data) as (house, client, prefix):
            await house.platform.put({PLATFORMS: Change("same", "openai", openai_config(), {})})
            await story(house, client, prefix)

    asyncio.run(run())


@pytest.mark.parametrize("models", [1, 40])
def test_they_take_three_statements_however_many_there_are(tmp_path: Path, models: int) -> None:
    async def story(house: House, client: httpx.AsyncClient, prefix: str) -> None:
        ids = []
        for number in range(models):
            config = openai_config(f"KEY_{number}")
            body = definition(f"m{number}", chat_generator_config=config)
            ids.append((await client.post(f"{prefix}/models/custom", json=body)).json()["model_id"])
        with statements(house.database) as said:
            answer = await client.get(f"{prefix}/model_states", params={"model_id": ids})
        assert len(answer.json()["data"]) == models
        assert len(said) == 3, said

    told(tmp_path, story)

"""Which generators are called, which are not and until when, and what is said of those that are not installed."""

from __future__ import annotations

import asyncio
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from haystack.dataclasses import ChatMessage

from haymow.egress import Egress
from haymow.errors import Conflict, StartFailed
from haymow.generators import generator, generators
from haymow.generators.live.build import build
from haymow.generators.live.clients import take_over_of
from haymow.server.settings import settings_from
from tests.providers.cloud import Cloud
from tests.providers.conftest import enter
from tests.providers.known import ALL, ANTHROPIC, BEDROCK, GOOGLE, KEY, SECRETS, Provider
from tests.server.serving.served import HELLO, Served

INTEGRATIONS = "haystack_integrations.components.generators"
UNPOLICED = {"AnthropicVertexChatGenerator", "HuggingFaceAPIChatGenerator", "LiteLLMChatGenerator"}
UNPOLICED |= {"WatsonxChatGenerator"}
ROOT = Path(__file__).parents[2]


def refusal(name: str, secrets: dict[str, str] | None = None, egress: Egress = Egress(), **parameters: Any) -> Conflict:  # noqa: B008 - frozen
    info = generator(name)
    assert info is not None
    with pytest.raises(Conflict) as refused:
        build({"type": info.type, "init_parameters": parameters}, secrets or {}, egress)
    return refused.value


def test_every_generator_is_called_under_the_policy_refused_or_waits_for_the_operator() -> None:
    calling = {info.name for info in generators() if info.status == "available" and take_over_of(info) is None}
    assert calling == UNPOLICED | {"MockChatGenerator"}


@pytest.mark.parametrize("name", sorted(UNPOLICED))
def test_a_generator_that_cannot_be_held_to_the_policy_is_refused(name: str) -> None:
    refused = refusal(name, api_params={}, region="us-east5")
    assert refused.code == "incompatible"
    assert "HAYMOW_UNPOLICED_GENERATORS" in refused.message


def test_the_operator_can_let_one_connect_as_it_likes() -> None:
    parameters = {"region": "us-east5", "project_id": "barn", "model": "m", "timeout": 999, "max_retries": 9}
    info = generator("AnthropicVertexChatGenerator")
    assert info is not None
    egress = Egress(unpoliced=frozenset({info.name}))
    live = build({"type": info.type, "init_parameters": parameters}, {}, egress, timeout=30)
    component: Any = live.component
    assert (component.timeout, component.max_retries) == (30, 1)
    assert (live.client, live.direct, component.async_client) == (None, None, None)
    asyncio.run(live.close())


def test_what_the_operator_lets_is_read_from_the_environment() -> None:
    named = settings_from({"HAYMOW_UNPOLICED_GENERATORS": " WatsonxChatGenerator, LiteLLMChatGenerator,"})
    assert named.unpoliced_generators == {"WatsonxChatGenerator", "LiteLLMChatGenerator"}
    assert settings_from({}).unpoliced_generators == frozenset()
    with pytest.raises(StartFailed, match="HAYMOW_UNPOLICED_GENERATORS"):
        settings_from({"HAYMOW_UNPOLICED_GENERATORS": "watsonx"})


@pytest.mark.parametrize(
    ("name", "parameters", "reason"),
    [
        (
            "GoogleGenAIChatGenerator",
            {"api": "vertex", "vertex_ai_project": "barn", "vertex_ai_location": "eu"},
            "a key alone",
        ),
        (
            "AmazonBedrockChatGenerator",
            {"model": "m", "aws_access_key_id": None, "aws_secret_access_key": None, "aws_region_name": "eu-west-1"},
            "keys alone",
        ),
    ],
)
def test_the_servers_own_identity_is_never_used(name: str, parameters: dict[str, Any], reason: str) -> None:
    refused = refusal(name, dict.fromkeys(SECRETS, KEY), **parameters)
    assert refused.code == "incompatible"
    assert reason in refused.message


@pytest.mark.parametrize("region", ["cn-north-1", "sink.example/#", "eu west", "", "x" * 80])
def test_a_region_of_a_secret_leads_nowhere_else(region: str) -> None:
    secrets = {**dict.fromkeys(SECRETS, KEY), "AWS_DEFAULT_REGION": region}
    refused = refusal("AmazonBedrockChatGenerator", secrets, model="m")
    assert refused.code == "incompatible"
    assert "sink" not in refused.message


def test_a_region_that_nobody_knows_is_a_missing_secret() -> None:
    refused = refusal("AmazonBedrockChatGenerator", dict.fromkeys(SECRETS, KEY), model="m")
    assert refused.code == "missing_secret"
    assert "AWS_DEFAULT_REGION" in refused.message


@pytest.mark.parametrize("provider", [ANTHROPIC, GOOGLE, BEDROCK], ids=str)
def test_a_package_that_is_not_installed_names_its_extra(
    served: Served, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, provider: Provider
) -> None:
    info = generator(provider.generator)
    assert info is not None
    monkeypatch.setitem(sys.modules, info.type.rpartition(".")[0], None)
    served.add("m", provider.config())
    enter(served)
    got = served.post({"model": "m", "messages": HELLO})
    assert (got.status_code, got.json()["error"]["code"]) == (409, "incompatible")
    assert f"haymow[{info.extra}]" in got.json()["error"]["message"]
    assert cloud.seen == []


def test_the_table_in_the_documentation_says_of_each_how_it_is_called() -> None:
    lines = (ROOT / "docs" / "providers.md").read_text().splitlines()
    rows = {cells[1]: cells for line in lines if line.count("|") == 7 and (cells := line.replace(" ", "").split("|"))}
    told = {
        True: "underthepolicy",
        False: "refuseduntilallowed",
    }
    for info in generators():
        row = rows[info.name]
        assert (row[2], row[3]) == (info.package, info.version)
        if info.status == "refused":
            assert row[5] == "refused"
        elif info.name != "MockChatGenerator":
            assert row[4:6] == ["yes", told[take_over_of(info) is not None]]


def test_every_package_of_a_generator_that_can_be_called_has_its_extra() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    asked = {info.extra: info.package for info in generators() if info.status == "available" and info.extra}
    assert {extra: extras[extra][0].partition(">=")[0] for extra in asked} == asked
    assert "anthropic<1" in extras["anthropic"]


@pytest.mark.parametrize("provider", ALL, ids=str)
def test_a_live_generator_shows_no_secret(cloud: Cloud, provider: Provider) -> None:
    live = build(provider.config(), dict.fromkeys(SECRETS, KEY) | dict(provider.secrets), cloud.egress())
    assert KEY not in repr(live) + repr(vars(live.component))


def test_a_mock_answers_the_messages_it_was_saved_with(served: Served) -> None:
    responses = [
        {"role": "assistant", "content": [{"text": "Moo"}]},
        {"role": "assistant", "content": [{"text": "Baa"}]},
    ]
    info = generator("MockChatGenerator")
    assert info is not None
    served.add("m", {"type": info.type, "init_parameters": {"responses": responses}})
    said = [served.post({"model": "m", "messages": HELLO}).json()["choices"][0]["message"]["content"] for _ in "12"]
    assert said == ["Moo", "Baa"]


def test_a_mocks_own_messages_are_left_as_they_were() -> None:
    responses = [{"role": "assistant", "content": [{"text": "Moo"}]}]
    info = generator("MockChatGenerator")
    assert info is not None
    live = build({"type": info.type, "init_parameters": {"responses": responses}}, {}, Egress())
    message = ChatMessage.from_user("Hello?")
    asyncio.run(live.component.run_async(messages=[message], streaming_callback=None, generation_kwargs={}))
    assert responses == [{"role": "assistant", "content": [{"text": "Moo"}]}]

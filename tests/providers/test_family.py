"""The generators on OpenAI's SDK: a chat at each one's own address, through both lanes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from haymow.generators import GeneratorInfo, generators
from haymow.generators.live.clients import speaks_openai
from tests.providers.cloud import Cloud
from tests.providers.known import KEY
from tests.providers.replies import Reply
from tests.server.serving.served import HELLO, WEATHER, Served

_NOT_INSTALLED = {"LlamaStackChatGenerator"}  # its package asks for Python 3.12: `make providers` constructs it
_ADDRESSES = {
    "AzureOpenAIChatGenerator": {
        "azure_endpoint": "https://azure.example", "azure_deployment": "m", "api_version": "2031-01-01",
    },
    "AzureOpenAIResponsesChatGenerator": {"azure_endpoint": "https://azure.example", "azure_deployment": "m"},
    "VLLMChatGenerator": {"api_base_url": "https://vllm.example/v1", "model": "m"},
}  # fmt: skip
FAMILY = [
    info
    for info in generators()
    if info.status == "available" and speaks_openai(info) and info.name not in _NOT_INSTALLED
]
HOSTS = {"VLLMChatGenerator": "vllm.example"}

each = pytest.mark.parametrize("info", FAMILY, ids=lambda info: info.name)
both_lanes = pytest.mark.parametrize("direct", [True, False], ids=["direct", "haystack"])


def add(served: Served, info: GeneratorInfo) -> None:
    parameters = _ADDRESSES.get(info.name, {"model": "m"})
    served.add("m", {"type": info.type, "init_parameters": parameters})
    served.secrets.clear()
    served.secrets.update({name: (KEY, 1) for secret in info.secrets for name in secret.env_vars[:1]})


@pytest.fixture(scope="module")
def lanes(running_cloud: Cloud) -> Any:
    """A server for each lane."""
    with (
        Served(egress=running_cloud.egress(), most=64, direct=True) as direct,
        Served(egress=running_cloud.egress(), most=64, direct=False) as haystack,
    ):
        yield {True: direct, False: haystack}


@each
@both_lanes
def test_a_chat_goes_to_the_generators_own_address_with_its_key(
    lanes: dict[bool, Served], cloud: Cloud, info: GeneratorInfo, direct: bool
) -> None:
    served = lanes[direct]
    cloud.script(Reply("Moo"))
    add(served, info)
    answer = served.openai().chat.completions.create(model="m", messages=HELLO, temperature=0.5)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("Moo", "stop")
    assert answer.usage is not None and answer.usage.total_tokens == 12
    [seen] = cloud.seen
    host = HOSTS.get(info.name) or (info.default_host or "azure.example:443").rpartition(":")[0]
    assert seen.headers["host"].partition(":")[0] == host
    assert KEY in (seen.headers.get("api-key"), seen.headers.get("authorization", "").removeprefix("Bearer "))
    assert (seen.body["model"], seen.body["temperature"]) == ("m", 0.5)
    assert ("api-version=2031-01-01" in seen.path) == (info.name == "AzureOpenAIChatGenerator")


@each
@both_lanes
def test_a_chat_is_streamed_and_counted(
    lanes: dict[bool, Served], cloud: Cloud, info: GeneratorInfo, direct: bool
) -> None:
    served = lanes[direct]
    cloud.script(Reply("Moo moo"))
    add(served, info)
    options: Any = {"stream": True, "stream_options": {"include_usage": True}}
    parts = list(served.openai().chat.completions.create(model="m", messages=HELLO, **options))
    said = [part.choices[0] for part in parts if part.choices]
    assert "".join(choice.delta.content or "" for choice in said) == "Moo moo"
    assert said[-1].finish_reason == "stop"
    assert parts[-1].usage is not None and parts[-1].usage.total_tokens == 12


@each
@both_lanes
def test_tools_are_called(lanes: dict[bool, Served], cloud: Cloud, info: GeneratorInfo, direct: bool) -> None:
    served = lanes[direct]
    cloud.script(Reply("", [("call_1", "weather", {"city": "Bern"})]))
    add(served, info)
    with served.openai().chat.completions.stream(model="m", messages=HELLO, tools=[WEATHER]) as stream:
        choice = stream.get_final_completion().choices[0]
    assert choice.finish_reason == "tool_calls"
    calls = choice.message.tool_calls or []
    assert [(call.function.name, json.loads(call.function.arguments)) for call in calls] == [
        ("weather", {"city": "Bern"})
    ]
    assert "The weather of a city." in json.dumps(cloud.seen[0].body)

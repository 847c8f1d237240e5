"""Both lanes send the same for every generator of the family that the direct lane is for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from haymow.egress import Egress
from haymow.egress.clients import aiohttp_session
from haymow.egress.lookups import Target
from haymow.egress.policy import Resolve
from haymow.generators import GeneratorInfo, generators
from haymow.generators.live.build import LiveGenerator, build
from haymow.generators.live.clients import speaks_openai
from haymow.server.serving.direct import Lane
from tests.authority import Authority, Looping
from tests.generators.both_lanes import (
    EVERY_PARAMETER,
    LOOPBACK,
    PLAIN,
    WEATHER,
    WITH_TOOLS,
    Recorder,
    by_both,
    compare,
)

NOT_INSTALLED = {"LlamaStackChatGenerator"}  # its package asks for Python 3.12
OTHER_PROTOCOL = {"OpenAIResponsesChatGenerator", "AzureOpenAIResponsesChatGenerator", "PerplexityChatGenerator"}
FAMILY = [
    info
    for info in generators()
    if info.status == "available" and speaks_openai(info) and info.name not in NOT_INSTALLED | OTHER_PROTOCOL
]


@contextmanager
def of_family(info: GeneratorInfo, folder: Path) -> Iterator[tuple[Recorder, LiveGenerator]]:
    """A generator, and where it calls: an address of its definition's, or over TLS the one that it always calls."""
    authority = Authority(folder)
    host, egress, settings = "", LOOPBACK, dict[str, Any]()
    if info.url_parameter is None:
        host = (info.default_host or "").rpartition(":")[0]
    with Looping() as looping:
        provider = Recorder(looping, authority.server(host) if host else None)
        if host:
            egress = Egress(LOOPBACK.allowed, _to(provider), authority.client)
        else:
            settings[str(info.url_parameter)] = f"http://127.0.0.1:{provider.port}"
        model = "azure_deployment" if info.url_parameter == "azure_endpoint" else "model"
        settings |= {"generation_kwargs": {"temperature": 0.3}, model: "m"}
        keys = {name: "sk-of-the-test" for secret in info.secrets for name in secret.env_vars[:1]}
        yield provider, build({"type": info.type, "init_parameters": settings}, keys, egress)


def _to(provider: Recorder) -> Resolve:
    async def resolve(_host: str, _port: int) -> list[Target]:
        return [Target("127.0.0.1", provider.port)]

    return resolve


def test_the_family_is_those_that_the_direct_lane_is_for() -> None:
    assert len(FAMILY) >= 16
    names = {info.name for info in FAMILY}
    assert {"OpenAI", "AzureOpenAI", "VLLM", "OpenRouter", "TogetherAI", "Nvidia", "Mistral", "STACKIT"} <= {
        name.removesuffix("ChatGenerator") for name in names
    }


@pytest.mark.parametrize("info", FAMILY, ids=lambda info: info.name)
def test_every_generator_of_the_family_is_called_as_it_calls(info: GeneratorInfo, tmp_path: Path) -> None:
    """With plain messages, which haymow sends as they are, and with others, which Haystack converts."""
    said: list[tuple[list[object], list[object]]] = [(PLAIN, []), (WITH_TOOLS, [WEATHER])]
    chats = [(parameters, stream, *one) for parameters in EVERY_PARAMETER for stream in (False, True) for one in said]
    with of_family(info, tmp_path) as (provider, live):
        assert live.direct is not None and live.direct.keeps_plain
        asyncio.run(_each(live, chats))
    assert len(provider.requests) == 2 * len(chats)
    for by_generator, by_haymow in zip(provider.requests[::2], provider.requests[1::2], strict=True):
        compare(by_generator, by_haymow)


async def _each(live: LiveGenerator, chats: list[tuple[dict[str, Any], bool, list[object], list[object]]]) -> None:
    assert live.client is not None
    async with aiohttp_session(live.client.door, timeout=10.0) as session:
        for parameters, stream, messages, tools in chats:
            await by_both(live, Lane(session, 0), parameters, stream, messages, tools)
    await live.close()

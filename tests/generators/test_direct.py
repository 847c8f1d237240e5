"""Both lanes send the same: each request of a generator beside haymow's own, byte by byte, on a real socket."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from haystack.components.generators.chat.openai import OpenAIChatGenerator

from haymow.egress import Egress, allowances
from haymow.egress.clients import aiohttp_session
from haymow.egress.lookups import Target
from haymow.egress.policy import Resolve
from haymow.generators import GeneratorInfo, generators
from haymow.generators.live.build import LiveGenerator, build
from haymow.generators.live.chat import messages_from, tools_from
from haymow.generators.live.clients import speaks_openai
from haymow.server.serving.direct import Lane
from tests.authority import Authority, Looping

CORE = "haystack.components.generators.chat"
LOOPBACK = Egress(allowances("127.0.0.1:*"))
KEYS = {"OPENAI_API_KEY": "sk-of-the-test", "AZURE_OPENAI_API_KEY": "k-azure"}
MESSAGES: list[object] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": [{"type": "text", "text": 'Zürich, 東京 \u2028 "quoted"?'}]},
]
PLAIN: list[object] = [
    {"role": "system", "content": " Be brief.\n"},
    {"content": 'Zürich, 東京 \u2028 "quoted" \\ \x7f?', "role": "user"},
    {"role": "assistant", "content": " "},
    {"role": "user", "content": "\U0001f404"},
    {"role": "assistant", "content": "As the last one: "},
]
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Bern"}'}}

WITH_TOOLS: list[object] = [
    {"role": "developer", "content": "Use tools."},
    {"role": "user", "name": "Ada", "content": [{"type": "text", "text": "Weather?"}, IMAGE]},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "Sunny"},
    {"role": "assistant", "content": "It is sunny."},
    {"role": "user", "content": "And now?"},
]

Request = tuple[str, dict[str, str], bytes]


class Recorder:
    """A provider that keeps every request as it came, and always says the same."""

    def __init__(self, looping: Looping, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self._server = looping.run(asyncio.start_server(self._answer, "127.0.0.1", 0, ssl=tls))
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, *fields = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.requests.append((line, headers, body))
        kind, answer = _stream() if json.loads(body).get("stream") else _whole()
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: %b\r\n\r\n%b" % (kind, answer))
        writer.close()


def _whole() -> tuple[bytes, bytes]:
    message = {"role": "assistant", "content": "Hello"}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return b"application/json", json.dumps(_completion("chat.completion", choices)).encode()


def _stream() -> tuple[bytes, bytes]:
    choices = [{"index": 0, "delta": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}]
    chunk = json.dumps(_completion("chat.completion.chunk", choices)).encode()
    return b"text/event-stream", b"data: %b\n\ndata: [DONE]\n\n" % chunk


def _completion(kind: str, choices: list[Any]) -> dict[str, Any]:
    return {"id": "x", "object": kind, "created": 1, "model": "m", "choices": choices}


@pytest.fixture
def provider() -> Iterator[Recorder]:
    with Looping() as looping:
        yield Recorder(looping)


def openai(provider: Recorder, **parameters: Any) -> LiveGenerator:
    settings = {"model": "m", "api_base_url": f"http://127.0.0.1:{provider.port}/v1", **parameters}
    return build({"type": f"{CORE}.openai.OpenAIChatGenerator", "init_parameters": settings}, KEYS, LOOPBACK)


def azure(provider: Recorder, **parameters: Any) -> LiveGenerator:
    settings = {"azure_endpoint": f"http://127.0.0.1:{provider.port}", "azure_deployment": "d", **parameters}
    return build({"type": f"{CORE}.azure.AzureOpenAIChatGenerator", "init_parameters": settings}, KEYS, LOOPBACK)


def both(
    provider: Recorder,
    live: LiveGenerator,
    parameters: Mapping[str, Any],
    *,
    stream: bool = False,
    messages: list[object] = MESSAGES,
    tools: list[object] | None = None,
) -> tuple[Request, Request]:
    """The request of the generator, and that of the direct lane."""

    async def call() -> None:
        assert live.client is not None
        async with aiohttp_session(live.client.door, timeout=10.0) as session:
            await _by_both(live, Lane(session, 0), parameters, stream, messages, tools or [])
        await live.close()

    asyncio.run(call())
    by_generator, by_haymow = provider.requests[-2:]
    return by_generator, by_haymow


async def _by_both(
    live: LiveGenerator,
    lane: Lane,
    parameters: Mapping[str, Any],
    stream: bool,
    messages: list[object],
    tools: list[object],
) -> None:
    offered = {"tools": tools_from(tools)} if tools else {}
    callback = _nothing if stream else None
    await live.component.run_async(
        messages=messages_from(messages), streaming_callback=callback, generation_kwargs=dict(parameters), **offered
    )
    assert live.direct is not None
    sent = live.direct.request(messages, tools_from(tools), parameters, stream=stream)
    await (_streamed(lane, sent) if stream else lane.complete(sent, "m"))


async def _nothing(_: Any) -> None:
    pass


async def _streamed(lane: Lane, sent: Any) -> None:
    passing = await lane.stream(sent, "m", lambda: None, lambda error: AssertionError(error))  # type: ignore[arg-type, return-value]
    while await passing.next():
        pass


def compare(by_generator: Request, by_haymow: Request) -> None:
    """The same line, body and headers, but for what each HTTP library says of its connection."""
    assert by_haymow[0] == by_generator[0]
    assert by_haymow[2] == by_generator[2]
    ours, theirs = ({k: v for k, v in request[1].items() if k != "connection"} for request in (by_haymow, by_generator))
    assert ours == theirs


EVERY_PARAMETER: list[dict[str, Any]] = [
    {},
    {"audio": {"voice": "alloy", "format": "wav"}},
    {"frequency_penalty": 0.5},
    {"logit_bias": {"50256": -100}},
    {"logprobs": True, "top_logprobs": 2},
    {"max_completion_tokens": 10},
    {"max_tokens": 10},
    {"metadata": {"team": "barn"}},
    {"modalities": ["text"]},
    {"n": 1},
    {"parallel_tool_calls": False},
    {"prediction": {"type": "content", "content": "x"}},
    {"presence_penalty": -1e-7},
    {"prompt_cache_key": "k"},
    {"reasoning_effort": "low"},
    {"safety_identifier": "s"},
    {"seed": 9007199254740991},
    {"service_tier": "flex"},
    {"stop": "\n"},
    {"stop": ["a", "b"]},
    {"store": False},
    {"temperature": 0.1},
    {"temperature": 1e22},
    {"tool_choice": "none"},
    {"top_p": 1},
    {"user": "Ada"},
    {"verbosity": "low"},
    {"web_search_options": {}},
    {"temperature": 0, "user": "x", "max_tokens": 1, "audio": {}, "stop": None},
]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("parameters", EVERY_PARAMETER, ids=lambda found: ",".join(found) or "none")
def test_every_parameter_is_sent_as_the_generator_sends_it(
    provider: Recorder, parameters: dict[str, Any], stream: bool
) -> None:
    compare(*both(provider, openai(provider), parameters, stream=stream))


@pytest.mark.parametrize(
    "format_",
    [{"type": "json_object"}, {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}],
    ids=["json_object", "json_schema"],
)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_response_format_is_sent_as_the_generator_sends_it(
    provider: Recorder, format_: dict[str, Any], stream: bool
) -> None:
    """For which the generator calls another method of the SDK, and that one sends another header."""
    compare(*both(provider, openai(provider), {"response_format": format_}, stream=stream))


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("strict", [False, True], ids=["loose", "strict"])
def test_tools_and_their_results_are_sent_as_the_generator_sends_them(
    provider: Recorder, stream: bool, strict: bool
) -> None:
    live = openai(provider, tools_strict=strict)
    compare(*both(provider, live, {"tool_choice": "auto"}, stream=stream, messages=WITH_TOOLS, tools=[WEATHER]))


def test_the_definitions_settings_are_sent_as_the_generator_sends_them(provider: Recorder) -> None:
    live = openai(
        provider,
        organization="org-1",
        timeout=7.5,
        max_retries=3,
        generation_kwargs={"temperature": 0.5, "max_tokens": 9, "user": "default"},
        http_client_kwargs={"headers": {"x-team": "barn"}},
    )
    by_generator, by_haymow = both(provider, live, {"max_tokens": 4})
    compare(by_generator, by_haymow)
    assert json.loads(by_haymow[2])["max_tokens"] == 4 and json.loads(by_haymow[2])["temperature"] == 0.5
    assert by_haymow[1]["x-team"] == "barn" and by_haymow[1]["openai-organization"] == "org-1"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_azure_is_called_as_the_generator_calls_it(provider: Recorder, stream: bool) -> None:
    live = azure(provider, default_headers={"x-team": "barn"})
    by_generator, by_haymow = both(provider, live, {"temperature": 0.2}, stream=stream)
    compare(by_generator, by_haymow)
    assert "/deployments/d/chat/completions?api-version=" in by_haymow[0] and by_haymow[1]["api-key"] == "k-azure"


@pytest.mark.parametrize("turned", ["messages", "rest", "refused"])
def test_a_generator_that_does_something_with_plain_messages_is_given_them(
    provider: Recorder, monkeypatch: pytest.MonkeyPatch, turned: str
) -> None:
    """As another release of its package might."""

    class Talkative(OpenAIChatGenerator):
        def _prepare_api_call(self, *, messages: list[Any], **others: Any) -> dict[str, Any]:
            said = super()._prepare_api_call(messages=messages, **others)
            if turned == "messages" and len(messages) > 1:
                said["messages"] = said["messages"][1:]
            elif turned == "rest" and len(messages) > 1:
                said["user"] = messages[0].text
            elif turned == "refused" and not messages:
                raise ValueError("no messages")
            return said

    monkeypatch.setattr("haystack.components.generators.chat.openai.OpenAIChatGenerator", Talkative)
    live = openai(provider)
    assert type(live.component) is Talkative and live.direct is not None and not live.direct.keeps_plain
    compare(*both(provider, live, {}, messages=PLAIN))


def test_a_parameter_that_the_sdk_does_not_take_is_refused_in_its_words(provider: Recorder) -> None:
    live = openai(provider)
    assert live.direct is not None
    with pytest.raises(TypeError, match="unexpected keyword argument 'top_k'"):
        live.direct.request(MESSAGES, None, {"top_k": 1}, stream=False)


def test_another_protocol_has_no_direct_lane(provider: Recorder) -> None:
    settings = {"model": "m", "api_base_url": f"http://127.0.0.1:{provider.port}/v1"}
    type_ = f"{CORE}.openai_responses.OpenAIResponsesChatGenerator"
    live = build({"type": type_, "init_parameters": settings}, KEYS, LOOPBACK)
    assert live.direct is None and live.client is not None


def test_building_calls_nobody(provider: Recorder) -> None:
    openai(provider)
    assert provider.requests == []


def test_the_key_is_in_no_repr(provider: Recorder) -> None:
    live = openai(provider)
    assert live.direct is not None
    assert "sk-of-the-test" not in repr(live) + repr(live.direct) + repr(list(live.direct.templates.values()))


# --- the whole family ---

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
            await _by_both(live, Lane(session, 0), parameters, stream, messages, tools)
    await live.close()

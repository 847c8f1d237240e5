"""A request of a generator beside that of haymow's own lane, as both come to a provider on a real socket."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from typing import Any, NoReturn

from haymow.egress import Egress, allowances
from haymow.egress.clients import aiohttp_session
from haymow.generators.live.build import LiveGenerator, build
from haymow.generators.live.chat import messages_from, tools_from
from haymow.server.serving.direct import Lane
from tests.authority import Looping

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
            await by_both(live, Lane(session, 0), parameters, stream, messages, tools or [])
        await live.close()

    asyncio.run(call())
    by_generator, by_haymow = provider.requests[-2:]
    return by_generator, by_haymow


async def by_both(
    live: LiveGenerator,
    lane: Lane,
    parameters: Mapping[str, Any],
    stream: bool,
    messages: list[object],
    tools: list[object],
) -> None:
    """Ask the generator, then the lane."""
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


def _unexpected(error: BaseException) -> NoReturn:
    raise AssertionError(error)


async def _streamed(lane: Lane, sent: Any) -> None:
    passing = await lane.stream(sent, "m", lambda: None, _unexpected)
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

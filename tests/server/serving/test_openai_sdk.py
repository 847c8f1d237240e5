"""OpenAI's own SDK, as its users use it: answers, streams, parsed answers, and the same on an event loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletionMessageFunctionToolCall, ChatCompletionStreamOptionsParam
from pydantic import BaseModel

from tests.answers import Calls, Says
from tests.server.serving.served import HELLO, WEATHER, Served
from tests.upstream import Upstream

NAMED = Says('{"city": "Bern", "degrees": 21}')


class Report(BaseModel):
    city: str
    degrees: int


def on_a_loop(served: Served, act: Callable[[openai.AsyncOpenAI], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        sync = served.openai()
        async with openai.AsyncOpenAI(api_key=sync.api_key, base_url=sync.base_url, max_retries=0) as client:
            return await act(client)

    return asyncio.run(run())


def test_an_answer_is_parsed_into_a_class(served: Served, upstream: Upstream) -> None:
    upstream.script(NAMED)
    answer = served.openai().chat.completions.parse(model="fast", messages=HELLO, response_format=Report)
    assert answer.choices[0].message.parsed == Report(city="Bern", degrees=21)
    asked = upstream.seen[-1].body["response_format"]
    assert (asked["type"], asked["json_schema"]["name"], asked["json_schema"]["strict"]) == (
        "json_schema",
        "Report",
        True,
    )


def test_a_stream_is_parsed_into_a_class(served: Served, upstream: Upstream) -> None:
    upstream.script(NAMED)
    with served.openai().chat.completions.stream(model="fast", messages=HELLO, response_format=Report) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.parsed == Report(city="Bern", degrees=21)


def test_create_on_a_loop(served: Served, upstream: Upstream) -> None:
    upstream.script(Says("Bern"))
    answer = on_a_loop(served, lambda client: client.chat.completions.create(model="fast", messages=HELLO))
    assert (answer.choices[0].message.content, answer.model, answer.usage.total_tokens) == ("Bern", "fast", 12)


def test_a_stream_on_a_loop(served: Served, upstream: Upstream) -> None:
    upstream.script(Says("one two three", pieces=5))

    async def act(client: openai.AsyncOpenAI) -> Any:
        usage: ChatCompletionStreamOptionsParam = {"include_usage": True}
        async with client.chat.completions.stream(model="fast", messages=HELLO, stream_options=usage) as stream:
            kinds = {event.type async for event in stream}
            return kinds, await stream.get_final_completion()

    kinds, final = on_a_loop(served, act)
    assert {"chunk", "content.delta", "content.done"} <= kinds
    assert (final.choices[0].message.content, final.usage.total_tokens) == ("one two three", 12)


def test_parse_on_a_loop(served: Served, upstream: Upstream) -> None:
    upstream.script(NAMED)
    parse = lambda client: client.chat.completions.parse(model="fast", messages=HELLO, response_format=Report)  # noqa: E731
    assert on_a_loop(served, parse).choices[0].message.parsed == Report(city="Bern", degrees=21)


def test_tool_calls_stream_on_a_loop(served: Served, upstream: Upstream) -> None:
    upstream.script(Calls([("call_1", "weather", {"city": "Bern"}), ("call_2", "weather", {"city": "Rome"})]))

    async def act(client: openai.AsyncOpenAI) -> Any:
        async with client.chat.completions.stream(model="fast", messages=HELLO, tools=[WEATHER]) as stream:
            return await stream.get_final_completion()

    calls = on_a_loop(served, act).choices[0].message.tool_calls
    assert all(isinstance(call, ChatCompletionMessageFunctionToolCall) for call in calls)
    assert [json.loads(call.function.arguments)["city"] for call in calls] == ["Bern", "Rome"]
    assert [call.index for call in calls] == [0, 1]


def test_a_model_is_retrieved_by_its_name(served: Served, upstream: Upstream) -> None:
    model = served.models["fast"]
    served.models["meta/llama 3"] = model._replace(definition=model.definition._replace(name="meta/llama 3"))
    assert served.openai().models.retrieve("meta/llama 3").id == "meta/llama 3"
    assert on_a_loop(served, lambda client: client.models.retrieve("fast")).owned_by == "openai"
    with pytest.raises(openai.NotFoundError) as missing:
        served.openai().models.retrieve("nobody")
    assert missing.value.code == "model_not_found"

"""Chats in pieces: the order of chunks, what the SDK makes of them, and what happens when they break off."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest

from tests.answers import Calls, Dies, Fails, Says, Stalls
from tests.server.serving.served import HELLO, KEY, WEATHER, Served
from tests.upstream import Upstream


def events(served: Served, **body: Any) -> list[Any]:
    """The data of every event of a stream, parsed but for `[DONE]`."""
    answer = served.post({"model": "fast", "messages": HELLO, "stream": True, **body})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.endswith("\n\n")
    found = [event.removeprefix("data: ") for event in answer.text.split("\n\n")[:-1]]
    return [event if event == "[DONE]" else json.loads(event) for event in found]


def test_the_role_comes_first_the_finish_reason_last_then_done(served: Served, upstream: Upstream) -> None:
    upstream.script(Says("one two three", pieces=3, finish_reason="length"))
    *chunks, done = events(served)
    assert done == "[DONE]"
    choices = [chunk["choices"][0] for chunk in chunks]
    assert (choices[0]["delta"]["role"], choices[0]["delta"]["content"]) == ("assistant", "")
    assert "".join(choice["delta"].get("content", "") for choice in choices) == "one two three"
    assert [choice["finish_reason"] for choice in choices] == [None] * (len(choices) - 1) + ["length"]
    assert choices[-1]["delta"] == {}
    assert len({(chunk["id"], chunk["created"], chunk["model"], chunk["object"]) for chunk in chunks}) == 1
    assert chunks[0]["object"] == "chat.completion.chunk" and chunks[0]["model"] == "fast"
    assert not any("usage" in chunk for chunk in chunks)


def test_usage_comes_last_when_asked_for(served: Served, upstream: Upstream) -> None:
    *chunks, last, done = events(served, stream_options={"include_usage": True})
    assert done == "[DONE]"
    assert (last["choices"], last["usage"]["total_tokens"]) == ([], 12)
    assert all(chunk["usage"] is None for chunk in chunks)
    assert upstream.seen[-1].body["stream_options"] == {"include_usage": True}


def test_the_openai_sdk_streams_text(served: Served, upstream: Upstream) -> None:
    upstream.script(Says("one two three", pieces=5))
    with served.openai().chat.completions.stream(model="fast", messages=HELLO) as stream:
        for _ in stream:
            pass
        final = stream.get_final_completion()
    assert final.choices[0].message.content == "one two three"


def test_the_openai_sdk_streams_parallel_tool_calls(served: Served, upstream: Upstream) -> None:
    upstream.script(Calls([("call_1", "weather", {"city": "Bern"}), ("call_2", "weather", {"city": "Rome"})]))
    with served.openai().chat.completions.stream(model="fast", messages=HELLO, tools=[WEATHER]) as stream:
        final = stream.until_done().get_final_completion()
    choice = final.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls is not None
    assert [(call.id, json.loads(call.function.arguments)["city"]) for call in choice.message.tool_calls] == [
        ("call_1", "Bern"),
        ("call_2", "Rome"),
    ]


def test_chunks_arrive_while_the_provider_still_speaks(served: Served, upstream: Upstream) -> None:
    upstream.script(Stalls(after=3))
    with served.openai().chat.completions.create(model="fast", messages=HELLO, stream=True) as stream:
        assert next(stream).choices[0].delta.role == "assistant"
        said = ""
        while said != "He":
            said += next(stream).choices[0].delta.content or ""


def test_a_failure_before_the_first_chunk_has_a_status(served: Served, upstream: Upstream) -> None:
    upstream.script(Fails(401))
    with pytest.raises(openai.InternalServerError) as failed:
        served.openai().chat.completions.create(model="fast", messages=HELLO, stream=True)
    assert (failed.value.status_code, failed.value.code) == (502, "upstream_credentials")


@pytest.mark.parametrize("event", [None, {"message": f"bad key {KEY}", "type": "server_error"}])
def test_a_failure_in_the_middle_ends_with_an_error_and_without_done(
    served: Served, upstream: Upstream, event: dict[str, str] | None
) -> None:
    upstream.script(Dies(after=3, event=event))
    *chunks, last = events(served)
    assert len(chunks) == 3
    assert last["error"]["type"] == "server_error"
    assert last["error"]["code"] in ("upstream_failed", "upstream_unreachable")
    assert KEY not in json.dumps(last)


def test_the_openai_sdk_raises_what_ends_a_stream_early(served: Served, upstream: Upstream) -> None:
    upstream.script(Dies(after=2))
    stream = served.openai().chat.completions.create(model="fast", messages=HELLO, stream=True)
    with pytest.raises(openai.APIError):
        list(stream)


def test_a_stream_has_one_choice(served: Served, upstream: Upstream) -> None:
    answer = served.post({"model": "fast", "messages": HELLO, "stream": True, "n": 2})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "n")
    assert upstream.seen == []


def test_many_streams_at_once_do_not_mix(served: Served, upstream: Upstream) -> None:
    texts = [f"answer {number} " * 20 for number in range(16)]
    upstream.script(*(Says(text, pieces=10, pause=0.01) for text in texts))

    def ask(_: int) -> str:
        chunks = served.openai().chat.completions.create(model="fast", messages=HELLO, stream=True)
        return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)

    with ThreadPoolExecutor(16) as threads:
        assert sorted(threads.map(ask, range(16))) == sorted(texts)

from __future__ import annotations

from typing import Any

import pytest
from haystack.dataclasses import ChatMessage, ReasoningContent, StreamingChunk, ToolCall, ToolCallDelta

from haymow.generators.live.replies import Chunks, Heading, completion, say_nothing

HEADING = Heading("chatcmpl-1", 1_790_000_000, "fast")
USAGE = {"prompt_tokens": 2, "completion_tokens": 3, "prompt_tokens_details": None}


def reply(text: str | None = "Moo", **meta: Any) -> ChatMessage:
    return ChatMessage.from_assistant(text, meta={"finish_reason": "stop", **meta})


def test_a_reply_is_a_completion() -> None:
    assert completion(HEADING, [reply(usage=USAGE)]) == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": "fast",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Moo", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5},
    }


def test_tool_calls_and_reasoning_are_part_of_it() -> None:
    calls = [ToolCall("weather", {"city": "Zürich"}, id="call_1")]
    message = ChatMessage.from_assistant(None, tool_calls=calls, reasoning="Hm.", meta={"finish_reason": "tool_calls"})
    [choice] = completion(HEADING, [message])["choices"]
    assert choice["message"] == {
        "role": "assistant",
        "content": None,
        "refusal": None,
        "reasoning_content": "Hm.",
        "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Zürich"}'}}
        ],
    }


@pytest.mark.parametrize(
    ("reason", "calls", "said"), [("end_turn", [], "stop"), (None, [ToolCall("f", {})], "tool_calls")]
)
def test_a_providers_own_reason_becomes_the_nearest_of_openais(reason: Any, calls: list[ToolCall], said: str) -> None:
    message = ChatMessage.from_assistant("x", tool_calls=calls, meta={"finish_reason": reason})
    assert completion(HEADING, [message])["choices"][0]["finish_reason"] == said


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            {"input_tokens": 9, "input_tokens_details": {"cached_tokens": 2}, "output_tokens": 3, "total_tokens": 12},
            {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 2}},
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 14, "thoughts_token_count": 2},
            {"prompt_tokens": 9, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 2}},
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 3, "cached_content_token_count": 4},
            {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}},
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 3, "cache_read_input_tokens": 4, "service_tier": "standard"},
            {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}},
        ),
        (
            {
                "prompt_tokens": 9, "completion_tokens": 3, "cache_read_input_tokens": 4,
                "cache_write_input_tokens": 1, "cache_details": [],
            },
            {"prompt_tokens": 14, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}},
        ),
        ({"prompt_tokens": 9.0, "completion_tokens": None}, {"prompt_tokens": 9, "completion_tokens": 0}),
    ],
    ids=["responses", "google", "google-cached", "anthropic", "bedrock", "cohere"],
)  # fmt: skip
def test_tokens_are_counted_as_openai_counts_them(said: dict[str, Any], told: dict[str, Any]) -> None:
    total = told["prompt_tokens"] + told["completion_tokens"]
    assert completion(HEADING, [reply(usage=said)])["usage"] == {**told, "total_tokens": total}


def test_a_call_without_an_id_gets_one_of_its_own() -> None:
    message = ChatMessage.from_assistant(None, tool_calls=[ToolCall("f", {}), ToolCall("f", {})])
    [choice] = completion(HEADING, [message])["choices"]
    assert [call["id"] for call in choice["message"]["tool_calls"]] == ["call_1_0", "call_1_1"]


def test_an_answer_with_calls_ends_with_them() -> None:
    message = ChatMessage.from_assistant(None, tool_calls=[ToolCall("f", {})], meta={"finish_reason": "stop"})
    assert completion(HEADING, [message])["choices"][0]["finish_reason"] == "tool_calls"


def test_no_usage_is_made_up() -> None:
    assert "usage" not in completion(HEADING, [reply()])


def deltas(chunks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]


def test_the_role_is_said_once_and_first() -> None:
    chunks = Chunks(HEADING)
    first = chunks.of(StreamingChunk("", meta={}))
    assert deltas(first) == [{"role": "assistant", "content": ""}]
    assert deltas(chunks.of(StreamingChunk("Moo", index=0))) == [{"content": "Moo"}]
    assert chunks.of(StreamingChunk("", meta={})) == []


def test_tool_calls_are_counted_from_0_and_introduced_once() -> None:
    chunks = Chunks(HEADING)
    parts = [
        [ToolCallDelta(index=1, tool_name="f", id="a", arguments="")],
        [ToolCallDelta(index=1, arguments="{}")],
        [ToolCallDelta(index=2, tool_name="g", id="b", arguments="{}")],
    ]
    streamed = [chunk for calls in parts for chunk in chunks.of(StreamingChunk("", index=1, tool_calls=calls))]
    assert [delta["tool_calls"][0] for delta in deltas(streamed)[1:]] == [
        {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}},
        {"index": 0, "function": {"arguments": "{}"}},
        {"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}},
    ]


@pytest.mark.parametrize(
    ("first", "second", "calls"),
    [
        (("f", None, '{"a": 1}'), ("g", None, "{}"), 2),  # Google: each part counts from 0
        (("f", None, None), ("f", None, None), 2),  # the same, and no arguments
        (("f", "a", '{"a": 1}'), ("f", "b", "{}"), 2),
        (("f", "a", '{"a"'), ("f", "a", ": 1}"), 1),  # some servers name a call in every part of it
        (("f", None, '{"a"'), ("f", None, ": 1}"), 1),
        (("f", "a", ""), (None, None, "{}"), 1),
    ],
)
def test_a_call_at_the_same_place_is_another_when_it_is_named_anew(first: Any, second: Any, calls: int) -> None:
    chunks = Chunks(HEADING)
    parts = [ToolCallDelta(index=0, tool_name=name, id=id_, arguments=text) for name, id_, text in (first, second)]
    streamed = [chunk for part in parts for chunk in chunks.of(StreamingChunk("", index=0, tool_calls=[part]))]
    found = [call for delta in deltas(streamed)[1:] for call in delta["tool_calls"]]
    assert len([call for call in found if "id" in call]) == calls
    assert len({call["id"] for call in found if "id" in call}) == calls
    assert [call["index"] for call in found] == [0, calls - 1]


def test_a_call_that_streamed_no_arguments_ends_with_none() -> None:
    chunks = Chunks(HEADING)
    chunks.of(StreamingChunk("", index=0, tool_calls=[ToolCallDelta(index=0, tool_name="now", id="a")]))
    last = chunks.ending([ChatMessage.from_assistant(None, tool_calls=[ToolCall("now", {}, id="a")])])
    assert deltas(last) == [{"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}, {}]


def test_reasoning_is_streamed() -> None:
    chunks = Chunks(HEADING)
    part = StreamingChunk("", index=0, reasoning=ReasoningContent("Hm."))
    assert deltas(chunks.of(part))[-1] == {"reasoning_content": "Hm."}


def test_the_end_says_why_and_what_it_cost() -> None:
    chunks = Chunks(HEADING, usage=True)
    chunks.of(StreamingChunk("Moo", index=0))
    last, usage = chunks.ending([reply(usage=USAGE)])
    assert (last["choices"][0]["finish_reason"], last["usage"]) == ("stop", None)
    assert (usage["choices"], usage["usage"]["total_tokens"]) == ([], 5)


def test_a_generator_that_does_not_stream_is_one_chunk() -> None:
    message = ChatMessage.from_assistant("Moo", tool_calls=[ToolCall("f", {}, id="a")], meta={})
    role, whole, last = Chunks(HEADING).ending([message])
    assert deltas([role, whole]) == [
        {"role": "assistant", "content": ""},
        {
            "content": "Moo",
            "tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
    ]
    assert last["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(
    ("replies", "nothing"),
    [
        ([], True),
        ([ChatMessage.from_assistant("")], True),
        ([reply("")], False),
        ([ChatMessage.from_assistant("x")], False),
    ],
)
def test_an_answer_without_content_and_reason_says_nothing(replies: list[ChatMessage], nothing: bool) -> None:
    assert say_nothing(replies) is nothing

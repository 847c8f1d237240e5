"""A chat through each provider's own SDK and wire format: whole, streamed, with tools and with reasoning."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionFunctionToolParam

from tests.providers.cloud import Cloud
from tests.providers.conftest import enter
from tests.providers.known import ALL, RESPONSES, Provider
from tests.providers.replies import Reply
from tests.server.serving.served import HELLO, WEATHER, Served

NOW: ChatCompletionFunctionToolParam = {
    "type": "function",
    "function": {"name": "now", "description": "The time.", "parameters": {"type": "object"}},
}
BERN = ("call_1", "weather", {"city": "Bern"})
CHUR = ("call_2", "weather", {"city": "Chur"})

each = pytest.mark.parametrize("provider", ALL, ids=str)


def chat(served: Served, provider: Provider, **more: Any) -> ChatCompletion:
    served.add("m", provider.config())
    enter(served, provider)
    answer = served.openai().chat.completions.create(**{"model": "m", "messages": HELLO, **more})
    assert isinstance(answer, ChatCompletion)
    return answer


def chunks(served: Served, provider: Provider, **more: Any) -> list[ChatCompletionChunk]:
    served.add("m", provider.config())
    enter(served, provider)
    options = {"stream": True, "stream_options": {"include_usage": True}}
    return list(served.openai().chat.completions.create(**{"model": "m", "messages": HELLO, **options, **more}))


@each
def test_a_chat_is_answered(served: Served, cloud: Cloud, provider: Provider) -> None:
    cloud.script(Reply("Moo"))
    answer = chat(served, provider)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("Moo", "stop")
    assert answer.usage is not None
    counted = answer.usage
    assert (counted.prompt_tokens, counted.completion_tokens, counted.total_tokens) == (9, 3, 12)
    assert type(counted.prompt_tokens) is int


@each
def test_the_provider_sees_its_host_its_key_and_the_parameters(
    served: Served, cloud: Cloud, provider: Provider
) -> None:
    messages = [{"role": "system", "content": "Be brief."}, *HELLO]
    chat(served, provider, messages=messages, extra_body={provider.limit: 77})
    [seen] = cloud.seen
    assert (seen.path, seen.headers["host"].partition(":")[0]) == (provider.path, provider.host)
    assert seen.headers[provider.header].startswith(provider.key)
    body = json.dumps(seen.body)
    assert all(part in body for part in ("Hello?", "Be brief.", "77"))
    assert cloud.resolved == [provider.host]


@each
def test_a_chat_is_streamed(served: Served, cloud: Cloud, provider: Provider) -> None:
    cloud.script(Reply("Moo moo"))
    *parts, last = chunks(served, provider)
    assert "".join(part.choices[0].delta.content or "" for part in parts) == "Moo moo"
    assert len([part for part in parts if part.choices[0].delta.content]) == 2
    assert [part.choices[0].finish_reason for part in parts][-2:] == [None, "stop"]
    assert last.usage is not None
    assert (last.usage.prompt_tokens, last.usage.completion_tokens, last.usage.total_tokens) == (9, 3, 12)
    assert cloud.seen[0].path == (provider.stream or provider.path)


@each
@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_that_was_cut_off_says_so(served: Served, cloud: Cloud, provider: Provider, streamed: bool) -> None:
    cloud.script(Reply("Moo", reason="length"))
    if streamed:
        assert chunks(served, provider)[-2].choices[0].finish_reason == "length"
    else:
        assert chat(served, provider).choices[0].finish_reason == "length"


@each
def test_tools_are_offered_called_and_their_results_taken_back(
    served: Served, cloud: Cloud, provider: Provider
) -> None:
    cloud.script(Reply("", [BERN, CHUR]), Reply("Sunny."))
    first = chat(served, provider, tools=[WEATHER]).choices[0]
    assert first.finish_reason == "tool_calls"
    calls = first.message.tool_calls or []
    assert [json.loads(call.function.arguments) for call in calls if call.type == "function"] == [
        {"city": "Bern"},
        {"city": "Chur"},
    ]
    assert len({call.id for call in calls}) == 2 and all(call.id for call in calls)
    results = [{"role": "tool", "tool_call_id": call.id, "content": f"sun-{call.id}"} for call in calls]
    second = chat(served, provider, tools=[WEATHER], messages=[*HELLO, first.message.model_dump(), *results])
    assert second.choices[0].message.content == "Sunny."
    offered, taken = (json.dumps(seen.body) for seen in cloud.seen)
    assert "The weather of a city." in offered
    assert all(result["content"] in taken for result in results)


@pytest.mark.parametrize("streamed", [False, True])
def test_both_ids_of_a_call_in_responses_come_back(served: Served, cloud: Cloud, streamed: bool) -> None:
    cloud.script(Reply("", [BERN]))
    if streamed:
        deltas = [
            part.choices[0].delta.tool_calls for part in chunks(served, RESPONSES, tools=[WEATHER]) if part.choices
        ]
        call_id = next(delta[0].id for delta in deltas if delta)
    else:
        call_id = (chat(served, RESPONSES, tools=[WEATHER]).choices[0].message.tool_calls or [])[0].id
    asked = {"id": call_id, "type": "function", "function": {"name": "weather", "arguments": '{"city": "Bern"}'}}
    messages = [*HELLO, {"role": "assistant", "content": None, "tool_calls": [asked]}]
    chat(served, RESPONSES, messages=[*messages, {"role": "tool", "tool_call_id": call_id, "content": "sunny"}])
    *_, called, result = cloud.seen[-1].body["input"]
    assert (called["id"], called["call_id"], result["call_id"]) == ("fc_call_1", "call_1", "call_1")


@each
def test_tool_calls_are_streamed_with_indexes_from_0(served: Served, cloud: Cloud, provider: Provider) -> None:
    cloud.script(Reply("", [BERN, ("call_2", "now", {})]))
    served.add("m", provider.config())
    enter(served, provider)
    with served.openai().chat.completions.stream(model="m", messages=HELLO, tools=[WEATHER, NOW]) as stream:
        choice = stream.get_final_completion().choices[0]
    assert choice.finish_reason == "tool_calls"
    calls = choice.message.tool_calls or []
    assert [call.function.name for call in calls] == ["weather", "now"]
    assert [json.loads(call.function.arguments) for call in calls] == [{"city": "Bern"}, {}]
    assert len({call.id for call in calls}) == 2 and all(call.id for call in calls)


@pytest.mark.parametrize("provider", [one for one in ALL if one.reasons], ids=str)
def test_reasoning_is_told_whole_and_streamed(served: Served, cloud: Cloud, provider: Provider) -> None:
    cloud.script(Reply("Moo", reasoning="Hm, a cow."), Reply("Moo", reasoning="Hm, a cow."))
    whole: Any = chat(served, provider).choices[0].message
    assert (whole.reasoning_content, whole.content) == ("Hm, a cow.", "Moo")
    deltas: list[Any] = [part.choices[0].delta for part in chunks(served, provider) if part.choices]
    assert "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas) == "Hm, a cow."
    assert "".join(delta.content or "" for delta in deltas) == "Moo"


@each
def test_a_generator_is_built_once_and_keeps_its_connection(served: Served, cloud: Cloud, provider: Provider) -> None:
    served.add("m", provider.config())
    enter(served, provider)
    for _ in range(3):
        assert served.post({"model": "m", "messages": HELLO}).status_code == 200
    assert served.builds == 1
    assert len({seen.connection for seen in cloud.seen}) == 1

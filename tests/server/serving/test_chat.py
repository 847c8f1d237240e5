"""Chats as a whole, by OpenAI's own SDK."""

from __future__ import annotations

import json
from typing import cast

import pytest
from openai.types.chat import (
    ChatCompletionAssistantMessageParam,
    ChatCompletionMessageFunctionToolCall,
    ChatCompletionToolMessageParam,
)
from openai.types.shared_params import ResponseFormatJSONSchema

from tests.answers import Calls, Says
from tests.server.serving.served import HELLO, KEY, WEATHER, Served, openai_config
from tests.upstream import Upstream


def test_the_openai_sdk_gets_an_answer(served: Served, upstream: Upstream) -> None:
    upstream.script(Says("Paris."))
    answer = served.openai().chat.completions.create(model="fast", messages=HELLO)
    assert answer.choices[0].message.content == "Paris."
    assert answer.choices[0].finish_reason == "stop"
    assert answer.object == "chat.completion"
    assert answer.id.startswith("chatcmpl-")
    assert answer.model == "fast"
    assert answer.usage is not None and answer.usage.total_tokens == 12


def test_the_provider_is_asked_with_the_definitions_model_and_secret(served: Served, upstream: Upstream) -> None:
    served.openai().chat.completions.create(
        model="fast", messages=[{"role": "developer", "content": "Be brief."}, *HELLO]
    )
    seen = upstream.seen[-1]
    assert seen.path == "/v1/chat/completions"
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert seen.body["model"] == "scripted"
    assert seen.body["messages"] == [{"role": "system", "content": "Be brief."}, *HELLO]


def test_a_model_is_called_by_its_id_too(served: Served) -> None:
    model_id = str(served.models["fast"].model_id)
    assert served.openai().chat.completions.create(model=model_id, messages=HELLO).model == "fast"


def test_a_calls_parameters_override_the_definitions_defaults(served: Served, upstream: Upstream) -> None:
    defaults = {"temperature": 0.1, "max_completion_tokens": 50}
    served.add("tuned", openai_config(upstream.url, generation_kwargs=defaults))
    served.openai().chat.completions.create(model="tuned", messages=HELLO, temperature=0.9, stop=["END"])
    body = upstream.seen[-1].body
    assert (body["temperature"], body["max_completion_tokens"], body["stop"]) == (0.9, 50, ["END"])


def test_null_stands_for_a_parameter_that_is_left_out(served: Served, upstream: Upstream) -> None:
    assert served.post({"model": "fast", "messages": HELLO, "temperature": None, "tools": None}).status_code == 200
    assert not {"temperature", "tools"} & upstream.seen[-1].body.keys()


def test_several_choices_come_back_in_order(served: Served) -> None:
    answer = served.openai().chat.completions.create(model="fast", messages=HELLO, n=2)
    assert [choice.index for choice in answer.choices] == [0, 1]


def test_one_choice_may_be_asked_for_of_any_model(served: Served, upstream: Upstream) -> None:
    served.add("closed", openai_config(upstream.url), {"type": "object", "additionalProperties": False})
    assert served.post({"model": "closed", "messages": HELLO, "n": 1}).status_code == 200
    assert served.post({"model": "closed", "messages": HELLO, "n": 2}).status_code == 400


def test_one_choice_is_fewer_than_a_definition_says(served: Served, upstream: Upstream) -> None:
    served.add("twice", openai_config(upstream.url, generation_kwargs={"n": 2}))
    assert len(served.post({"model": "twice", "messages": HELLO}).json()["choices"]) == 2
    assert len(served.post({"model": "twice", "messages": HELLO, "n": 1}).json()["choices"]) == 1


def test_a_tool_call_and_its_result_go_through(served: Served, upstream: Upstream) -> None:
    upstream.script(Calls([("call_1", "weather", {"city": "Zürich"})]), Says("Sunny."))
    client = served.openai()
    first = client.chat.completions.create(model="fast", messages=HELLO, tools=[WEATHER], tool_choice="auto")
    assert first.choices[0].finish_reason == "tool_calls"
    assert first.choices[0].message.tool_calls is not None
    call = first.choices[0].message.tool_calls[0]
    assert isinstance(call, ChatCompletionMessageFunctionToolCall)
    assert (call.id, call.function.name) == ("call_1", "weather")
    assert json.loads(call.function.arguments) == {"city": "Zürich"}
    assert upstream.seen[-1].body["tools"] == [WEATHER]
    result: ChatCompletionToolMessageParam = {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}
    said = cast(ChatCompletionAssistantMessageParam, first.choices[0].message.model_dump())
    second = client.chat.completions.create(model="fast", messages=[*HELLO, said, result], tools=[WEATHER])
    assert second.choices[0].message.content == "Sunny."
    assert upstream.seen[-1].body["messages"][-1] == result


def test_structured_output_is_asked_for(served: Served, upstream: Upstream) -> None:
    wanted: ResponseFormatJSONSchema = {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": {"type": "object"}},
    }
    upstream.script(Says('{"a": 1}'))
    answer = served.openai().chat.completions.create(model="fast", messages=HELLO, response_format=wanted)
    assert answer.choices[0].message.content == '{"a": 1}'
    assert upstream.seen[-1].body["response_format"] == wanted


def test_half_a_surrogate_pair_from_a_model_is_no_failure(served: Served, upstream: Upstream) -> None:
    upstream.script(Says("\ud83d"))
    answer = served.post({"model": "fast", "messages": HELLO})
    assert (answer.status_code, answer.json()["choices"][0]["message"]["content"]) == (200, "\ud83d")


def test_models_are_listed_as_openai_lists_them(served: Served) -> None:
    listed = served.openai().models.list()
    assert [(model.id, model.object, model.owned_by) for model in listed] == [("fast", "model", "openai")]
    assert listed.data[0].created == 1793491200


@pytest.mark.parametrize(
    "wrong", [{"n": 0}, {"n": True}, {"stream": "yes"}, {"tools": {}}, {"response_format": "json"}]
)
def test_a_parameter_of_the_wrong_kind_is_named(served: Served, upstream: Upstream, wrong: dict[str, object]) -> None:
    answer = served.post({"model": "fast", "messages": HELLO, **wrong})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == next(iter(wrong))
    assert upstream.seen == []

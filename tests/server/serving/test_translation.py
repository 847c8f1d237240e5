"""OpenAI's parameters as they arrive at a provider, in both lanes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from haystack.components.generators.chat import MockChatGenerator

from haymow.generators.dialects.translation import Translation, dialect_of
from haymow.generators.live.build import LiveGenerator
from haymow.generators.live.replies import Heading
from haymow.generators.parameters.checks import check_schema
from haymow.server.serving.live import LiveModel
from haymow.server.serving.rules import chat_from
from tests.answers import Says
from tests.server.serving.served import HELLO, Served, openai_config
from tests.upstream import Upstream

RESPONSES = "haystack.components.generators.chat.openai_responses.OpenAIResponsesChatGenerator"
AS_THEY_ARE: dict[str, Any] = {
    "frequency_penalty": 0.5,
    "max_tokens": 9,
    "parallel_tool_calls": False,
    "presence_penalty": 0.5,
    "reasoning_effort": "high",
    "response_format": {"type": "json_object"},
    "seed": 7,
    "stop": "END",
    "store": False,
    "temperature": 0.5,
    "tool_choice": "none",
    "top_p": 0.9,
    "user": "ada",
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_openais_family_gets_openais_parameters_as_they_are(served: Served, upstream: Upstream, stream: bool) -> None:
    upstream.script(Says("{}"))
    answer = served.post({"model": "fast", "messages": HELLO, "stream": stream, **AS_THEY_ARE})
    assert answer.status_code == 200
    body = upstream.seen[-1].body
    assert {name: body.get(name) for name in AS_THEY_ARE} == AS_THEY_ARE


@pytest.mark.parametrize(
    ("usual", "asked"), [("max_tokens", "max_completion_tokens"), ("max_completion_tokens", "max_tokens")]
)
def test_a_default_under_another_name_is_not_sent_beside_the_calls_value(
    served: Served, upstream: Upstream, usual: str, asked: str
) -> None:
    served.add("tuned", openai_config(upstream.url, generation_kwargs={usual: 50, "seed": 7}))
    assert served.post({"model": "tuned", "messages": HELLO, asked: 9}).status_code == 200
    assert {k: v for k, v in upstream.seen[-1].body.items() if "tokens" in k} == {asked: 9}
    assert served.post({"model": "tuned", "messages": HELLO}).status_code == 200
    assert {k: v for k, v in upstream.seen[-1].body.items() if "tokens" in k} == {usual: 50}
    assert upstream.seen[-1].body["seed"] == 7


def test_a_limit_holds_under_every_name_and_is_told_under_the_one_that_was_sent(
    served: Served, upstream: Upstream
) -> None:
    schema = {"type": "object", "properties": {"max_tokens": {"type": "integer", "maximum": 100}}}
    served.add("limited", openai_config(upstream.url), schema)
    answer = served.post({"model": "limited", "messages": HELLO, "max_completion_tokens": 42424242})
    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (400, "max_completion_tokens")
    assert "Give at most 100. See #/generation_kwargs/properties/max_tokens/maximum" in error["message"]
    assert "42424242" not in answer.text and upstream.seen == []


def test_two_names_of_one_meaning_are_refused(served: Served, upstream: Upstream) -> None:
    answer = served.post({"model": "fast", "messages": HELLO, "max_tokens": 1, "max_completion_tokens": 2})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "conflicting_parameters")
    assert (error["param"], upstream.seen) == ("max_completion_tokens", [])


def test_another_protocol_is_asked_in_its_own_words(served: Served, upstream: Upstream) -> None:
    served.add("other", {**openai_config(upstream.url), "type": RESPONSES})
    served.post({"model": "other", "messages": HELLO, "max_tokens": 9, "response_format": {"type": "json_object"}})
    seen = upstream.seen[-1]
    assert seen.path == "/v1/responses"
    assert (seen.body["max_output_tokens"], seen.body["text"]) == (9, {"format": {"type": "json_object"}})
    assert not {"max_tokens", "response_format"} & seen.body.keys()


def test_what_a_generator_cannot_do_is_refused_before_anything_goes_upstream(
    served: Served, upstream: Upstream
) -> None:
    served.add("other", {**openai_config(upstream.url), "type": RESPONSES})
    answer = served.post({"model": "other", "messages": HELLO, "stop": "END"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, "unsupported_parameter", "stop")
    assert upstream.seen == []


@pytest.mark.parametrize(("choice", "heard"), [("none", "nothing"), ("auto", "weather")])
def test_tools_that_a_call_forbids_are_kept_from_a_generator_that_has_no_such_parameter(
    choice: str, heard: str
) -> None:
    """Ollama's words, spoken by a generator that says which tools it hears of."""
    component: Any = MockChatGenerator(response_fn=lambda _, tools: tools[0].name if tools else "nothing")
    generator = LiveGenerator("OllamaChatGenerator", component, {}, usage_on_request=False)
    model = LiveModel(generator, Translation(dialect_of(generator.name), check_schema({}), {}), timeout=5)
    tool = {"type": "function", "function": {"name": "weather", "description": "", "parameters": {"type": "object"}}}
    chat = chat_from({"model": "m", "messages": HELLO, "tools": [tool], "tool_choice": choice})
    answer = json.loads(asyncio.run(model.complete(chat, "m", lambda name: Heading("x", 1, name))))
    assert answer["choices"][0]["message"]["content"] == heard

"""Both lanes send the same: each request of a generator beside haymow's own, byte by byte, on a real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from haystack.components.generators.chat.openai import OpenAIChatGenerator

from haymow.generators.live.build import build
from tests.authority import Looping
from tests.generators.both_lanes import (
    CORE,
    EVERY_PARAMETER,
    KEYS,
    LOOPBACK,
    MESSAGES,
    PLAIN,
    WEATHER,
    WITH_TOOLS,
    Recorder,
    azure,
    both,
    compare,
    openai,
)


@pytest.fixture
def provider() -> Iterator[Recorder]:
    with Looping() as looping:
        yield Recorder(looping)


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
    assert isinstance(live.component, Talkative) and live.direct is not None and not live.direct.keeps_plain
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

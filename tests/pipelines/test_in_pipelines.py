"""HaymowChatGenerator where Haystack puts it, from YAML, in both modes, against a real haymow."""

from __future__ import annotations

import asyncio
import inspect
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from haystack import Pipeline
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.components.generators.utils import print_streaming_chunk
from haystack.dataclasses import ChatMessage, StreamingChunk
from haystack.tools.from_function import create_tool_from_function
from haystack.tools.tool import Tool

from haystack_integrations.components.generators.haymow import HaymowChatGenerator
from tests.answers import Calls, Fails, Says
from tests.pipelines import weather
from tests.pipelines.house import GENERATOR, LOCAL, OWN_KEY, QUESTION, SERVER_KEY, House, awaited, collected, loaded

LLM = "haystack.components.generators.chat.llm.LLM"
AGENT = "haystack.components.agents.agent.Agent"
FALLBACK = "haystack.components.generators.chat.fallback.FallbackChatGenerator"

both = pytest.mark.parametrize("mode", ["remote", "local"])


def of(house: House, mode: str, **more: Any) -> dict[str, Any]:
    """The component for a new model, as it stands in YAML."""
    settings = house.settings(house.model()["name"], mode)
    return {"type": GENERATOR, "init_parameters": {**settings, **more}}


def tool() -> Tool:
    return create_tool_from_function(weather.weather)


def text_of(result: dict[str, Any]) -> str | None:
    """What a pipeline around an LLM, an Agent or a generator said last."""
    out = result["it"]
    message: ChatMessage = out["last_message"] if "last_message" in out else out["replies"][-1]
    return message.text


class TestRealModel:
    def test_a_pipeline_asks_the_local_language_model(self, house: House) -> None:
        settings = {**house.settings(LOCAL), "generation_kwargs": {"temperature": 0, "max_tokens": 20}}
        pipeline = loaded({"type": GENERATOR, "init_parameters": settings})
        assert "Paris" in (text_of(pipeline.run({"it": {"messages": QUESTION}})) or "")

    def test_an_llm_streams_from_it(self, house: House) -> None:
        chunks: list[StreamingChunk] = []
        settings = {**house.settings(LOCAL), "generation_kwargs": {"temperature": 0, "max_tokens": 20}}
        generator = {"type": GENERATOR, "init_parameters": settings}
        pipeline = loaded({"type": LLM, "init_parameters": {"chat_generator": generator}})
        result = pipeline.run({"it": {"messages": QUESTION, "streaming_callback": chunks.append}})
        said = "".join(chunk.content for chunk in chunks)
        assert "Paris" in said
        assert said == text_of(result)
        assert len(chunks) > 3


@both
class TestComponents:
    def test_alone(self, house: House, mode: str) -> None:
        pipeline = loaded(of(house, mode))
        house.upstream.script(Says("Paris."))
        assert text_of(pipeline.run({"it": {"messages": QUESTION}})) == "Paris."
        sent = house.upstream.seen[-1]
        assert sent.body["messages"][1] == {"role": "user", "content": "What is the capital of France?"}
        assert sent.headers["authorization"] == f"Bearer {SERVER_KEY if mode == 'remote' else OWN_KEY}"

    def test_in_an_llm(self, house: House, mode: str) -> None:
        parameters = {"chat_generator": of(house, mode), "user_prompt": "Capital of {{ country }}?"}
        pipeline = loaded({"type": LLM, "init_parameters": parameters})
        house.upstream.script(Says("Paris."))
        assert text_of(pipeline.run({"it": {"country": "France"}})) == "Paris."
        assert house.upstream.seen[-1].body["messages"][-1]["content"] == "Capital of France?"

    @pytest.mark.parametrize("streamed", [False, True])
    def test_in_an_agent_with_a_tool(self, house: House, mode: str, streamed: bool) -> None:
        parameters = {"chat_generator": of(house, mode), "tools": [tool().to_dict()]}
        pipeline = loaded({"type": AGENT, "init_parameters": parameters})
        house.upstream.script(Calls([("call_1", "weather", {"city": "Paris"})]), Says("Sunny, they say."))
        chunks: list[StreamingChunk] = []
        more = {"streaming_callback": chunks.append} if streamed else {}
        result = pipeline.run({"it": {"messages": QUESTION, **more}})
        assert text_of(result) == "Sunny, they say."
        assert bool(chunks) is streamed
        first, second = house.upstream.seen
        assert first.body["tools"][0]["function"]["name"] == "weather"
        assert second.body["messages"][-1]["content"] == "It is sunny in Paris."
        assert second.body["messages"][-1]["tool_call_id"] == "call_1"

    def test_in_an_agent_on_an_event_loop(self, house: House, mode: str) -> None:
        parameters = {"chat_generator": of(house, mode), "tools": [tool().to_dict()]}
        pipeline = loaded({"type": AGENT, "init_parameters": parameters})
        house.upstream.script(Calls([("call_1", "weather", {"city": "Paris"})]), Says("Sunny, they say."))
        assert text_of(awaited(pipeline, {"it": {"messages": QUESTION}})) == "Sunny, they say."

    @pytest.mark.parametrize("is_async", [False, True])
    def test_as_a_fallback_and_before_one(self, house: House, mode: str, is_async: bool) -> None:
        away = {**of(house, mode)["init_parameters"], "api_base_url": "http://127.0.0.1:9"}
        generators = [{"type": GENERATOR, "init_parameters": away}, of(house, mode)]
        pipeline = loaded({"type": FALLBACK, "init_parameters": {"chat_generators": generators}})
        house.upstream.script(Says("Paris."))
        asked = {"it": {"messages": QUESTION}}
        result = awaited(pipeline, asked) if is_async else pipeline.run(asked)
        assert text_of(result) == "Paris."
        assert result["it"]["meta"]["successful_chat_generator_index"] == 1

    def test_with_a_callback_and_tools_named_in_its_yaml(self, house: House, mode: str) -> None:
        weather.seen.clear()
        more = {"streaming_callback": "tests.pipelines.weather.print_chunk", "tools": [tool().to_dict()]}
        pipeline = loaded(of(house, mode, **more))
        house.upstream.script(Says("Paris it is.", pieces=3))
        assert text_of(pipeline.run({"it": {"messages": QUESTION}})) == "Paris it is."
        assert len(weather.seen) > 3
        assert house.upstream.seen[-1].body["tools"][0]["function"]["name"] == "weather"


@both
class TestCalls:
    def test_both_ways_to_run_take_the_same_and_give_the_same(self, house: House, mode: str) -> None:
        generator = house.generator(house.model()["name"], mode=mode)
        taken = [inspect.signature(method).parameters for method in (generator.run, generator.run_async)]
        assert taken[0] == taken[1]
        assert "tools" in taken[0]
        plain = {"streaming_callback": None, "generation_kwargs": None, "tools": None}
        said = generator.run(messages="Hi", **plain)
        assert said["replies"][0].text == "Hello"
        assert awaited(generator, messages="Hi", **plain).keys() == said.keys() == {"replies"}

    def test_a_coroutine_gets_the_chunks_of_a_stream(self, house: House, mode: str) -> None:
        generator = house.generator(house.model()["name"], mode=mode)
        chunks: list[str] = []

        async def receive(chunk: StreamingChunk) -> None:
            chunks.append(chunk.content)

        house.upstream.script(Says("Paris it is.", pieces=3))
        result = awaited(generator, QUESTION, streaming_callback=receive)
        assert "".join(chunks) == result["replies"][0].text == "Paris it is."
        assert house.upstream.seen[-1].body["stream"] is True

    def test_one_event_loop_after_the_other(self, house: House, mode: str, caplog: pytest.LogCaptureFixture) -> None:
        generator = house.generator(house.model()["name"], mode=mode)
        for _ in range(3):
            assert asyncio.run(collected(generator.run_async(QUESTION)))["replies"][0].text == "Hello"
        assert caplog.messages == []
        asyncio.run(generator.close_async())

    def test_two_event_loops_at_once(self, house: House, mode: str) -> None:
        generator = house.generator(house.model()["name"], mode=mode)

        async def several() -> list[str | None]:
            answers = await asyncio.gather(*(generator.run_async(QUESTION) for _ in range(8)))
            await generator.close_async()
            return [answer["replies"][0].text for answer in answers]

        with ThreadPoolExecutor(4) as threads:
            found = [future.result() for future in [threads.submit(asyncio.run, several()) for _ in range(4)]]
        assert found == [["Hello"] * 8] * 4

    def test_many_threads(self, house: House, mode: str) -> None:
        generator = house.generator(house.model()["name"], mode=mode)
        with ThreadPoolExecutor(16) as threads:
            found = list(threads.map(lambda _: generator.run(QUESTION)["replies"][0].text, range(64)))
        assert found == ["Hello"] * 64

    def test_connections_are_kept_until_it_is_closed_and_then_opened_anew(self, house: House, mode: str) -> None:
        generator = house.generator(house.model()["name"], mode=mode)

        async def ask() -> None:
            await generator.run_async(QUESTION)
            await generator.run_async(QUESTION)
            await generator.close_async()
            await generator.run_async(QUESTION)
            await generator.close_async()

        asyncio.run(ask())
        generator.run(QUESTION)
        generator.close()
        generator.close()
        assert generator.run(QUESTION)["replies"]
        if mode == "local":  # in remote mode these are haymow's own
            ports = [seen.connection for seen in house.upstream.seen]
            assert ports[0] == ports[1] != ports[2]
            assert ports[3] != ports[4]

    def test_parameters_of_the_call_lie_over_those_of_the_component_and_of_the_definition(
        self, house: House, mode: str
    ) -> None:
        model = house.model(generation_kwargs={"temperature": 0.1, "top_p": 0.2, "seed": 1})
        generator = house.generator(model["name"], mode=mode, generation_kwargs={"top_p": 0.3, "seed": 2})
        generator.run(QUESTION, generation_kwargs={"seed": 3})
        sent = house.upstream.seen[-1].body
        assert (sent["temperature"], sent["top_p"], sent["seed"]) == (0.1, 0.3, 3)

    def test_an_update_of_the_definition_is_used(self, house: House, mode: str) -> None:
        model = house.model(generation_kwargs={"seed": 1})
        generator = house.generator(model["name"], mode=mode, refresh_definition_every=0)
        generator.run(QUESTION)
        config = model["chat_generator_config"]
        config["init_parameters"]["generation_kwargs"] = {"seed": 2}
        assert house.shelf.patch(model["model_id"], {"chat_generator_config": config}).status_code == 200
        generator.run(QUESTION)
        assert [seen.body["seed"] for seen in house.upstream.seen] == [1, 2]

    @pytest.mark.parametrize("spelling", ["{name}", "{model_id}", "{name}@1", "{model_id}@1"])
    def test_a_model_may_be_named_by_id_and_with_a_revision(self, house: House, mode: str, spelling: str) -> None:
        model = house.model(generation_kwargs={"seed": 1})
        config = model["chat_generator_config"]
        config["init_parameters"]["generation_kwargs"] = {"seed": 2}
        house.shelf.patch(model["model_id"], {"chat_generator_config": config})
        assert house.generator(spelling.format_map(model), mode=mode).run(QUESTION)["replies"]
        assert house.upstream.seen[-1].body["seed"] == (1 if "@" in spelling else 2)


class TestYaml:
    def test_everything_comes_back(self) -> None:
        parameters: dict[str, Any] = {
            "model": "m", "workspace": "w", "api_base_url": "http://127.0.0.1:1", "mode": "local",
            "streaming_callback": weather.print_chunk, "generation_kwargs": {"temperature": 1}, "tools": [tool()],
            "tools_strict": True, "timeout": 3.0, "max_retries": 4, "http_client_kwargs": {"verify": False},
            "refresh_definition_every": 5.0, "keep_definition_for": 6.0, "local_hosts": {"a.example": ["KEY"]},
        }  # fmt: skip
        generator = HaymowChatGenerator(**parameters)
        pipeline = Pipeline()
        pipeline.add_component("it", generator)
        again = Pipeline.loads(pipeline.dumps(), allowed_modules=["tests.*"])
        assert again.dumps() == pipeline.dumps()
        found = again.get_component("it")
        assert {name: getattr(found, name) for name in parameters} == parameters
        assert set(generator.to_dict()["init_parameters"]) == inspect.signature(
            HaymowChatGenerator.__init__
        ).parameters.keys() - {"self"}

    def test_reading_it_leaves_what_was_read_as_it_is(self) -> None:
        data = HaymowChatGenerator("m", "w", streaming_callback=print_streaming_chunk, tools=[]).to_dict()
        before = repr(data)
        HaymowChatGenerator.from_dict(data)
        assert repr(data) == before

    def test_its_module_is_its_type(self) -> None:
        assert f"{HaymowChatGenerator.__module__}.{HaymowChatGenerator.__name__}" == GENERATOR

    @pytest.mark.parametrize(
        "wrong", [{"mode": "both"}, {"api_base_url": "haymow"}, {"mode": "local", "local_hosts": {"a/b": []}}]
    )
    def test_what_cannot_be_meant_is_refused_at_once(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValueError):
            HaymowChatGenerator("m", "w", **wrong)


@both
@pytest.mark.parametrize("is_async", [False, True])
def test_warming_up_while_haymow_is_away_fails_nothing(mode: str, is_async: bool) -> None:
    settings = {"model": "m", "workspace": "w", "api_base_url": "http://127.0.0.1:9", "mode": mode}
    pipeline = loaded({"type": GENERATOR, "init_parameters": settings})
    if is_async:
        asyncio.run(pipeline.warm_up_async())
        asyncio.run(pipeline.close_async())
    else:
        pipeline.warm_up()
        pipeline.close()
    found: Any = pipeline.get_component("it")
    assert found.model == "m"


def test_remote_mode_is_haystacks_own_generator_at_another_address(house: House) -> None:
    """What it sends, and so what providers see, is what OpenAIChatGenerator would send."""
    name = house.model()["name"]
    own = OpenAIChatGenerator(model=name, api_base_url=f"{house.server.url}{house.shelf.prefix}/openai/v1")
    own.api_key = house.generator(name).api_key
    for generator in (own, house.generator(name)):
        house.upstream.script(Calls([("call_1", "weather", {"city": "Paris"})]))
        generator.run(QUESTION, generation_kwargs={"temperature": 0.5, "stop": ["x"]}, tools=[tool()])
    assert house.upstream.seen[0].body == house.upstream.seen[1].body


def test_what_the_provider_refuses_is_told_by_haymow(house: House) -> None:
    house.upstream.script(Fails(401), Fails(401))
    with pytest.raises(Exception, match="credentials") as refused:
        house.generator(house.model()["name"], max_retries=0).run(QUESTION)
    assert SERVER_KEY not in repr(refused.value)

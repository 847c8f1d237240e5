"""Local mode: what is built of a definition, and what of a hostile one is not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from haymow.errors import Conflict, HaymowError, Invalid
from haystack_integrations.components.generators.haymow import HaymowChatGenerator
from tests.abuse.subject import OPENAI
from tests.pipelines.house import House
from tests.pipelines.impostor import MODELS, Impostor, told
from tests.server.access.people import unique

CANARY = "sk-canary-31f0"


class TestHostileDefinitions:
    @pytest.mark.parametrize(
        "config",
        [
            {"type": "subprocess.Popen", "init_parameters": {"args": ["touch", "TRACE"]}},
            {"type": "haystack.components.fetchers.link_content.LinkContentFetcher", "init_parameters": {}},
            {"type": "haystack.core.pipeline.pipeline.Pipeline", "init_parameters": {}},
            {"type": "of_the_attacker.Generator", "init_parameters": {}},
            {"type": OPENAI, "init_parameters": {"streaming_callback": "of_the_attacker.Generator"}},
            {"type": OPENAI, "init_parameters": {"tools": [{"type": "of_the_attacker.Generator", "data": {}}]}},
            {"type": OPENAI, "init_parameters": {"model": {"type": "of_the_attacker.Generator"}}},
            {"type": OPENAI, "init_parameters": {"generation_kwargs": {"extra_headers": {"a": "b"}}}},
            {"type": OPENAI, "init_parameters": {"http_client_kwargs": {"proxy": "http://127.0.0.1:9"}}},
            {"type": OPENAI, "init_parameters": {"api_key": "sk-literal"}},
            {"type": OPENAI, "init_parameters": {"api_key": {"type": "token", "token": "sk-literal"}}},
            {"type": "haystack.components.generators.chat.llm.LLM", "init_parameters": {"chat_generator": {}}},
            {"type": OPENAI, "init_parameters": []},
            {"type": ["x"]},
            None,
            "x",
            [],
        ],
    )
    def test_what_haymow_would_not_store_is_not_built(
        self, impostor: Impostor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Any
    ) -> None:
        trace = tmp_path / "trace"
        (tmp_path / "of_the_attacker.py").write_text(f"open({str(trace)!r}, 'w').close()\nclass Generator: pass\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setenv("OPENAI_API_KEY", CANARY)
        monkeypatch.chdir(tmp_path)
        with pytest.raises(Invalid, match="is refused: it is not built here"):
            told(impostor, config).run("Hi")
        assert [path.name for path in tmp_path.iterdir()] == ["of_the_attacker.py"]

    @pytest.mark.parametrize(
        "schema", [[], "x", {"type": "string"}, {"$ref": "http://127.0.0.1:9/x"}, {"a": {"pattern": "("}}]
    )
    def test_nor_a_schema_that_is_none(self, impostor: Impostor, schema: Any) -> None:
        with pytest.raises(Invalid, match="is refused"):
            told(impostor, {"type": "MockChatGenerator", "init_parameters": {}}, schema).run("Hi")

    @pytest.mark.parametrize("data", [[{}], [[]], [None], {"0": {}}, "x", [{"model_id": "../../x"}]])
    def test_an_answer_of_another_shape_holds_no_model(self, impostor: Impostor, data: Any) -> None:
        generator = told(impostor, {})
        impostor.answer(MODELS, {"data": data})
        with pytest.raises(HaymowError, match=r"no model 'm'|is refused"):
            generator.run("Hi")

    def test_the_impostor_could_have_served_a_good_one(self, impostor: Impostor) -> None:
        generator = told(impostor, {"type": "MockChatGenerator", "init_parameters": {}})
        assert generator.run("Hi")["replies"][0].text == "Hi"


class TestWhatIsBuilt:
    def test_a_generator_that_haymow_itself_does_not_call(self, house: House) -> None:
        made = house.shelf.made(
            {
                "name": unique("mock"),
                "provider": "mock",
                "chat_generator_config": {"type": "MockChatGenerator", "init_parameters": {}},
            }
        )
        assert house.generator(made["name"], mode="local").run("Hi")["replies"][0].text == "Hi"

    def test_a_package_that_is_not_installed_is_named(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WATSONX_API_KEY", "x")
        monkeypatch.setenv("WATSONX_PROJECT_ID", "x")
        config = {"type": "WatsonxChatGenerator", "init_parameters": {}}
        made = house.shelf.made({"name": unique("w"), "provider": "ibm", "chat_generator_config": config})
        with pytest.raises(Conflict, match="install watsonx-haystack, or use remote mode"):
            house.generator(made["name"], mode="local").run("Hi")

    def test_a_timeout_and_retries_of_the_pipelines_own(self, house: House) -> None:
        model = house.model(timeout=1.0, max_retries=1)
        generator = house.generator(model["name"], mode="local", timeout=2.0)
        with generator._live.lent(*_choice(generator)) as inner:
            assert (inner.timeout, inner.max_retries) == (2.0, 1)

    def test_it_is_built_once_for_as_long_as_the_definition_is_the_same(self, house: House) -> None:
        model = house.model()
        generator = house.generator(model["name"], mode="local", refresh_definition_every=0)
        generator.run("Hi")
        house.shelf.patch(model["model_id"], {"provider": "another"})
        with generator._live.lent(*_choice(generator)) as before:
            pass
        assert before.client is not None
        house.shelf.patch(model["model_id"], {"generation_kwargs": {"type": "object"}})
        with generator._live.lent(*_choice(generator)) as after:
            assert after is not before
        assert before.client is None, "the one before is closed"

    def test_one_in_use_is_closed_when_its_last_caller_is_done(self, house: House) -> None:
        model = house.model()
        generator = house.generator(model["name"], mode="local", refresh_definition_every=0)
        with generator._live.lent(*_choice(generator)) as before:
            house.shelf.patch(model["model_id"], {"generation_kwargs": {"type": "object"}})
            generator.run("Hi")
            before.run("Hi")
            assert before.client is not None
        assert before.client is None

    def test_one_of_an_event_loop_is_closed_on_it(self, house: House) -> None:
        model = house.model()
        generator = house.generator(model["name"], mode="local", refresh_definition_every=0)

        async def ask() -> list[Any]:
            found = []
            for schema in ({"type": "object"}, {"type": "object", "properties": {}}):
                async with generator._live.lent_async(*_choice(generator)) as inner:
                    house.shelf.patch(model["model_id"], {"generation_kwargs": schema})
                    await generator.run_async("Hi")
                    await inner.run_async("Hi")
                    found.append(inner.async_client)
                found.append(inner.async_client)
            async with generator._live.lent_async(*_choice(generator)) as last:
                pass
            await generator.close_async()
            return [*found, last.async_client]

        first, after_first, second, after_second, last = asyncio.run(ask())
        assert first is not None and second is not None
        assert (after_first, after_second, last) == (None, None, None)


def _choice(generator: HaymowChatGenerator) -> Any:
    choice = generator._source.choice()
    return choice.key, choice.build

"""Local mode: whose keys are used, where they may go, what is built, and what happens while haymow is away."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from haymow.errors import Conflict, Denied, HaymowError, Invalid, Unavailable
from haystack_integrations.components.generators.haymow import HaymowChatGenerator
from haystack_integrations.components.generators.haymow.definitions import definition_from
from haystack_integrations.components.generators.haymow.kept import Kept
from haystack_integrations.components.generators.haymow.keys import keys_from
from haystack_integrations.components.generators.haymow.local import Local
from tests.abuse.sink import Sink
from tests.clocks import Stopwatch
from tests.conftest import client_of
from tests.pipelines.house import GENERATOR, KEY_NAME, OWN_KEY, SERVER_KEY, House, Impostor, awaited, key, loaded
from tests.pipelines.test_kept import LOGGER
from tests.running import RunningServer, running
from tests.server.registry.shelf import openai_config, unique

OPENAI = "haystack.components.generators.chat.openai.OpenAIChatGenerator"
WORKSPACE = "11111111-2222-4333-8444-555555555555"
MODEL = "11111111-2222-4333-8444-666666666666"
MODELS = f"/api/v2/workspaces/{WORKSPACE}/models"
CANARY = "sk-canary-31f0"


class TestWhoseKeys:
    def test_the_environments_own_key_is_used_and_the_servers_never_comes(self, house: House) -> None:
        generator = house.generator(house.model()["name"], mode="local")
        generator.run("Hi")
        awaited(generator, "Hi")
        assert {seen.headers["authorization"] for seen in house.upstream.seen} == {f"Bearer {OWN_KEY}"}
        source = generator._source
        assert isinstance(source, Local)
        assert SERVER_KEY not in str(source.registry.model(generator.model)) + str(vars(generator))

    def test_haymow_makes_no_call(self, house: House) -> None:
        before = house.server.log.read_text()
        house.generator(house.model()["name"], mode="local").run("Hi")
        assert len(house.upstream.seen) == 1
        until = time.monotonic() + 10  # lines come up to a tenth of a second late
        while '"message":"request"' not in (since := house.server.log.read_text().removeprefix(before)):
            assert time.monotonic() < until, "it has not asked for the definition"
            time.sleep(0.02)
        assert "upstream_host" not in since

    def test_a_key_that_is_not_set_is_named(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(KEY_NAME)
        with pytest.raises(Conflict, match=rf"environment variable {KEY_NAME} .* remote mode") as missing:
            house.generator(house.model()["name"], mode="local").run("Hi")
        assert missing.value.code == "missing_secret"

    def test_a_key_may_come_later(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        generator = house.generator(house.model()["name"], mode="local")
        monkeypatch.delenv(KEY_NAME)
        with pytest.raises(Conflict):
            generator.run("Hi")
        monkeypatch.setenv(KEY_NAME, OWN_KEY)
        assert generator.run("Hi")["replies"]


class TestWhereKeysMayGo:
    def test_no_further_than_the_pipeline_says(self, house: House) -> None:
        name = house.model()["name"]
        for allowed in (None, {}, {"llm.example.com": [KEY_NAME]}, {"127.0.0.1:1": [KEY_NAME]}):
            with pytest.raises(Denied, match="not its provider's own address"):
                house.generator(name, mode="local", local_hosts=allowed).run("Hi")
        with pytest.raises(Denied, match=rf"would send {KEY_NAME} .* to {house.destination}"):
            house.generator(name, mode="local", local_hosts={house.destination: ["OTHER"]}).run("Hi")
        assert house.upstream.seen == []

    def test_another_variable_of_the_environment_is_no_key(
        self, house: House, impostor: Impostor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever writes definitions would read the environment of every pipeline otherwise."""
        monkeypatch.setenv("DATABASE_URL", CANARY)
        config = openai_config("DATABASE_URL", api_base_url=house.upstream.url)
        with pytest.raises(Denied, match="would send DATABASE_URL"):
            told(impostor, config, local_hosts={house.destination: [KEY_NAME]}).run("Hi")
        with pytest.raises(Denied, match=r"would send DATABASE_URL .* api.openai.com:443"):
            told(impostor, openai_config("DATABASE_URL")).run("Hi")
        assert house.upstream.seen == []

    def test_no_sdk_finds_a_key_by_itself(
        self, house: House, impostor: Impostor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """OpenAI's takes OPENAI_API_KEY where it is given none, wherever the call goes."""
        monkeypatch.setenv("OPENAI_API_KEY", CANARY)
        config = openai_config("UNSET", api_base_url=house.upstream.url)
        config["init_parameters"]["api_key"]["strict"] = False
        assert told(impostor, config, local_hosts={house.destination: []}).run("Hi")["replies"]
        assert house.upstream.seen[0].headers["authorization"] == "Bearer none"
        assert CANARY not in str(house.upstream.seen)

    def test_a_key_that_is_left_out_is_the_providers_usual_one(
        self, house: House, impostor: Impostor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", CANARY)
        config = {"type": OPENAI, "init_parameters": {"api_base_url": house.upstream.url}}
        with pytest.raises(Denied, match="would send OPENAI_API_KEY"):
            told(impostor, config, local_hosts={house.destination: [KEY_NAME]}).run("Hi")
        assert house.upstream.seen == []

    def test_a_providers_usual_key_goes_to_the_provider(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", CANARY)
        keys = keys_from(None)
        keys.require_destination("OpenAIChatGenerator", "api.openai.com:443", "api.openai.com:443")
        assert keys.value(["OPENAI_API_KEY"], "api.openai.com:443") == CANARY
        with pytest.raises(Denied):
            keys.value(["OPENAI_API_KEY"], "api.openai.com.evil.example:443")

    def test_what_a_definition_says_later_is_held_to_the_same(self, house: House) -> None:
        model = house.model()
        generator = house.generator(model["name"], mode="local", refresh_definition_every=0)
        assert generator.run("Hi")["replies"]
        with Sink() as sink:
            elsewhere = openai_config(KEY_NAME, api_base_url=f"http://127.0.0.1:{sink.port}/v1")
            house.client.put(
                f"{house.shelf.prefix}/secrets/{_secret_id(house)}",
                json={"secret": SERVER_KEY, "hosts": [house.destination, f"127.0.0.1:{sink.port}"]},
            )
            changed = house.shelf.patch(model["model_id"], {"chat_generator_config": elsewhere})
            assert changed.status_code == 200, changed.text
            with pytest.raises(Denied):
                generator.run("Hi")
            assert not sink.was_reached


def _secret_id(house: House) -> str:
    listed = house.client.get(f"{house.shelf.prefix}/secrets").json()["data"]
    return next(str(one["secret_id"]) for one in listed if one["name"] == KEY_NAME)


def told(impostor: Impostor, config: Any, schema: Any = None, **more: Any) -> HaymowChatGenerator:
    """A component whose definition comes from something that is not haymow."""
    model = {
        "model_id": MODEL,
        "name": "m",
        "chat_generator_config": config,
        "generation_kwargs": {} if schema is None else schema,
    }
    impostor.answer(MODELS, {"data": [model], "has_more": False, "total": 1})
    given = {"api_base_url": impostor.url, "mode": "local", "api_key": key("hm_x"), **more}
    return HaymowChatGenerator("m", WORKSPACE, **given)


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


class TestWhileHaymowIsAway:
    """The server is stopped in the middle; the provider goes on."""

    @pytest.fixture
    def leaving(self, house: House, tmp_path: Path) -> Any:
        allowed = {"HAYMOW_EGRESS_ALLOW": house.destination}
        with running(tmp_path / "leaving", more=allowed) as server, client_of(server.url, server.token) as client:
            _register(client, house)
            yield server

    def generator(self, server: RunningServer, house: House, **more: Any) -> HaymowChatGenerator:
        given: dict[str, Any] = {
            "model": "m", "workspace": "default", "api_base_url": server.url, "mode": "local",
            "local_hosts": {house.destination: [KEY_NAME]}, "refresh_definition_every": 0.0, **more,
        }  # fmt: skip
        return loaded({"type": GENERATOR, "init_parameters": given}).get_component("it")

    def test_the_last_good_definition_goes_on_with_a_warning(
        self, house: House, leaving: RunningServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.WARNING, logger=LOGGER)
        monkeypatch.setenv("HAYMOW_API_KEY", leaving.token)
        generator, hasty = self.generator(leaving, house), self.generator(leaving, house, keep_definition_for=0.0)
        for each in (generator, hasty):
            assert each.run("Hi")["replies"]
        assert caplog.messages == []
        leaving.stop(signal.SIGTERM)
        assert generator.run("Hi")["replies"]
        assert awaited(generator, "Hi")["replies"]
        assert all("cannot be reached" in message for message in caplog.messages)
        assert len(caplog.messages) == 2
        with pytest.raises(Unavailable, match="kept for 0 seconds"):
            hasty.run("Hi")

    def test_a_proxy_that_finds_no_haymow_says_nothing_of_the_model(self, impostor: Impostor) -> None:
        definition = {"type": "MockChatGenerator", "init_parameters": {}}
        generator = told(impostor, definition, refresh_definition_every=0.0)
        assert generator.run("Hi")["replies"]
        impostor.answers[MODELS] = (404, b"default backend - 404")
        assert generator.run("Hi")["replies"]

    def test_after_the_stated_time_there_is_an_error_until_haymow_is_back(
        self, house: House, leaving: RunningServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HAYMOW_API_KEY", leaving.token)
        source = self.generator(leaving, house)._source
        assert isinstance(source, Local)
        clock = Stopwatch()
        kept = Kept(lambda: definition_from(source.registry.model("m")), 60.0, 3600.0, clock)
        local = Local(source.registry, kept, source.keys, {})
        first = local.choice()
        leaving.stop(signal.SIGTERM)
        clock.advance(3600)
        assert local.choice().key == first.key
        clock.advance(1)
        with pytest.raises(Unavailable, match="kept for 3600 seconds"):
            local.choice()
        port = leaving.url.rpartition(":")[2]
        with running(leaving.data, "--port", port):
            assert local.choice().key == first.key


def _register(client: httpx.Client, house: House) -> None:
    workspace = client.get("/api/v1/workspaces/default").json()["workspace_id"]
    config = openai_config(KEY_NAME, api_base_url=house.upstream.url)
    body = {"name": "m", "provider": "scripted", "chat_generator_config": config}
    made = client.post(f"/api/v2/workspaces/{workspace}/models/custom", json=body)
    assert made.status_code == 201, made.text

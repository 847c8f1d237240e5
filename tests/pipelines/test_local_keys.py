"""Keys in local mode: whose they are, and where they may go."""

from __future__ import annotations

import time

import pytest

from haymow.errors import Conflict, Denied
from haystack_integrations.components.generators.haymow.keys import keys_from
from haystack_integrations.components.generators.haymow.local import Local
from tests.abuse.sink import Sink
from tests.abuse.subject import OPENAI
from tests.pipelines.house import KEY_NAME, OWN_KEY, SERVER_KEY, House, awaited
from tests.pipelines.impostor import Impostor, told
from tests.server.registry.shelf import openai_config

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

"""Local mode while haymow is away: the last good definition goes on, for as long as is stated."""

from __future__ import annotations

import logging
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from haymow.errors import Unavailable
from haystack_integrations.components.generators.haymow import HaymowChatGenerator
from haystack_integrations.components.generators.haymow.definitions import definition_from
from haystack_integrations.components.generators.haymow.kept import Kept
from haystack_integrations.components.generators.haymow.local import Local
from tests.clocks import Stopwatch
from tests.conftest import client_of
from tests.pipelines.house import GENERATOR, KEY_NAME, LOGGER, House, awaited, loaded
from tests.pipelines.impostor import MODELS, Impostor, told
from tests.running import RunningServer, running
from tests.server.registry.shelf import openai_config


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
        found = loaded({"type": GENERATOR, "init_parameters": given}).get_component("it")
        assert isinstance(found, HaymowChatGenerator)
        return found

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

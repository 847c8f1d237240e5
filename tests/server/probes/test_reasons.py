"""What a connection test on a whole haymow says: the reason, in our words, and how long it took."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from haymow.server.serving.probe_rules import Reason
from haymow.wire.registry import ConnectionTest
from tests.answers import Answer, Fails, Garbles, Hangs
from tests.ports import free_port
from tests.running import RunningServer
from tests.server.probes.bench import KEY, SECRET, Bench

ECHO = f"Incorrect API key provided: {KEY}"


class TestReasons:
    def test_ok(self, bench: Bench) -> None:
        bench.enter()
        begun = datetime.now(UTC)
        said = bench.tested(bench.made())
        assert (said["ok"], said["reason"], said["detail"]) == (True, "ok", "The model answered.")
        assert begun - timedelta(seconds=1) <= datetime.fromisoformat(said["tested_at"]) <= datetime.now(UTC)
        assert said["tested_at"].endswith("Z")
        (seen,) = bench.upstream.seen
        assert seen.headers["authorization"] == f"Bearer {KEY}"
        assert seen.body["messages"] == [{"role": "user", "content": "Hi"}]

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (Fails(400, ECHO), "incompatible"),
            (Fails(401, ECHO), "invalid_credentials"),
            (Fails(403, ECHO), "invalid_credentials"),
            (Fails(404, ECHO), "model_not_found"),
            (Fails(307, ECHO, {"location": "http://127.0.0.1:9/"}), "incompatible"),
            (Fails(422, ECHO), "incompatible"),
            (Fails(429, ECHO), "rate_limited"),
            (Fails(500, ECHO), "unreachable"),
            (Fails(503, ECHO), "unreachable"),
            (Fails(504, ECHO), "timeout"),
            (Garbles(ECHO.encode()), "incompatible"),
            (Garbles(b'{"note": "' + ECHO.encode() + b'"}', "application/json"), "incompatible"),
        ],
    )
    def test_a_providers_failure_is_told_in_our_words(
        self, bench: Bench, server: RunningServer, answer: Answer, reason: str
    ) -> None:
        bench.enter()
        bench.upstream.script(answer)
        said = bench.ask(bench.made()["model_id"])
        assert (said.status_code, said.json()["ok"], said.json()["reason"]) == (200, False, reason)
        assert said.json()["latency_ms"] is not None
        told = said.text + str(said.headers) + server.log.read_text()
        assert not any(word in told for word in (KEY, "Incorrect API key"))

    def test_missing_secret_names_it_and_calls_nobody(self, bench: Bench) -> None:
        said = bench.tested(bench.made())
        assert (said["ok"], said["reason"], said["latency_ms"]) == (False, "missing_secret", None)
        assert SECRET in said["detail"]
        assert bench.upstream.seen == []

    def test_a_secret_that_may_not_go_there_is_a_missing_one(self, bench: Bench) -> None:
        model = bench.made()
        bench.shelf.enter(SECRET, KEY, hosts=["api.openai.com"])
        assert bench.tested(model)["reason"] == "missing_secret"
        assert bench.upstream.seen == []

    def test_unreachable(self, bench: Bench) -> None:
        port = free_port()
        bench.shelf.enter(SECRET, KEY, hosts=[f"127.0.0.1:{port}"])
        body = bench.body()
        body["chat_generator_config"]["init_parameters"]["api_base_url"] = f"http://127.0.0.1:{port}/v1"
        assert bench.tested(bench.shelf.made(body))["reason"] == "unreachable"

    def test_blocked_by_policy(self, bench: Bench) -> None:
        """The servers of tests may call 127.0.0.1, and that address alone."""
        elsewhere = bench.upstream.url.replace("127.0.0.1", "127.0.0.2")
        bench.shelf.enter(SECRET, KEY, hosts=[elsewhere.removesuffix("/v1")])
        body = bench.body()
        body["chat_generator_config"]["init_parameters"]["api_base_url"] = elsewhere
        model = bench.shelf.made(body)
        assert bench.connected(model) is True
        said = bench.tested(model)
        assert (said["reason"], said["latency_ms"]) == ("blocked_by_policy", None)
        assert "operator" in said["detail"]
        assert bench.connected(model) is False

    def test_timeout(self, bench: Bench) -> None:
        bench.enter()
        bench.upstream.script(Hangs())
        said = bench.tested(bench.made(timeout=0.4))
        assert said["reason"] == "timeout"
        assert 350 <= said["latency_ms"] < 5000

    def test_incompatible_says_what_haymow_lacks(self, bench: Bench) -> None:
        served = {"api_type": "text_generation_inference", "api_params": {"url": bench.upstream.url}}
        config = {"type": "HuggingFaceAPIChatGenerator", "init_parameters": served}
        said = bench.tested(bench.shelf.made({**bench.body(), "chat_generator_config": config}))
        assert (said["reason"], said["latency_ms"]) == ("incompatible", None)
        assert "HuggingFaceAPIChatGenerator" in said["detail"]
        assert bench.upstream.seen == []

    def test_incompatible_where_a_plain_chat_is_against_the_models_own_schema(self, bench: Bench) -> None:
        bench.enter()
        said = bench.tested(bench.made({"type": "object", "required": ["temperature"]}))
        assert (said["reason"], said["latency_ms"]) == ("incompatible", None)
        assert "default" in said["detail"]
        assert bench.upstream.seen == []

    def test_the_document_lists_them_all(self) -> None:
        schema = ConnectionTest.model_json_schema()["properties"]["reason"]
        assert set(schema["enum"]) == set(Reason)


class TestLatency:
    def test_it_is_that_of_the_call(self, bench: Bench) -> None:
        bench.enter()
        bench.upstream.script(Hangs(1.5))
        slow = bench.tested(bench.made())["latency_ms"]
        quick = bench.tested(bench.made())["latency_ms"]
        assert slow >= 1500
        assert 0 <= quick < 1500

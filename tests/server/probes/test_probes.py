"""Connection tests on a whole haymow: what they say, what they send, and who may make them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from haymow.server.serving.probe_rules import Reason
from haymow.wire.registry import ConnectionTest
from tests.conftest import client_of
from tests.running import RunningServer
from tests.server.access.people import let_in, new_token, new_workspace, somebody
from tests.server.probes.bench import KEY, SECRET, Bench, closed_port
from tests.server.registry.shelf import GONE, UNKNOWN, Shelf, openai_config, unique
from tests.upstream import Answer, Fails, Garbles, Hangs, Says, Upstream, wait_until

LIMITED: dict[str, Any] = {"type": "object", "properties": {"max_tokens": {"type": "integer", "maximum": 8}}}
ECHO = f"Incorrect API key provided: {KEY}"


@pytest.fixture
def bench(admin: httpx.Client, workspace: str, upstream: Upstream) -> Bench:
    return Bench(Shelf(admin, f"/api/v2/workspaces/{workspace}"), upstream)


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
        port = closed_port()
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
        bench.upstream.script(Hangs(0.3))
        slow = bench.tested(bench.made())["latency_ms"]
        quick = bench.tested(bench.made())["latency_ms"]
        assert 300 <= slow < 3000
        assert 0 <= quick < 300


class TestSize:
    def test_nothing_but_the_definitions_own_where_no_limit_is_declared(self, bench: Bench) -> None:
        bench.enter()
        bench.tested(bench.made(generation_kwargs={"temperature": 0.5}))
        (seen,) = bench.upstream.seen
        assert seen.body["temperature"] == 0.5
        assert not {"max_tokens", "max_completion_tokens"} & seen.body.keys()

    def test_a_declared_limit_is_used_within_its_bounds(self, bench: Bench) -> None:
        bench.enter()
        bench.tested(bench.made(LIMITED))
        assert [seen.body["max_tokens"] for seen in bench.upstream.seen] == [8]

    def test_the_definitions_own_limit_stays(self, bench: Bench) -> None:
        bench.enter()
        bench.tested(bench.made(LIMITED, generation_kwargs={"max_tokens": 7}))
        assert [seen.body["max_tokens"] for seen in bench.upstream.seen] == [7]

    def test_a_model_that_refuses_the_limit_is_asked_without(self, bench: Bench) -> None:
        bench.enter()
        bench.upstream.script(Fails(400))
        assert bench.tested(bench.made(LIMITED))["reason"] == "ok"
        assert ["max_tokens" in seen.body for seen in bench.upstream.seen] == [True, False]

    def test_no_other_failure_is_asked_about_twice(self, bench: Bench) -> None:
        bench.enter()
        bench.upstream.script(Fails(401))
        assert bench.tested(bench.made(LIMITED))["reason"] == "invalid_credentials"
        assert len(bench.upstream.seen) == 1


class TestWho:
    def test_a_viewer_is_refused_and_nothing_is_called(self, bench: Bench, server: RunningServer) -> None:
        bench.enter()
        model = bench.made()
        person = somebody(bench.shelf.client)
        workspace = bench.shelf.prefix.rpartition("/")[2]
        let_in(bench.shelf.client, workspace, person.user_id, "user")
        with client_of(server.url, person.token) as viewer:
            refused = Bench(Shelf(viewer, bench.shelf.prefix), bench.upstream).ask(model["model_id"])
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert bench.upstream.seen == []

    def test_an_editor_may(self, bench: Bench, server: RunningServer) -> None:
        bench.enter()
        model = bench.made()
        workspace = bench.shelf.prefix.rpartition("/")[2]
        token = new_token(bench.shelf.client, workspace_id=workspace, role="editor")["token"]
        with client_of(server.url, token) as editor:
            assert Bench(Shelf(editor, bench.shelf.prefix), bench.upstream).tested(model)["ok"] is True

    def test_a_foreign_a_deleted_and_an_unknown_model_look_alike(self, bench: Bench) -> None:
        foreign = Shelf(bench.shelf.client, f"/api/v2/workspaces/{new_workspace(bench.shelf.client)[1]}")
        deleted = bench.made()
        bench.shelf.delete(deleted["model_id"])
        for model_id in (foreign.made(bench.body())["model_id"], deleted["model_id"], UNKNOWN):
            answer = bench.ask(model_id)
            assert (answer.status_code, answer.json()["detail"]) == (404, GONE)
        assert bench.ask("nothing").status_code == 422
        assert bench.upstream.seen == []

    def test_whatever_body_is_sent_is_not_read(self, bench: Bench) -> None:
        bench.enter()
        answer = bench.ask(bench.made()["model_id"], content=b"{", headers={"content-type": "text/plain"})
        assert (answer.status_code, answer.json()["reason"]) == (200, "ok")


class TestHowMany:
    def test_an_eleventh_in_a_minute_is_429_and_calls_nobody(self, bench: Bench) -> None:
        bench.enter()
        model = bench.made()
        codes = [bench.ask(model["model_id"]).status_code for _ in range(100)]
        refused = bench.ask(model["model_id"])
        assert codes[:10] == [200] * 10
        assert 88 <= codes.count(429) <= 90  # one more flows in every 6 seconds
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert 1 <= int(refused.headers["retry-after"]) <= 6
        assert len(bench.upstream.seen) == codes.count(200)

    def test_who_asks_while_it_is_tested_gets_that_tests_result(self, bench: Bench) -> None:
        bench.enter()
        model = bench.made()
        bench.upstream.script(Hangs(1.0))
        with ThreadPoolExecutor(3) as pool:
            first = pool.submit(bench.tested, model)
            wait_until(lambda: len(bench.upstream.seen) == 1)
            others = [pool.submit(bench.tested, model) for _ in range(2)]
            said = [one.result(20) for one in (first, *others)]
        assert said == [said[0]] * 3
        assert said[0]["reason"] == "timeout"
        assert len(bench.upstream.seen) == 1


class TestConnected:
    def test_it_follows_the_last_test(self, bench: Bench) -> None:
        bench.enter()
        model = bench.made()
        other = bench.made()
        etag = bench.shelf.read(model["model_id"]).headers["etag"]
        bench.upstream.script(Fails(401), Says(), Fails(429))
        for expected in (False, True, False):
            assert bench.tested(model)["ok"] is expected
            assert bench.connected(model) is expected
            unchanged = bench.shelf.patch(model["model_id"], {"name": model["name"]})
            assert (unchanged.json()["connected"], unchanged.headers["etag"]) == (expected, etag)
            again = bench.shelf.restore(model["model_id"], 1)
            assert (again.json()["connected"], again.headers["etag"]) == (expected, etag)
        assert bench.connected(other) is True

    def test_a_new_revision_has_not_been_tested(self, bench: Bench) -> None:
        bench.enter()
        model = bench.made()
        bench.upstream.script(Fails(404))
        bench.tested(model)
        assert bench.connected(model) is False
        changed = bench.shelf.patch(model["model_id"], {"generation_kwargs": {"type": "object"}})
        assert changed.json()["connected"] is True
        assert bench.connected(model) is True

    def test_nor_have_a_secrets_new_values(self, bench: Bench) -> None:
        secret = bench.enter()
        model = bench.made()
        bench.upstream.script(Fails(401))
        bench.tested(model)
        assert bench.connected(model) is False
        value = {"secret": "sk-another", "hosts": secret["hosts"]}
        path = f"{bench.shelf.prefix}/secrets/{secret['secret_id']}"
        assert bench.shelf.client.put(path, json=value).status_code == 200
        assert bench.connected(model) is True

    def test_a_test_without_the_secret_says_nothing_of_one_with_it(self, bench: Bench) -> None:
        model = bench.made()
        assert bench.tested(model)["reason"] == "missing_secret"
        assert bench.connected(model) is False
        secret = bench.enter()
        assert bench.connected(model) is True
        bench.tested(model)
        path = f"{bench.shelf.prefix}/secrets/{secret['secret_id']}"
        assert bench.shelf.client.delete(path, params={"force": "true"}).status_code == 204
        assert bench.connected(model) is False

    def test_a_model_without_secrets_is_connected_by_its_test_alone(self, bench: Bench) -> None:
        mock = {"type": "MockChatGenerator", "init_parameters": {}}
        works = bench.shelf.made({**bench.body(), "chat_generator_config": mock})
        ollama = {"type": "OllamaChatGenerator", "init_parameters": {"url": "http://localhost:11434"}}
        fails = bench.shelf.made({**bench.body(), "chat_generator_config": ollama})
        assert (bench.connected(works), bench.connected(fails)) == (None, None)
        bench.tested(works)
        bench.tested(fails)
        assert (bench.connected(works), bench.connected(fails)) == (True, False)

    @pytest.mark.parametrize("whose", ["the organization's", "each workspace's own"])
    def test_an_organizations_model_is_tested_in_each_workspace_for_itself(self, bench: Bench, whose: str) -> None:
        client, name = bench.shelf.client, unique("KEY").replace("-", "_")
        organization = Shelf(client, "/api/v2")
        other = Bench(Shelf(client, f"/api/v2/workspaces/{new_workspace(client)[1]}"), bench.upstream)
        config = openai_config(name, model="scripted", api_base_url=bench.upstream.url)
        model = organization.made({**bench.body(), "name": unique("shared"), "chat_generator_config": config})
        for where in [organization] if whose == "the organization's" else [bench.shelf, other.shelf]:
            where.enter(name, KEY, hosts=[f"127.0.0.1:{bench.upstream.port}"])
        bench.upstream.script(Fails(401))
        assert bench.tested(model)["ok"] is False
        assert (bench.connected(model), other.connected(model)) == (False, True)

    def test_what_changed_while_it_was_tested_has_not_been_tested(self, bench: Bench) -> None:
        bench.enter()
        model = bench.made()
        bench.upstream.script(Hangs(1.0))
        with ThreadPoolExecutor(1) as pool:
            testing = pool.submit(bench.tested, model)
            wait_until(lambda: len(bench.upstream.seen) == 1)
            assert bench.shelf.patch(model["model_id"], {"provider": "other"}).status_code == 200
            assert testing.result(20)["ok"] is False
        assert bench.connected(model) is True

    def test_a_model_that_is_brought_back_has_not_been_tested(self, bench: Bench) -> None:
        bench.enter()
        model = bench.made()
        bench.upstream.script(Fails(401))
        bench.tested(model)
        bench.shelf.delete(model["model_id"])
        assert bench.shelf.restore(model["model_id"], 1).json()["connected"] is True

    def test_it_is_no_change_of_the_model(self, bench: Bench) -> None:
        bench.enter()
        model = bench.made()
        bench.tested(model)
        assert [entry["action"] for entry in bench.shelf.audit(model["model_id"])] == ["model.create"]
        assert bench.shelf.revisions(model["model_id"]).json()["total"] == 1

"""Connection tests on a whole haymow: what they send, who may make them, and how many."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

from tests.answers import Fails, Hangs
from tests.conftest import client_of
from tests.running import RunningServer
from tests.server.access.people import let_in, new_token, new_workspace, somebody
from tests.server.probes.bench import Bench
from tests.server.registry.shelf import GONE, UNKNOWN, Shelf
from tests.waiting import wait_until

LIMITED: dict[str, Any] = {"type": "object", "properties": {"max_tokens": {"type": "integer", "maximum": 8}}}


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
        model, begun, passed = bench.made(), monotonic(), 0
        while (refused := bench.ask(model["model_id"])).status_code == 200:
            passed += 1
        assert 10 <= passed <= 10 + (monotonic() - begun) / 6  # one more flows in every 6 seconds
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert 1 <= int(refused.headers["retry-after"]) <= 6
        assert len(bench.upstream.seen) == passed

    def test_who_asks_while_it_is_tested_gets_that_tests_result(self, bench: Bench) -> None:
        bench.enter()
        model = bench.made()
        bench.upstream.script(Hangs(3.0))
        with ThreadPoolExecutor(3) as pool:
            first = pool.submit(bench.tested, model)
            wait_until(lambda: len(bench.upstream.seen) == 1)
            others = [pool.submit(bench.tested, model) for _ in range(2)]
            said = [one.result(20) for one in (first, *others)]
        assert said == [said[0]] * 3
        assert said[0]["reason"] == "timeout"
        assert len(bench.upstream.seen) == 1

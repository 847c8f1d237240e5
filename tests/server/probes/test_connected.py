"""`connected` follows the last connection test, for as long as nothing that it tested has changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.answers import Fails, Hangs, Says
from tests.server.access.people import new_workspace, unique
from tests.server.probes.bench import KEY, Bench
from tests.server.registry.shelf import Shelf, openai_config, secret_name
from tests.waiting import wait_until


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
        client, name = bench.shelf.client, secret_name()
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
        bench.upstream.script(Hangs(3.0))
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

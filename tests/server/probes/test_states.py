"""The states of models follow their connection tests, for as long as those count."""

from __future__ import annotations

from typing import Any

import pytest

from tests.answers import Answer, Fails, Garbles
from tests.server.access.people import new_workspace, unique
from tests.server.probes.bench import KEY, SECRET, Bench
from tests.server.registry.shelf import Shelf, openai_config, secret_name


def state_of(bench: Bench, model: dict[str, Any]) -> dict[str, Any]:
    answer = bench.shelf.client.get(f"{bench.shelf.prefix}/model_states", params={"model_id": model["model_id"]})
    assert answer.status_code == 200, answer.text
    (state,) = answer.json()["data"]
    return dict(state)


def test_a_test_that_passed(bench: Bench) -> None:
    bench.enter()
    model = bench.made()
    assert state_of(bench, model)["reason"] == "untested"
    said, state = bench.tested(model), state_of(bench, model)
    assert {key: state[key] for key in said if key != "ok"} == {key: said[key] for key in said if key != "ok"}
    assert (state["connected"], state["reason"], state["missing_secrets"]) == (True, "ok", [])


@pytest.mark.parametrize(
    "answer", [Fails(400), Fails(401), Fails(404), Fails(429), Fails(500), Fails(504), Garbles(b"moo")], ids=repr
)
def test_a_test_that_failed(bench: Bench, answer: Answer) -> None:
    bench.enter()
    model = bench.made()
    bench.upstream.script(answer)
    said, state = bench.tested(model), state_of(bench, model)
    assert said["ok"] is state["connected"] is False
    assert [state[key] for key in ("reason", "tested_at", "latency_ms")] == [
        said[key] for key in ("reason", "tested_at", "latency_ms")
    ]
    assert state["detail"].endswith(".")


def test_a_secret_that_is_missing_is_told_in_the_same_words(bench: Bench) -> None:
    model = bench.made()
    untested = state_of(bench, model)
    said, tested = bench.tested(model), state_of(bench, model)
    assert untested["detail"] == tested["detail"] == said["detail"]
    assert tested["missing_secrets"] == [SECRET]
    assert (untested["tested_at"], tested["tested_at"]) == (None, said["tested_at"])


def test_a_definition_that_is_never_called_is_told_in_the_same_words(bench: Bench) -> None:
    served = {"api_type": "text_generation_inference", "api_params": {"url": bench.upstream.url}}
    config = {"type": "HuggingFaceAPIChatGenerator", "init_parameters": served}
    model = bench.shelf.made({**bench.body(), "chat_generator_config": config})
    assert state_of(bench, model)["detail"] == bench.tested(model)["detail"]


def test_a_new_revision_is_untested(bench: Bench) -> None:
    bench.enter()
    model = bench.made()
    bench.upstream.script(Fails(401))
    bench.tested(model)
    assert state_of(bench, model)["reason"] == "invalid_credentials"
    bench.shelf.patch(model["model_id"], {"provider": "other"})
    state = state_of(bench, model)
    assert (state["connected"], state["reason"], state["tested_at"]) == (True, "untested", None)


def test_so_is_a_secrets_new_value_and_one_that_is_gone_is_missing(bench: Bench) -> None:
    secret = bench.enter()
    model = bench.made()
    bench.tested(model)
    one = f"{bench.shelf.prefix}/secrets/{secret['secret_id']}"
    bench.shelf.client.put(one, json={"secret": "sk-another", "hosts": secret["hosts"]})
    assert state_of(bench, model)["reason"] == "untested"
    bench.tested(model)
    bench.shelf.client.delete(one, params={"force": "true"})
    state = state_of(bench, model)
    assert (state["connected"], state["reason"], state["tested_at"]) == (False, "missing_secret", None)


def test_a_test_says_nothing_of_the_model_as_it_is_seen_from_elsewhere(bench: Bench) -> None:
    client, name = bench.shelf.client, secret_name()
    organization = Bench(Shelf(client, "/api/v2"), bench.upstream)
    other = Bench(Shelf(client, f"/api/v2/workspaces/{new_workspace(client)[1]}"), bench.upstream)
    organization.shelf.enter(name, KEY, hosts=[f"127.0.0.1:{bench.upstream.port}"])
    config = openai_config(name, model="scripted", api_base_url=bench.upstream.url)
    model = organization.shelf.made({**bench.body(), "name": unique("shared"), "chat_generator_config": config})
    bench.tested(model)
    assert [state_of(one, model)["reason"] for one in (bench, other, organization)] == ["ok", "untested", "untested"]

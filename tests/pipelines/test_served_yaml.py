"""The pipeline that haymow serves for a model: Haystack loads it as it is, and it runs."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import yaml
from haystack import Pipeline
from haystack.components.agents import Agent
from haystack.components.generators.chat import LLM, OpenAIChatGenerator
from haystack.dataclasses import ChatMessage

from haymow.server.registry.pipelines import COMPONENT, Address, pipeline
from haymow.server.registry.rules import Definition
from haystack_integrations.components.generators.haymow import HaymowChatGenerator
from tests.abuse.subject import refused
from tests.answers import Says
from tests.conftest import definition
from tests.pipelines.house import GENERATOR, KEY_NAME, LOCAL, OWN_KEY, SERVER_KEY, House, awaited
from tests.server.access.people import unique
from tests.server.registry.shelf import GONE, UNKNOWN, Shelf

COMPONENTS = {"llm": LLM, "agent": Agent, "generator": None}
MODES = {"remote": HaymowChatGenerator, "local": HaymowChatGenerator, "pasted": OpenAIChatGenerator}
QUESTION = [
    ChatMessage.from_system("You are a helpful assistant."),
    ChatMessage.from_user("What is the capital of France?"),
]


def served(house: House, model_id: str, **query: str) -> httpx.Response:
    return house.client.get(f"{house.shelf.models}/{model_id}/pipeline", params=query)


def text(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/yaml"
    return answer.text


def said(result: dict[str, Any], component: str) -> str | None:
    out = result[component]
    message: ChatMessage = out["replies"][0] if component == "generator" else out["last_message"]
    return message.text


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("component", COMPONENTS)
def test_it_loads_and_runs_as_it_is(house: House, component: str, mode: str) -> None:
    model = house.model(generation_kwargs={"seed": 5})
    found = Pipeline.loads(text(served(house, model["model_id"], component=component, mode=mode)))
    outer: Any = found.get_component(component)
    inner = outer if component == "generator" else outer.chat_generator
    assert type(inner) is MODES[mode]
    assert component == "generator" or type(outer) is COMPONENTS[component]
    house.upstream.script(Says("Paris."), Says("Still Paris."))
    assert said(found.run({component: {"messages": QUESTION}}), component) == "Paris."
    assert said(awaited(found, {component: {"messages": QUESTION}}), component) == "Still Paris."
    keys = {seen.headers["authorization"] for seen in house.upstream.seen}
    assert keys == {f"Bearer {SERVER_KEY if mode == 'remote' else OWN_KEY}"}
    assert house.upstream.seen[-1].body["seed"] == 5


def test_without_a_choice_it_is_an_llm_that_asks_haymow(house: House) -> None:
    model = house.model()["model_id"]
    assert text(served(house, model)) == text(served(house, model, component="llm", mode="remote"))


def test_the_real_local_model_answers_in_it(house: House) -> None:
    listed = house.shelf.page(name=LOCAL).json()["data"][0]
    found = Pipeline.loads(text(served(house, listed["model_id"])))
    asked = {"messages": QUESTION, "generation_kwargs": {"temperature": 0, "max_tokens": 20}}
    assert "Paris" in (said(found.run({"llm": asked}), "llm") or "")


def test_it_reads_well(house: House) -> None:
    model = house.model("reads well")
    assert (
        text(served(house, model["model_id"], mode="local"))
        == f"""\
components:
  llm:
    type: haystack.components.generators.chat.llm.LLM
    init_parameters:
      chat_generator:
        type: {GENERATOR}
        init_parameters:
          model: reads well
          workspace: {house.workspace}
          api_base_url: {house.server.url}
          api_key:
            type: env_var
            env_vars:
            - HAYMOW_API_KEY
            strict: true
          mode: local
          local_hosts:
            {house.destination}:
            - {KEY_NAME}
connections: []
max_runs_per_component: 100
metadata: {{}}
"""
    )


def test_it_holds_no_secret(house: House) -> None:
    model = house.model()
    for mode in MODES:
        found = text(served(house, model["model_id"], mode=mode))
        assert SERVER_KEY not in found
        assert house.server.token not in found


@pytest.mark.parametrize("query", [{"component": "chain"}, {"mode": "both"}, {"component": "LLM"}])
def test_what_it_does_not_know_is_422(house: House, query: dict[str, str]) -> None:
    pointer = f"#/query/{next(iter(query))}"
    assert list(refused(served(house, house.model()["model_id"], **query), 422)) == [pointer]


def test_a_model_that_is_not_there_is_404(house: House) -> None:
    answer = served(house, UNKNOWN)
    assert (answer.status_code, answer.json()["detail"]) == (404, GONE)
    other = house.client.post("/api/v1/workspaces", json={"name": unique("w")}).json()["workspace_id"]
    elsewhere = Shelf(house.client, f"/api/v2/workspaces/{other}").made(definition())
    assert served(house, elsewhere["model_id"]).status_code == 404


def test_a_model_of_the_organization_is_seen_from_the_workspace(house: House) -> None:
    made = Shelf(house.client, "/api/v2").made(definition(unique("org")))
    found = yaml.safe_load(text(served(house, made["model_id"], component="generator")))
    parameters = found["components"]["generator"]["init_parameters"]
    assert (parameters["model"], parameters["workspace"]) == (made["name"], house.workspace)


def test_a_model_that_another_of_its_name_hides_goes_by_its_id(house: House) -> None:
    hidden = Shelf(house.client, "/api/v2").made(definition(unique("twin")))
    house.model(hidden["name"])
    found = Pipeline.loads(text(served(house, hidden["model_id"], component="generator")))
    component: Any = found.get_component("generator")
    assert component.model == hidden["model_id"]


@pytest.mark.parametrize("host", ["haymow.example.com", "haymow.example.com:8443", "[::1]:8000", "127.0.0.1:1"])
def test_haymows_address_is_the_one_it_was_asked_at(house: House, host: str) -> None:
    model = house.model()["model_id"]
    answer = house.client.get(
        f"{house.shelf.models}/{model}/pipeline",
        headers={
            "host": host,
            "x-forwarded-host": "evil.example",
            "x-forwarded-proto": "https",
            "forwarded": "host=evil",
        },
    )
    found = yaml.safe_load(text(answer))
    parameters = found["components"]["llm"]["init_parameters"]["chat_generator"]["init_parameters"]
    assert parameters["api_base_url"] == f"http://{host}"
    assert answer.headers["cache-control"] == "no-store"


def test_a_host_that_is_none_never_gets_into_it(house: House) -> None:
    model = house.model()["model_id"]
    for host in ("evil.example/x", "a@b", "a b", "a\\b", "a: b"):
        answer = house.client.get(f"{house.shelf.models}/{model}/pipeline", headers={"host": host})
        assert answer.status_code == 400


@pytest.mark.parametrize("accept", ["application/yaml", "*/*", "application/yaml, text/plain;q=0.5"])
def test_it_may_be_asked_for_by_its_media_type(house: House, accept: str) -> None:
    path = f"{house.shelf.models}/{house.model()['model_id']}/pipeline"
    assert house.client.get(path, headers={"accept": accept}).status_code == 200


def test_the_component_is_where_the_yaml_says() -> None:
    assert COMPONENT == GENERATOR == f"{HaymowChatGenerator.__module__}.{HaymowChatGenerator.__name__}"


NAMES = [
    "yes", "No", "null", "~", "1.0", "1e3", "0x1F", "0o17", "1_000", "2026-11-26", "12:30:45", "a: b", "a #b", "# a",
    "*a", "&a", "!a", "!!python/object:os.system", "- a", "-", "? a", "[a]", "{a}", "{{ a }}", "%a", "@a", "`a`", "'a'",
    '"a"', "a\\n", "|", ">", "=", "<<", ".inf", "---", "...", "Größe", "模型", "🐄", "e\u0301", "a" * 255,
    " ".join(["word"] * 50),
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_yaml_could_misread_survives(name: str) -> None:
    plain = Definition(name, "mock", '{"type": "x", "init_parameters": {}}', "{}")
    found = pipeline(plain, Address("http://127.0.0.1:1", "w", name), "generator", "remote")
    component: Any = Pipeline.loads(found).get_component("generator")
    assert component.model == name
    assert len(found.splitlines()) == 16, "a text stays on its line"


@pytest.mark.parametrize("name", ["yes", "1.0", "a: b", "*a", "Größe 🐄"])
def test_such_a_model_answers_through_its_pipeline(house: House, name: str) -> None:
    model = house.model(f"{name} {unique('n')}") if name == "a: b" else house.model(name)
    found = Pipeline.loads(text(served(house, model["model_id"], component="generator")))
    assert said(found.run({"generator": {"messages": QUESTION}}), "generator") == "Hello"


def test_values_of_a_pasted_definition_stay_what_they_are(house: House) -> None:
    values = {
        "stop": ["yes", "1.0", "\u2028", "a\nb\n", "\n", " x ", "\x85", "a\x85b", "", "\r", "\ufeff", "\x1b", "🐄"],
        "seed": 7,
        "temperature": 1.0,
        "top_p": 1e-7,
    }
    more: dict[str, Any] = {"timeout": 1e20, "organization": None, "generation_kwargs": values}
    model = house.model(**more)
    found = yaml.safe_load(text(served(house, model["model_id"], component="generator", mode="pasted")))
    assert found["components"]["generator"] == model["chat_generator_config"]
    assert repr(found["components"]["generator"]) == repr(model["chat_generator_config"])

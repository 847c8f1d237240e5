"""Every generator's smallest definition, and definitions at random: nothing echoed, nothing that cannot be built."""

from __future__ import annotations

import copy
import importlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haymow.errors import Invalid
from haymow.generators import check, generators

CANARY = "cAnArY7f3e"
ENDPOINT = "https://x.openai.azure.com/"
KEY = {"type": "env_var", "env_vars": ["MY_KEY"], "strict": True}

# What each generator cannot do without; those not named here need nothing.
MINIMAL: dict[str, dict[str, Any]] = {
    "AmazonBedrockChatGenerator": {"model": "anthropic.claude-haiku-4-5"},
    "AnthropicFoundryChatGenerator": {"resource": "mine"},
    "AnthropicVertexChatGenerator": {"region": "us-east5", "project_id": "mine"},
    "AzureOpenAIChatGenerator": {"azure_endpoint": ENDPOINT},
    "AzureOpenAIResponsesChatGenerator": {"azure_endpoint": ENDPOINT},
    "HuggingFaceAPIChatGenerator": {"api_type": "serverless_inference_api", "api_params": {"model": "a/b"}},
    "LiteLLMChatGenerator": {"api_key": KEY},
    "LlamaStackChatGenerator": {"model": "m"},
    "STACKITChatGenerator": {"model": "m"},
    "VLLMChatGenerator": {"model": "m"},
}
ALLOWED = [info for info in generators() if info.status == "available"]
CORE = [info for info in ALLOWED if info.package == "haystack-ai"]


def minimal(name: str) -> dict[str, Any]:
    return {"type": name, "init_parameters": copy.deepcopy(MINIMAL.get(name, {}))}


@pytest.mark.parametrize("info", ALLOWED, ids=lambda info: info.name)
def test_the_smallest_definition_of_each_generator_is_accepted(info: Any) -> None:
    for name in (info.name, info.type, *info.aliases):
        checked = check({**minimal(info.name), "type": name})
        assert checked.config == {"type": info.type, "init_parameters": MINIMAL.get(info.name, {})}
        assert checked.generator == info.name


@pytest.mark.parametrize("info", ALLOWED, ids=lambda info: info.name)
def test_what_the_signature_says_anyway_may_be_written_out(info: Any) -> None:
    defaults = {
        name: schema["default"]
        for name, schema in info.schema["properties"].items()
        if "default" in schema and name not in MINIMAL.get(info.name, {})
    }
    once = check({"type": info.name, "init_parameters": {**MINIMAL.get(info.name, {}), **defaults}})
    short = check(minimal(info.name))
    assert (once.needs, once.uses, once.destination) == (short.needs, short.uses, short.destination)
    assert json.dumps(check(once.config).config) == json.dumps(once.config)


def build(config: dict[str, Any]) -> Any:
    module, _, name = config["type"].rpartition(".")
    cls = getattr(importlib.import_module(module), name)
    return cls.from_dict(copy.deepcopy(config))  # from_dict changes what it is given


@pytest.mark.parametrize("info", CORE, ids=lambda info: info.name)
def test_haystack_builds_the_smallest_definition_and_writes_one_that_is_canonical(info: Any) -> None:
    written = build(check(minimal(info.name)).config).to_dict()
    assert check(written).config == written


texts = st.text(max_size=8)
scalars = st.none() | st.booleans() | st.integers(-9, 99) | st.floats(0, 9) | texts
keys = texts | st.sampled_from(["type", "init_parameters"])
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=6
)
two_names = {"type": "env_var", "env_vars": ["A", "B"]}
component = {"type": "haystack.components.builders.prompt_builder.PromptBuilder", "init_parameters": {"template": "x"}}
likely = st.sampled_from([KEY, two_names, component, "https://a.example/v1", "http://127.1:8000", {"n": 1}, {}])


@st.composite
def definitions(draw: st.DrawFn, infos: list[Any], values: st.SearchStrategy[Any]) -> dict[str, Any]:
    """A minimal definition with some of its generator's parameters set to anything."""
    info = draw(st.sampled_from(infos))
    names = draw(st.lists(st.sampled_from(sorted(info.schema["properties"])), max_size=4))
    config = minimal(info.name)
    config["init_parameters"] |= {name: draw(values) for name in names}
    return config


@settings(max_examples=300, deadline=None)
@given(definitions(CORE, likely | documents))
def test_what_is_accepted_can_be_built_by_haystack(config: dict[str, Any]) -> None:
    try:
        checked = check(config)
    except Invalid:
        return
    assert check(checked.config).config == checked.config
    written = build(checked.config).to_dict()["init_parameters"]
    given_key = checked.config["init_parameters"].get("api_key", written.get("api_key"))
    assert written.get("api_key") == given_key


canaries = st.sampled_from(
    [CANARY, f"sk-{CANARY}", f"https://{CANARY}@x", f"\u0000{CANARY}", f"a.{CANARY}", f"{CANARY}\r\n"]
)
hidden_keys = canaries | st.sampled_from(["type", "env_vars", "url", "model", "headers"])
hidden = st.recursive(
    canaries | scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hidden_keys, inner, max_size=3),
    max_leaves=8,
)
any_config = hidden | st.fixed_dictionaries({"type": canaries | hidden, "init_parameters": hidden})
not_json = ["\ud800", {1: 2}, {"a": {1: 2}}, float("nan"), float("inf"), 10**400, object(), b"x", {"\ud800": 1}]


@settings(max_examples=600, deadline=None)
@given(definitions(ALLOWED, hidden) | any_config, st.data())
def test_nothing_of_a_definition_is_repeated(config: Any, data: st.DataObject) -> None:
    if isinstance(config, dict) and data.draw(st.booleans()):
        config = {**config, CANARY: 1}
    try:
        check(config)
    except Invalid as error:
        told = [str(error), repr(error), repr(error.args), *map(repr, error.faults)]
        assert not [text for text in told if CANARY.lower() in text.lower()]
        assert 1 <= len(error.faults) <= 50
        assert error.__context__ is None


@pytest.mark.parametrize("value", not_json)
@pytest.mark.parametrize(
    "name", ["model", "generation_kwargs", "api_key", "timeout", "http_client_kwargs", "organization"]
)
def test_what_json_cannot_say_is_an_answer_and_no_crash(name: str, value: object) -> None:
    try:
        check({"type": "OpenAIChatGenerator", "init_parameters": {name: value}})
    except Invalid as error:
        assert [fault.pointer for fault in error.faults] == [f"#/chat_generator_config/init_parameters/{name}"]


def test_deep_nesting_is_an_answer_and_no_crash() -> None:
    value: Any = {}
    for _ in range(5000):
        value = {"a": value}
    try:
        check({"type": "OpenAIChatGenerator", "init_parameters": {"generation_kwargs": value}})
    except Invalid as error:
        assert [fault.code for fault in error.faults] == ["invalid_value"]

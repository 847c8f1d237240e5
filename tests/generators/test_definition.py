"""What `check` accepts, what it makes of it, and how it tells what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from haymow.errors import Invalid
from haymow.generators import check
from tests.generators.definitions import PARAMETERS, config, faults, found

OPENAI = "haystack.components.generators.chat.openai.OpenAIChatGenerator"


@pytest.mark.parametrize(
    "name",
    ["OpenAIChatGenerator", "haystack.components.generators.chat.OpenAIChatGenerator", OPENAI],
)
def test_every_name_of_a_generator_becomes_its_canonical_type(name: str) -> None:
    assert check({"type": name, "init_parameters": {}}).config == {"type": OPENAI, "init_parameters": {}}


def test_a_type_of_haystack_2_becomes_the_one_of_today() -> None:
    old = "haystack.components.generators.chat.hugging_face_api.HuggingFaceAPIChatGenerator"
    parameters = {"api_type": "serverless_inference_api", "api_params": {"model": "a/b"}}
    today = "haystack_integrations.components.generators.huggingface_api.chat.chat_generator"
    checked = check({"type": old, "init_parameters": parameters})
    assert checked.config["type"] == f"{today}.HuggingFaceAPIChatGenerator"


def test_omitted_parameters_stay_omitted_and_the_order_is_kept() -> None:
    config = {"init_parameters": {"timeout": 5, "model": "gpt-5"}, "type": "OpenAIChatGenerator"}
    assert json.dumps(check(config).config) == json.dumps(
        {"type": OPENAI, "init_parameters": {"timeout": 5, "model": "gpt-5"}}
    )


def test_missing_init_parameters_are_an_empty_object() -> None:
    assert check({"type": "OpenAIChatGenerator"}).config["init_parameters"] == {}


@pytest.mark.parametrize(
    "config", [config(api_key={"env_vars": ["A"], "type": "env_var"}), {"type": "OpenAIChatGenerator"}]
)
def test_the_config_given_is_not_changed(config: dict[str, Any]) -> None:
    before = json.dumps(config)
    check(config)
    assert json.dumps(config) == before


def test_what_is_canonical_stays_as_it_is() -> None:
    once = check(config(model="m", api_key={"type": "env_var", "env_vars": ["K"]}, generation_kwargs={"n": 1})).config
    assert json.dumps(check(once).config) == json.dumps(once)


@pytest.mark.parametrize("config", [None, [], "OpenAIChatGenerator", 5, True])
def test_a_config_is_an_object(config: object) -> None:
    assert found(config) == [("#/chat_generator_config", "invalid_value")]


def test_a_config_names_its_type() -> None:
    assert found({}) == [("#/chat_generator_config/type", "required")]


@pytest.mark.parametrize(
    "name",
    [
        "subprocess.Popen",
        "haystack.components.fetchers.link_content.LinkContentFetcher",
        "haystack.core.pipeline.pipeline.Pipeline",
        "openaichatgenerator",
        " OpenAIChatGenerator",
        "",
        5,
        None,
        ["OpenAIChatGenerator"],
        {"type": "OpenAIChatGenerator"},
    ],
)
def test_a_type_haymow_does_not_know_is_refused(name: object) -> None:
    assert found({"type": name, "init_parameters": {"x": 1}}) == [("#/chat_generator_config/type", "unknown_generator")]


@pytest.mark.parametrize("name", ["LLM", "FallbackChatGenerator", "TransformersChatGenerator", "LlamaCppChatGenerator"])
def test_a_generator_that_runs_code_or_holds_others_is_refused(name: str) -> None:
    assert found({"type": name, "init_parameters": {}}) == [("#/chat_generator_config/type", "refused_generator")]


def test_a_module_of_ones_own_is_not_imported(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_generator.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w').close()")
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    name = "own_generator.OpenAIChatGenerator"
    assert found({"type": name}) == [("#/chat_generator_config/type", "unknown_generator")]
    assert set(sys.modules) == before
    assert not (tmp_path / "imported").exists()


def test_checking_never_imports_haystack() -> None:
    code = (
        "import sys, haymow.generators as g\n"
        "g.check({'type': 'OpenAIChatGenerator'}); g.generators()\n"
        "assert not [m for m in sys.modules if m.partition('.')[0] in ('haystack', 'haystack_integrations', 'openai')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_room_reads_no_schema() -> None:
    code = (
        "import sys\n"
        "opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == 'open' else None)\n"
        "import haymow.generators\n"
        "assert not [name for name in opened if name.endswith('.json')], opened"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_other_keys_beside_type_and_init_parameters_are_refused() -> None:
    assert found({"type": "OpenAIChatGenerator", "name": "x"}) == [("#/chat_generator_config", "unknown_parameter")]


@pytest.mark.parametrize("parameters", [None, [], "x", 5])
def test_init_parameters_are_an_object(parameters: object) -> None:
    assert found({"type": "OpenAIChatGenerator", "init_parameters": parameters}) == [(PARAMETERS, "invalid_value")]


def test_unknown_parameters_are_told_without_their_names() -> None:
    (fault,) = faults(config(modell="x", zzz=1))
    assert (fault.pointer, fault.code) == (PARAMETERS, "unknown_parameter")
    assert "modell" not in fault.message


def test_required_parameters_are_asked_for() -> None:
    config = {"type": "AnthropicVertexChatGenerator", "init_parameters": {}}
    assert found(config) == [(f"{PARAMETERS}/region", "required"), (f"{PARAMETERS}/project_id", "required")]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("model", 5, "Give a text."),
        ("timeout", "5", "Give a number or null."),
        ("timeout", True, "Give a number or null."),
        ("max_retries", 1.5, "Give a whole number or null."),
        ("tools_strict", 1, "Give true or false."),
        ("generation_kwargs", [], "Give an object or null."),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_in_plain_words(name: str, value: object, words: str) -> None:
    (fault,) = faults({"type": "OpenAIChatGenerator", "init_parameters": {name: value}})
    assert (fault.pointer, fault.code, fault.message) == (f"{PARAMETERS}/{name}", "invalid_value", words)


def test_a_fault_deep_in_a_value_is_told_at_its_parameter() -> None:
    config = {"type": "GoogleGenAIChatGenerator", "init_parameters": {"safety_settings": [{}, {"secret": 1}, 5]}}
    assert found(config) == [(f"{PARAMETERS}/safety_settings", "invalid_value")]


def test_every_fault_is_told_at_once() -> None:
    wrong = config(model=5, api_key="sk-1", tools=[], api_base_url="file:///x", more=1)
    assert {pointer for pointer, _ in found({**wrong, "extra": 1})} == {
        "#/chat_generator_config",
        PARAMETERS,
        *(f"{PARAMETERS}/{name}" for name in ("model", "api_key", "tools", "api_base_url")),
    }


def test_at_most_fifty_faults_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"k{number}" for number in range(80)]
    monkeypatch.setattr("haymow.generators.facts.REFUSED_GENERATION_KWARGS", frozenset(names))
    assert len(faults(config(generation_kwargs=dict.fromkeys(names, 1)))) == 50


def test_pointers_begin_where_the_caller_says() -> None:
    (fault,) = faults(config(model=5), pointer="#/config")
    assert fault.pointer == "#/config/init_parameters/model"


def test_the_message_is_the_published_one() -> None:
    with pytest.raises(Invalid, match=r"^The model configuration is invalid\.$"):
        check({})

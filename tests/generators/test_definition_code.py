"""Definitions run nothing: no callable, no tool, no class that Haystack would build on the way."""

from __future__ import annotations

from typing import Any

import pytest

from haymow.generators import check
from tests.generators.definitions import PARAMETERS, config, faults, found


@pytest.mark.parametrize("name", ["tools", "streaming_callback"])
@pytest.mark.parametrize(
    "value", ["builtins.input", "haystack.logging.configure_logging", [], {}, [{"type": "x"}], False]
)
def test_code_is_refused_wherever_it_could_be_named(name: str, value: object) -> None:
    assert found({"type": "OpenAIChatGenerator", "init_parameters": {name: value}}) == [
        (f"{PARAMETERS}/{name}", "refused_parameter")
    ]


def test_what_haystack_itself_writes_for_absent_code_is_accepted() -> None:
    assert check(config(tools=None, streaming_callback=None)).config["init_parameters"] == {
        "tools": None,
        "streaming_callback": None,
    }


@pytest.mark.parametrize(
    ("generator", "parameters", "name"),
    [
        ("AnthropicChatGenerator", {"anthropic_server_tools": [{"type": "web_search"}]}, "anthropic_server_tools"),
        ("AzureOpenAIChatGenerator", {"azure_ad_token_provider": "os.getcwd"}, "azure_ad_token_provider"),
        ("MockChatGenerator", {"response_fn": "os.system"}, "response_fn"),
        ("WatsonxChatGenerator", {"verify": False}, "verify"),
        (
            "AmazonBedrockChatGenerator",
            {"model": "m", "aws_profile_name": {"type": "env_var", "env_vars": ["X"], "strict": False}},
            "aws_profile_name",
        ),
    ],
)
def test_code_and_files_of_single_generators_are_refused(generator: str, parameters: dict[str, Any], name: str) -> None:
    assert (f"{PARAMETERS}/{name}", "refused_parameter") in found({"type": generator, "init_parameters": parameters})


@pytest.mark.parametrize(
    "value",
    [
        {"type": "env_var", "env_vars": ["DATABASE_URL"], "strict": True},
        {"type": "token", "token": "x"},
        {"type": "single", "device": "cpu"},
        {"type": "multiple", "device_map": {}},
        {"type": "haystack.components.fetchers.link_content.LinkContentFetcher", "init_parameters": {}},
        {"type": "subprocess.Popen", "init_parameters": {"args": ["true"]}},
    ],
)
@pytest.mark.parametrize(
    ("generator", "name"),
    [
        ("OpenAIChatGenerator", "generation_kwargs"),
        ("MockChatGenerator", "meta"),
        ("OllamaChatGenerator", "response_format"),
    ],
)
def test_an_object_that_haystack_would_build_from_is_refused(generator: str, name: str, value: object) -> None:
    config = {"type": generator, "init_parameters": {name: value}}
    assert found(config) == [(f"{PARAMETERS}/{name}", "refused_object")]


def test_an_object_with_a_type_that_means_nothing_to_haystack_is_accepted() -> None:
    for schema in ({"type": "object", "properties": {}}, {"type": ["object", "null"]}):
        config = {"type": "OllamaChatGenerator", "init_parameters": {"response_format": schema}}
        assert check(config).config["init_parameters"] == {"response_format": schema}


def test_a_callable_is_no_api_key() -> None:
    parameters = {"azure_endpoint": "https://x.openai.azure.com", "api_key": "os.getcwd"}
    config = {"type": "AzureOpenAIResponsesChatGenerator", "init_parameters": parameters}
    assert found(config) == [(f"{PARAMETERS}/api_key", "literal_secret")]


@pytest.mark.parametrize(
    "key",
    [
        "model", "messages", "input", "tools", "stream", "extra_headers", "extra_body", "extra_anything", "timeout",
        "api_base", "api_key", "streaming_callback", "http_options", "request_options",
    ],
)  # fmt: skip
def test_defaults_of_a_call_do_not_override_the_definition(key: str) -> None:
    pointer = f"{PARAMETERS}/generation_kwargs"
    assert found(config(generation_kwargs={"temperature": 1, key: {}})) == [(pointer, "refused_generation_kwarg")]


def test_each_refused_default_is_a_fault_of_its_own() -> None:
    assert len(faults(config(generation_kwargs={"model": 1, "stream": True, "extra_a": 1, "extra_b": 2}))) == 3


def test_litellm_takes_only_the_defaults_haymow_knows() -> None:
    key = {"type": "env_var", "env_vars": ["K"]}
    for refused in ("base_url", "aws_access_key_id", "fallbacks", "custom_llm_provider"):
        parameters = {"api_key": key, "generation_kwargs": {"temperature": 1, refused: "x"}}
        config = {"type": "LiteLLMChatGenerator", "init_parameters": parameters}
        assert found(config) == [(f"{PARAMETERS}/generation_kwargs", "refused_generation_kwarg")]


@pytest.mark.parametrize("text", ["{{ ''.__class__.__mro__ }}", "os.environ/HOME", "${HOME}", "/proc/self/environ"])
def test_texts_are_taken_literally(text: str) -> None:
    parameters = check(config(model=text, generation_kwargs={"stop": [text]})).config["init_parameters"]
    assert parameters == {"model": text, "generation_kwargs": {"stop": [text]}}


@pytest.mark.parametrize("organization", ["o\r\nAuthorization: x", "", "ö", "Bearer x", "o\n"])
def test_an_organization_cannot_break_out_of_its_header(organization: str) -> None:
    assert found(config(organization=organization)) == [(f"{PARAMETERS}/organization", "invalid_value")]


@pytest.mark.parametrize(
    "responses",
    [
        "hi",
        [],
        ["hi"],
        [{"role": "user", "content": [{"text": "x"}]}],
        [{"role": "assistant", "content": [{"image": {}}]}],
    ],
)
def test_the_mock_answers_with_texts_only(responses: object) -> None:
    config = {"type": "MockChatGenerator", "init_parameters": {"responses": responses}}
    assert found(config) == [(f"{PARAMETERS}/responses", "invalid_value")]

"""Secrets in definitions: named, never given, never looked up."""

from __future__ import annotations

import os
from typing import Any

import pytest

from haymow.errors import Invalid
from haymow.generators import Need, check, is_secret_name
from tests.generators.definitions import PARAMETERS, config, found

API_KEY = f"{PARAMETERS}/api_key"


def secret(*names: str, **more: Any) -> dict[str, Any]:
    return {"type": "env_var", "env_vars": list(names), **more}


def needs(generator: str, **parameters: Any) -> list[tuple[tuple[str, ...], str]]:
    return [
        (need.names, need.pointer.removeprefix(f"{PARAMETERS}/"))
        for need in check(config(generator, **parameters)).needs
    ]


@pytest.mark.parametrize("value", ["sk-123", "", "OPENAI_API_KEY", "os.environ/OPENAI_API_KEY", "${OPENAI_API_KEY}"])
def test_a_text_where_a_secret_is_named_is_refused(value: str) -> None:
    assert found(config(api_key=value)) == [(API_KEY, "literal_secret")]


def test_the_refusal_says_what_to_write() -> None:
    with pytest.raises(Invalid) as caught:
        check(config(api_key="sk-123"))
    assert '{"type": "env_var", "env_vars": ["OPENAI_API_KEY"]}' in caught.value.faults[0].message


def test_a_token_secret_is_refused() -> None:
    assert found(config(api_key={"type": "token", "token": "sk-123"})) == [(API_KEY, "literal_secret")]


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        [],
        {},
        {"type": "env_var"},
        secret(),
        secret("A", extra="sk-1"),
        {"type": "env_var", "env_vars": "OPENAI_API_KEY"},
        {"type": "env_var", "env_vars": [5]},
        secret("A", strict="yes"),
        secret("A", strict=None),
        secret(*(f"N{number}" for number in range(9))),
        secret("${HOME}"),
        secret("os.environ/HOME"),
        secret("A-B"),
        secret("A\n"),
        secret(""),
        secret("1A"),
        secret("Ä"),
        secret("A" * 129),
    ],
)
def test_a_secret_that_is_not_well_named_is_refused(value: object) -> None:
    assert found(config(api_key=value)) == [(API_KEY, "invalid_secret")]


@pytest.mark.parametrize(
    "key",
    [
        "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",
        "gsk_QwErTyUiOpAsDfGhJkLzXcVb",
        "r8_QwErTyUiOpAsDfGhJkLzXcVb",
        "AIzaSyDIExVSpkLLOXoyqT_AbCdEfGhIjKlMnO",
        "AKIAIOSFODNNXEXAMPLE",
        "a8fK3mZ0pQ7rT2vX9bN5cL1dW6hJ4gYs",
        "f3b9c0d1e2a34b5c6d7e8f9a0b1c2d3e",
        "hm_971cf9e4_YWLpsOEqONHnxldVyVvAfHb",
    ],
)
def test_a_key_in_the_place_of_a_name_is_refused(key: str) -> None:
    """A name is shown to everyone, and some providers' keys have the form of one."""
    assert found(config(api_key=secret(key))) == [(API_KEY, "literal_secret")]
    assert found(config(api_key=secret("OPENAI_API_KEY", key))) == [(API_KEY, "literal_secret")]


@pytest.mark.parametrize(
    "name",
    ["AZURE_OPENAI_API_KEY_EUWEST_2026_11_28", "hf_token_of_the_research_team", "MyVeryLongSecretNameForProduction2",
     "_12345678901234567890", "KEY_f3b9c0d1e2a34b5c6d7e8f9a0b1c2d3e", "gsk_key", "AKIA",
     "Sf3b9c0d1e2a34b5c6d7e8f9a0b1c2d3e", "AzureOpenAIKeyOfWestEurope2026"],
)  # fmt: skip
def test_a_name_that_people_choose_is_no_key(name: str) -> None:
    assert check(config(api_key=secret(name))).needs == (Need((name,), API_KEY),)


def test_a_secret_is_written_in_full_with_the_default_strictness() -> None:
    def stored(generator: str, **parameters: Any) -> list[tuple[str, Any]]:
        return list(check(config(generator, **parameters)).config["init_parameters"]["api_key"].items())

    full = [("type", "env_var"), ("env_vars", ["A"]), ("strict", True)]
    assert stored("OpenAIChatGenerator", api_key={"env_vars": ["A"], "type": "env_var"}) == full
    assert stored("VLLMChatGenerator", model="m", api_key=secret("A"))[2] == ("strict", False)
    assert stored("OpenAIChatGenerator", api_key=secret("A", strict=False))[2] == ("strict", False)


class _Forbidden(dict[str, str]):
    def __getitem__(self, name: str) -> str:
        raise AssertionError("the environment was read")

    get = __contains__ = __getitem__  # type: ignore[assignment]  # each of them raises


def test_the_name_of_a_variable_is_a_name_like_any_other_and_never_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", _Forbidden())
    checked = check(config(api_key=secret("DATABASE_URL"), api_base_url="https://sink.example/v1"))
    assert checked.needs == (Need(("DATABASE_URL",), API_KEY),)
    assert checked.destination == "sink.example:443"


def test_secret_names() -> None:
    assert all(map(is_secret_name, ["A", "_", "openai_KEY_2", "A" * 128]))
    assert not any(map(is_secret_name, ["", "1", "A-B", "A.B", "A B", "A\n", "é", "A" * 129]))


def test_an_omitted_strict_secret_is_needed_under_its_default_name() -> None:
    assert needs("OpenAIChatGenerator") == [(("OPENAI_API_KEY",), "api_key")]
    assert needs("CohereChatGenerator") == [(("COHERE_API_KEY", "CO_API_KEY"), "api_key")]
    assert needs("WatsonxChatGenerator") == [
        (("WATSONX_API_KEY",), "api_key"),
        (("WATSONX_PROJECT_ID",), "project_id"),
    ]


def test_a_non_strict_secret_is_not_needed() -> None:
    assert needs("OpenAIChatGenerator", api_key=secret("A", strict=False)) == []


def test_servers_without_authentication_need_a_secret_only_when_it_is_named() -> None:
    assert needs("VLLMChatGenerator", model="m") == []
    assert needs("VLLMChatGenerator", model="m", api_key=None) == []
    assert needs("VLLMChatGenerator", model="m", api_key=secret("VLLM_API_KEY", strict=False)) == []
    assert needs("VLLMChatGenerator", model="m", api_key=secret("MINE")) == [(("MINE",), "api_key")]


def test_a_secret_that_is_used_but_not_needed_is_known() -> None:
    checked = check(config("VLLMChatGenerator", model="m", api_base_url="http://gpu:8000/v1"))
    assert checked.needs == ()
    assert checked.uses == (Need(("VLLM_API_KEY",), API_KEY),)


def test_azure_needs_its_key_or_its_token() -> None:
    endpoint = "https://x.openai.azure.com"
    both = ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN")
    assert needs("AzureOpenAIChatGenerator", azure_endpoint=endpoint) == [(both, "api_key")]
    assert needs("AzureOpenAIChatGenerator", azure_endpoint=endpoint, azure_ad_token=None) == [(both[:1], "api_key")]
    nothing = config("AzureOpenAIChatGenerator", azure_endpoint=endpoint, azure_ad_token=None, api_key=None)
    assert found(nothing) == [(API_KEY, "required")]


def test_bedrock_needs_both_keys_or_a_role_that_only_an_administrator_may_choose() -> None:
    keys = [(("AWS_ACCESS_KEY_ID",), "aws_access_key_id"), (("AWS_SECRET_ACCESS_KEY",), "aws_secret_access_key")]
    assert needs("AmazonBedrockChatGenerator", model="m") == keys
    role = check(config("AmazonBedrockChatGenerator", model="m", aws_access_key_id=None, aws_secret_access_key=None))
    assert role.needs == ()
    assert "#/chat_generator_config/type" in role.restricted
    half = config("AmazonBedrockChatGenerator", model="m", aws_secret_access_key=None)
    assert found(half) == [(f"{PARAMETERS}/aws_secret_access_key", "required")]


def test_google_needs_a_key_unless_it_calls_with_a_project() -> None:
    assert needs("GoogleGenAIChatGenerator") == [(("GOOGLE_API_KEY", "GEMINI_API_KEY"), "api_key")]
    vertex = {"api": "vertex", "vertex_ai_project": "p", "vertex_ai_location": "europe-west1"}
    checked = check(config("GoogleGenAIChatGenerator", **vertex))
    assert checked.needs == ()
    assert f"{PARAMETERS}/vertex_ai_project" in checked.restricted
    half = config("GoogleGenAIChatGenerator", api="vertex", vertex_ai_project="p")
    assert found(half) == [(f"{PARAMETERS}/vertex_ai_location", "required")]


@pytest.mark.parametrize(
    ("generator", "parameters", "name"),
    [
        ("AzureOpenAIChatGenerator", {}, "azure_endpoint"),
        ("AzureOpenAIChatGenerator", {"azure_endpoint": None}, "azure_endpoint"),
        ("AzureOpenAIResponsesChatGenerator", {}, "azure_endpoint"),
        ("AnthropicFoundryChatGenerator", {}, "endpoint"),
        ("LiteLLMChatGenerator", {}, "api_key"),
        ("LiteLLMChatGenerator", {"api_key": None}, "api_key"),
    ],
)
def test_what_libraries_would_look_for_in_the_environment_is_asked_for(
    generator: str, parameters: dict[str, Any], name: str
) -> None:
    assert found(config(generator, **parameters)) == [(f"{PARAMETERS}/{name}", "required")]


def test_a_null_key_that_would_be_read_from_the_environment_is_refused() -> None:
    document = config("AnthropicFoundryChatGenerator", resource="r", api_key=None)
    assert found(document) == [(API_KEY, "invalid_secret")]


def test_a_secret_may_hold_a_text_parameter_that_takes_one() -> None:
    region = check(config("AmazonBedrockChatGenerator", model="m", aws_region_name=secret("REGION")))
    assert region.config["init_parameters"]["aws_region_name"] == secret("REGION", strict=False)
    plain = check(config("AmazonBedrockChatGenerator", model="m", aws_region_name="eu-west-1"))
    assert plain.config["init_parameters"]["aws_region_name"] == "eu-west-1"


def test_using_the_servers_own_google_account_is_restricted() -> None:
    checked = check(config("AnthropicVertexChatGenerator", region="us-east5", project_id="p"))
    assert set(checked.restricted) == {
        "#/chat_generator_config/type",
        f"{PARAMETERS}/project_id",
        f"{PARAMETERS}/region",
    }

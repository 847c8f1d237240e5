"""Addresses in definitions: one reading of each, and none that becomes another."""

from __future__ import annotations

from typing import Any

import pytest

from haymow.generators import UnusableUrl, check, generators, host_and_port
from tests.generators.definitions import PARAMETERS, config, faults, found


@pytest.mark.parametrize(
    ("url", "destination"),
    [
        ("https://API.OpenAI.com/v1", "api.openai.com:443"),
        ("http://localhost:11434", "localhost:11434"),
        ("HTTPS://example.com.", "example.com:443"),
        ("https://example.com:/v1", None),
        ("http://xn--bcher-kva.example/v1", "http://xn--bcher-kva.example:80"),
        ("http://under_score:1/", "http://under_score:1"),
        ("http://127.1", "127.0.0.1:80"),
        ("http://127.0.0.1.:80", "127.0.0.1:80"),
        ("http://0x7f.1:8080", "127.0.0.1:8080"),
        ("http://0x7F000001", "127.0.0.1:80"),
        ("http://2130706433", "127.0.0.1:80"),
        ("http://0177.0.0.1", "127.0.0.1:80"),
        ("http://169.254.43518", "http://169.254.169.254:80"),
        ("https://[::1]:8443/x", "[::1]:8443"),
        ("https://[0:0:0:0:0:0:0:1]", "[::1]:443"),
        ("http://[::ffff:127.0.0.1]", "127.0.0.1:80"),
        ("http://[::FFFF:7f00:1]", "127.0.0.1:80"),
        ("http://[::]", "http://[::]:80"),
    ],
)
def test_every_spelling_of_a_host_has_one_reading(url: str, destination: str | None) -> None:
    if destination is None:
        with pytest.raises(UnusableUrl):
            host_and_port(url)
    else:
        assert host_and_port(url) == destination
        assert check(config(api_base_url=url)).destination == destination
        assert check(config(api_base_url=url)).config["init_parameters"]["api_base_url"] == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com",
        "file:///etc/passwd",
        "ftp://example.com",
        "gopher://example.com:70/x",
        "https:example.com",
        "https://",
        "https:///v1",
        "https://user:pass@example.com",
        "https://user@example.com",
        "https://example.com@evil.example",
        "https://example.com\\@evil.example",
        "https://example.com\\.evil.example",
        "https://example.com/\\@evil.example",
        "https://example.com/\r\nHost: evil",
        "https://exam\tple.com",
        "https://example.com/a b",
        " https://example.com",
        "https://example.com\x00",
        "https://example.com\u3002evil",
        "https://ex\u00e4mple.com",
        "https://\uff11\uff12\uff17.0.0.1",
        "https://example.com?x=1",
        "https://example.com/#x",
        "https://exa%6dple.com",
        "https://example..com",
        "https://-example.com",
        "https://example.com:0",
        "https://example.com:65536",
        "https://example.com:8a",
        "https://example.com:1:2",
        "https://[::1",
        "https://[::1%25eth0]",
        "https://[example.com]",
        "https://256.1.1.1",
        "https://1.2.3.4.5",
        "https://1.2.3.08",
        "https://example.1x.0x",
        "https://4294967296",
        f"https://{'a' * 64}.com",
        f"https://example.com/{'a' * 2100}",
        "os.environ/OPENAI_BASE_URL",
        "${URL}",
    ],
)
def test_an_address_that_could_be_read_in_two_ways_is_refused(url: str) -> None:
    assert found(config(api_base_url=url)) == [(f"{PARAMETERS}/api_base_url", "invalid_url")]


def test_a_password_in_an_address_is_told_where_it_belongs() -> None:
    with pytest.raises(UnusableUrl, match="name a secret instead"):
        host_and_port("https://user:pass@example.com")


@pytest.mark.parametrize(
    ("generator", "parameters", "name"),
    [
        ("OllamaChatGenerator", {"url": "file:///x"}, "url"),
        ("AzureOpenAIChatGenerator", {"azure_endpoint": "ftp://x"}, "azure_endpoint"),
        ("AzureOpenAIChatGenerator", {"azure_endpoint": {"type": "env_var", "env_vars": ["E"]}}, "azure_endpoint"),
        ("AnthropicFoundryChatGenerator", {"endpoint": "https://a@b"}, "endpoint"),
        ("MistralChatGenerator", {"api_base_url": None}, "api_base_url"),
        ("OpenAIChatGenerator", {"api_base_url": 5}, "api_base_url"),
        (
            "HuggingFaceAPIChatGenerator",
            {"api_type": "inference_endpoints", "api_params": {"url": "file:///x"}},
            "api_params",
        ),
        ("HuggingFaceAPIChatGenerator", {"api_type": "inference_endpoints", "api_params": {}}, "api_params"),
    ],
)
def test_every_parameter_that_holds_an_address_is_checked(
    generator: str, parameters: dict[str, Any], name: str
) -> None:
    assert found(config(generator, **parameters)) == [(f"{PARAMETERS}/{name}", "invalid_url")]


@pytest.mark.parametrize(
    ("generator", "parameters", "destination"),
    [
        ("OpenAIChatGenerator", {}, "api.openai.com:443"),
        ("OpenAIChatGenerator", {"api_base_url": None}, "api.openai.com:443"),
        ("AnthropicChatGenerator", {}, "api.anthropic.com:443"),
        ("MistralChatGenerator", {}, "api.mistral.ai:443"),
        ("EdenAIChatGenerator", {}, "api.edenai.run:443"),
        ("OllamaChatGenerator", {}, "localhost:11434"),
        ("MockChatGenerator", {}, None),
        ("AzureOpenAIChatGenerator", {"azure_endpoint": "https://X.openai.azure.com/"}, "x.openai.azure.com:443"),
        ("AnthropicFoundryChatGenerator", {"resource": "Mine"}, "mine.services.ai.azure.com:443"),
        ("AnthropicFoundryChatGenerator", {"resource": "a", "endpoint": "https://b.example/x"}, "b.example:443"),
        (
            "AnthropicVertexChatGenerator",
            {"region": "us-east5", "project_id": "p"},
            "us-east5-aiplatform.googleapis.com:443",
        ),
        ("AnthropicVertexChatGenerator", {"region": "global", "project_id": "p"}, "aiplatform.googleapis.com:443"),
        ("AnthropicVertexChatGenerator", {"region": "eu", "project_id": "p"}, "aiplatform.eu.rep.googleapis.com:443"),
        ("GoogleGenAIChatGenerator", {}, "generativelanguage.googleapis.com:443"),
        ("GoogleGenAIChatGenerator", {"api": "vertex"}, "aiplatform.googleapis.com:443"),
        ("AmazonBedrockChatGenerator", {"model": "m"}, "bedrock-runtime.*.amazonaws.com:443"),
        (
            "AmazonBedrockChatGenerator",
            {"model": "m", "aws_region_name": "eu-west-1"},
            "bedrock-runtime.eu-west-1.amazonaws.com:443",
        ),
        (
            "HuggingFaceAPIChatGenerator",
            {"api_type": "serverless_inference_api", "api_params": {"model": "a/b:fast"}},
            "router.huggingface.co:443",
        ),
        (
            "HuggingFaceAPIChatGenerator",
            {"api_type": "text_generation_inference", "api_params": {"url": "http://tgi:80"}},
            "http://tgi:80",
        ),
    ],
)
def test_where_calls_go_is_known(generator: str, parameters: dict[str, Any], destination: str | None) -> None:
    assert check(config(generator, **parameters)).destination == destination


@pytest.mark.parametrize("part", ["evil.example/", "evil.example", "a@b", "a#", "a?b", "", "-", "a" * 64, "a\n", "a b"])
@pytest.mark.parametrize(
    ("generator", "name", "more"),
    [
        ("AnthropicVertexChatGenerator", "region", {"project_id": "p"}),
        ("AnthropicVertexChatGenerator", "project_id", {"region": "us"}),
        ("AnthropicFoundryChatGenerator", "resource", {"endpoint": "https://x.example"}),
        ("AmazonBedrockChatGenerator", "aws_region_name", {"model": "m"}),
        ("GoogleGenAIChatGenerator", "vertex_ai_location", {}),
    ],
)
def test_a_part_of_a_host_cannot_become_another_host(
    generator: str, name: str, more: dict[str, Any], part: str
) -> None:
    assert found(config(generator, **{name: part}, **more)) == [(f"{PARAMETERS}/{name}", "invalid_value")]


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"api_type": "other", "api_params": {}}, "invalid_value"),
        ({"api_type": "serverless_inference_api", "api_params": {"model": "https://evil.example/x"}}, "invalid_value"),
        ({"api_type": "serverless_inference_api", "api_params": {"model": "a", "url": "https://x"}}, "invalid_value"),
        ({"api_type": "serverless_inference_api", "api_params": {}}, "invalid_value"),
        ({"api_type": "serverless_inference_api", "api_params": {"model": "a", "headers": "x"}}, "refused_setting"),
        ({"api_type": "serverless_inference_api", "api_params": {"model": "a", "base_url": "x"}}, "refused_setting"),
        ({"api_type": "serverless_inference_api", "api_params": {"model": "a", "api_key": "x"}}, "refused_setting"),
        ({"api_type": "serverless_inference_api", "api_params": {"model": 5}}, "invalid_value"),
    ],
)
def test_hugging_face_settings_do_not_redirect_the_call(parameters: dict[str, Any], code: str) -> None:
    assert [fault.code for fault in faults(config("HuggingFaceAPIChatGenerator", **parameters))] == [code]


@pytest.mark.parametrize("model", ["bedrock/x", "vertex_ai/x", "gpt-5", "", "/x", "openai", "OPENAI/x"])
def test_litellm_calls_only_providers_that_a_key_alone_opens(model: str) -> None:
    document = config("LiteLLMChatGenerator", model=model, api_key={"type": "env_var", "env_vars": ["K"]})
    assert found(document) == [(f"{PARAMETERS}/model", "refused_setting")]


def test_litellm_destinations() -> None:
    key = {"type": "env_var", "env_vars": ["K"]}
    assert check(config("LiteLLMChatGenerator", api_key=key)).destination == "api.openai.com:443"
    assert check(config("LiteLLMChatGenerator", api_key=key, model="groq/a/b")).destination == "api.groq.com:443"
    own = config("LiteLLMChatGenerator", api_key=key, model="hosted_vllm/m")
    assert found(own) == [(f"{PARAMETERS}/api_base_url", "required")]
    own["init_parameters"]["api_base_url"] = "http://gpu:8000"
    assert check(own).destination == "http://gpu:8000"


def test_every_default_host_is_readable() -> None:
    assert {info.name for info in generators() if info.status == "available" and info.default_host is None} == {
        "AmazonBedrockChatGenerator",
        "AnthropicFoundryChatGenerator",
        "AnthropicVertexChatGenerator",
        "AzureOpenAIChatGenerator",
        "AzureOpenAIResponsesChatGenerator",
        "LiteLLMChatGenerator",
        "MockChatGenerator",
    }

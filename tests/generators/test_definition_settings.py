"""Client settings in definitions: nothing that redirects a call, dresses it or opens a file."""

from __future__ import annotations

from typing import Any

import pytest

from haymow.errors import Fault
from haymow.generators import check
from tests.generators.definitions import PARAMETERS, config, faults, found


@pytest.mark.parametrize(
    "value",
    [
        {"proxy": "http://evil"},
        {"proxies": {}},
        {"mounts": {}},
        {"transport": "x"},
        {"event_hooks": {}},
        {"auth": ["a", "b"]},
        {"verify": False},
        {"verify": True},
        {"verify": "/etc/passwd"},
        {"verify": "/does/not/exist"},
        {"cert": "/etc/passwd"},
        {"trust_env": True},
        {"base_url": "http://evil"},
        {"follow_redirects": True},
        {"cookies": {}},
        {"params": {}},
        {"timeout": "5"},
        {"timeout": -1},
        {"timeout": True},
        {"limits": {"other": 1}},
        {"limits": {"max_connections": "1"}},
        {"headers": {"Authorization": "Bearer x"}},
        {"headers": {"authorization": "x"}},
        {"headers": {"Proxy-Authorization": "x"}},
        {"headers": {"Host": "evil"}},
        {"headers": {"Cookie": "a=b"}},
        {"headers": {"X-API-Key": "x"}},
        {"headers": {"api-key": "x"}},
        {"headers": {"X-Auth-Token": "x"}},
        {"headers": {"Metadata-Flavor": "Google"}},
        {"headers": {"Metadata": "true"}},
        {"headers": {"X-Forwarded-For": "127.0.0.1"}},
        {"headers": {"Transfer-Encoding": "chunked"}},
        {"headers": {"Content-Length": "0"}},
        {"headers": {"X-Title": "a\r\nHost: evil"}},
        {"headers": {"X Title": "a"}},
        {"headers": {"X-Title\n": "a"}},
        {"headers": {"X-Title": 5}},
        {"headers": {"X-Title": "sk-proj-abc"}},
        {"headers": {"X-Title": "Bearer abc"}},
        {"headers": {"X-Title": "\u2013"}},
        {"headers": []},
    ],
)
def test_client_settings_that_could_lead_a_call_astray_all_get_the_same_answer(value: dict[str, Any]) -> None:
    pointer = f"{PARAMETERS}/http_client_kwargs"
    message = (
        "Only `timeout` (seconds), `limits` (max_connections, max_keepalive_connections, keepalive_expiry) and "
        "`headers` without credentials are accepted here."
    )
    assert faults(config(http_client_kwargs=value)) == [Fault(pointer, "refused_setting", message)]


def test_harmless_client_settings_are_accepted_and_restricted_to_administrators() -> None:
    value = {"timeout": 5.5, "limits": {"max_connections": 10}, "headers": {"X-Title": "haymow", "User-Agent": "a/1"}}
    checked = check(config(http_client_kwargs=value))
    assert checked.restricted == {f"{PARAMETERS}/http_client_kwargs": value}


@pytest.mark.parametrize(
    ("generator", "parameters", "name"),
    [
        ("OpenRouterChatGenerator", {"extra_headers": {"Authorization": "Bearer x"}}, "extra_headers"),
        (
            "AzureOpenAIChatGenerator",
            {"azure_endpoint": "https://a.example", "default_headers": {"api-key": "x"}},
            "default_headers",
        ),
        (
            "AmazonBedrockChatGenerator",
            {"model": "m", "boto3_config": {"proxies": {"https": "http://evil"}}},
            "boto3_config",
        ),
        ("AmazonBedrockChatGenerator", {"model": "m", "boto3_config": {"client_cert": "/x"}}, "boto3_config"),
    ],
)
def test_the_settings_of_other_clients_are_guarded_too(generator: str, parameters: dict[str, Any], name: str) -> None:
    assert found(config(generator, **parameters)) == [(f"{PARAMETERS}/{name}", "refused_setting")]


def test_empty_client_settings_are_not_restricted() -> None:
    assert check(config(http_client_kwargs={})).restricted == {}
    assert check(config(http_client_kwargs=None)).restricted == {}


def test_bedrock_settings_are_accepted() -> None:
    value = {"read_timeout": 60, "retries": {"max_attempts": 2, "mode": "standard"}}
    checked = check(config("AmazonBedrockChatGenerator", model="m", boto3_config=value))
    assert checked.restricted == {f"{PARAMETERS}/boto3_config": value}

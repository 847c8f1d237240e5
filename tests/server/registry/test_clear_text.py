"""Without TLS everyone on the way reads along: a secret for a host is not one for that host in clear text."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import definition
from tests.server.access.people import unique
from tests.server.registry.shelf import Shelf, faults, openai_config

KEY_AT = "#/chat_generator_config/init_parameters/api_key"


def calling(url: str, secret: str = "CLEAR_KEY") -> dict[str, Any]:
    return definition(unique("m"), chat_generator_config=openai_config(secret, api_base_url=url))


@pytest.mark.parametrize(
    ("hosts", "url"),
    [
        (["api.openai.com"], "http://api.openai.com:443/v1"),
        (["api.openai.com:80"], "http://api.openai.com/v1"),
        (["*.openai.azure.com"], "http://team.openai.azure.com:443/v1"),
        (["http://vllm.internal:8000"], "https://vllm.internal:8000/v1"),
        (["http://vllm.internal:8000"], "http://vllm.internal/v1"),
    ],
)
def test_a_secret_is_not_sent_with_less_or_other_than_its_host_says(shelf: Shelf, hosts: list[str], url: str) -> None:
    shelf.enter("CLEAR_KEY", hosts=hosts)
    refused = shelf.create(calling(url))
    assert refused.status_code == 422
    assert faults(refused) == {KEY_AT: "secret_host_mismatch"}
    assert shelf.page(origin="WORKSPACE").json()["total"] == 0


@pytest.mark.parametrize("url", ["http://api.openai.com:443/v1", "http://api.openai.com/v1"])
def test_the_usual_hosts_of_a_usual_name_are_meant_with_tls(shelf: Shelf, url: str) -> None:
    shelf.enter("OPENAI_API_KEY")
    assert faults(shelf.create(calling(url, "OPENAI_API_KEY"))) == {KEY_AT: "secret_host_mismatch"}


def test_a_definition_from_before_is_not_connected_by_a_value_for_the_host_with_tls(shelf: Shelf) -> None:
    model = shelf.made(calling("http://api.openai.com:443/v1"))
    shelf.enter("CLEAR_KEY", hosts=["api.openai.com"])
    assert shelf.read(model["model_id"]).json()["connected"] is False
    asked = {"model": model["name"], "messages": [{"role": "user", "content": "hi"}]}
    answer = shelf.client.post(f"{shelf.prefix}/openai/v1/chat/completions", json=asked)
    assert answer.json()["error"]["code"] == "missing_secret", answer.text


@pytest.mark.parametrize(
    ("hosts", "url"),
    [
        (["http://vllm.internal:8000"], "http://vllm.internal:8000/v1"),
        (["HTTP://vLLM.internal:8000"], "http://vllm.internal:8000/v1"),
        (["http://*.internal.example:8000"], "http://vllm.internal.example:8000/v1"),
        (["localhost:8000"], "http://localhost:8000/v1"),
        (["127.0.0.1:8000"], "http://127.1:8000/v1"),
        (["[::1]:8000"], "http://[::1]:8000/v1"),
        (["http://localhost:8000"], "http://localhost:8000/v1"),
    ],
)
def test_who_means_without_tls_says_so_and_this_machine_needs_no_saying(
    shelf: Shelf, hosts: list[str], url: str
) -> None:
    shelf.enter("CLEAR_KEY", hosts=hosts)
    assert shelf.made(calling(url))["connected"] is True


def test_an_unbound_value_is_bound_to_its_first_address_as_it_is_without_tls(shelf: Shelf) -> None:
    secret = shelf.enter("CLEAR_KEY")
    shelf.made(calling("http://vllm.internal:8000/v1"))
    found = shelf.client.get(f"{shelf.prefix}/secrets/{secret['secret_id']}").json()
    assert found["hosts"] == ["http://vllm.internal:8000"]
    assert shelf.create(calling("https://vllm.internal:8000/v1")).status_code == 422

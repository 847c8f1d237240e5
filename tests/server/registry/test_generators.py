"""What a definition may name: the known generators with their schemas, and the known providers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from jsonschema_rs import Draft202012Validator

from tests.conftest import definition
from tests.server.registry.shelf import Shelf, faults, openai_config


@pytest.fixture
def listed(admin: httpx.Client) -> list[dict[str, Any]]:
    page = admin.get("/api/v2/generators").json()
    assert (page["has_more"], page["total"]) == (False, len(page["data"]))
    return list(page["data"])


def test_every_generator_is_listed_once_by_its_name(listed: list[dict[str, Any]]) -> None:
    names = [one["name"] for one in listed]
    assert len(names) == len(set(names)) > 30
    assert names == sorted(names)
    assert all(one["type"].endswith(f".{one['name']}") for one in listed)


def test_each_says_truly_whether_it_may_be_named(shelf: Shelf, listed: list[dict[str, Any]]) -> None:
    for one in listed:
        answer = shelf.validate(definition(chat_generator_config={"type": one["name"], "init_parameters": {}}))
        wrong = faults(answer) if answer.status_code == 422 else {}
        assert ("#/chat_generator_config/type" in wrong) is (one["status"] == "refused"), one["name"]
        assert (one["reason"] is None) is (one["status"] == "available"), one["name"]


def test_each_says_whether_its_package_is_here(listed: list[dict[str, Any]]) -> None:
    by_package = {one["package"]: one["installed"] for one in listed}
    assert by_package["haystack-ai"] is True
    assert len(set(by_package)) > 1


def test_each_is_read_with_a_schema_that_is_one(admin: httpx.Client, listed: list[dict[str, Any]]) -> None:
    for one in listed:
        found = admin.get(f"/api/v2/generators/{one['name']}").json()
        assert {name: found[name] for name in one} == one
        Draft202012Validator(found["init_parameters"])
        assert found["init_parameters"]["type"] == "object"


def test_its_schema_takes_what_a_definition_takes(admin: httpx.Client) -> None:
    schema = admin.get("/api/v2/generators/OpenAIChatGenerator").json()["init_parameters"]
    parameters = openai_config(model="gpt-5")["init_parameters"]
    assert Draft202012Validator(schema).is_valid(parameters)
    assert not Draft202012Validator(schema).is_valid({**parameters, "model": 5})


@pytest.mark.parametrize("name", ["LinkContentFetcher", "openaichatgenerator", "x" * 3000, "haystack", "%00"])
def test_one_that_is_not_known_is_404(admin: httpx.Client, name: str) -> None:
    refused = admin.get(f"/api/v2/generators/{name}")
    assert refused.status_code == 404
    assert name not in refused.text


def test_the_providers_name_secrets_hosts_and_known_generators(
    admin: httpx.Client, listed: list[dict[str, Any]]
) -> None:
    page = admin.get("/api/v2/providers").json()
    assert (page["has_more"], page["total"]) == (False, len(page["data"]))
    names = {one["name"] for one in listed}
    assert all(set(one["generators"]) <= names for one in page["data"])
    openai = next(one for one in page["data"] if one["provider"] == "openai")
    assert openai["secret_names"][0] == "OPENAI_API_KEY"
    assert openai["hosts"] == ["api.openai.com:443"]
    assert "OpenAIChatGenerator" in openai["generators"]


def test_a_providers_usual_secret_goes_to_its_hosts(shelf: Shelf) -> None:
    for one in shelf.client.get("/api/v2/providers").json()["data"]:
        if one["provider"] in ("openai", "anthropic", "cohere"):
            assert shelf.enter(one["secret_names"][0])["hosts"] == one["hosts"]


@pytest.mark.parametrize("path", ["/api/v2/generators", "/api/v2/generators/OpenAIChatGenerator", "/api/v2/providers"])
def test_they_take_a_token(server: Any, path: str) -> None:
    assert httpx.get(server.url + path).status_code == 401

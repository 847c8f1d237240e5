"""The endpoints of provider integrations, and of the providers."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from haymow.server.access.rules import Role
from tests.server.secrets.asking import CANARY, bearer, create
from tests.server.secrets.conftest import Rooms

pytestmark = pytest.mark.anyio


async def test_an_integration_is_the_secret_of_the_usual_name(rooms: Rooms, http: httpx.AsyncClient) -> None:
    path = "/api/v1/model_registry_tokens"
    assert (await http.get(path)).json() == []
    answer = await http.post(f"{path}/openai", json={"token": CANARY})
    assert (answer.status_code, answer.headers["location"]) == (201, f"{path}/openai")
    secret = (await http.get("/api/v2/secrets")).json()["data"][0]
    assert secret["name"] == "OPENAI_API_KEY"
    expected = {
        "invalid": False,
        "model_registry_token_id": secret["secret_id"],
        "provider": "openai",
        "provider_domain": "api.openai.com",
    }
    assert answer.json() == expected == (await http.get(f"{path}/openai")).json()
    assert (await http.get(path)).json() == [expected]
    assert (await http.post(f"{path}/openai", json={"token": "another"})).status_code == 409
    replaced = await http.put(f"{path}/openai", json={"token": "another", "provider_domain": "proxy.example"})
    assert (replaced.status_code, replaced.json()["provider_domain"]) == (200, "proxy.example")
    assert (await http.put(f"{path}/cohere", json={"token": "another"})).status_code == 201
    rooms.models.using[rooms.organization.scope_id, "OPENAI_API_KEY"] = ["gpt-5"]
    assert (await http.delete(f"{path}/openai")).status_code == 409
    assert (await http.delete(f"{path}/openai?force=true")).status_code == 204
    assert (await http.get(f"{path}/openai")).status_code == 404


async def test_an_integration_is_found_under_any_of_its_usual_names(http: httpx.AsyncClient) -> None:
    path = "/api/v1/model_registry_tokens/google"
    await create(http, "/api/v2/secrets", "GEMINI_API_KEY")
    assert (await http.get(path)).json()["provider_domain"] == "generativelanguage.googleapis.com"
    assert (await http.put(path, json={"token": "another"})).status_code == 200
    names = [secret["name"] for secret in (await http.get("/api/v2/secrets")).json()["data"]]
    assert names == ["GEMINI_API_KEY"]


async def test_the_list_names_only_what_the_platforms_clients_know(http: httpx.AsyncClient) -> None:
    for name in ("ANTHROPIC_API_KEY", "MISTRAL_API_KEY", "HF_TOKEN", "MY_KEY"):
        await create(http, "/api/v2/secrets", name)
    listed = (await http.get("/api/v1/model_registry_tokens")).json()
    assert [one["provider"] for one in listed] == ["huggingface"]
    assert (await http.get("/api/v1/model_registry_tokens/mistral")).json()["provider"] == "mistral"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"token": "****"}, "#/token"),
        ({"token": 7}, "#/token"),
        ({}, "#/token"),
        ({"token": CANARY, "provider_domain": "ftp://a.example"}, "#/provider_domain"),
        ({"token": CANARY, "provider_domain": 7}, "#/provider_domain"),
    ],
)
async def test_a_wrong_integration_is_refused(http: httpx.AsyncClient, body: dict[str, Any], pointer: str) -> None:
    for method in ("POST", "PUT"):
        answer = await http.request(method, "/api/v1/model_registry_tokens/openai", json=body)
        assert answer.status_code == 422
        assert [fault["pointer"] for fault in answer.json()["details"]] == [pointer]
        assert "canary" not in answer.text


async def test_a_region_is_no_host(http: httpx.AsyncClient) -> None:
    body = {"token": CANARY, "provider_domain": "us-east-1"}
    assert (await http.post("/api/v1/model_registry_tokens/aws-bedrock", json=body)).status_code == 201
    (secret,) = (await http.get("/api/v2/secrets")).json()["data"]
    assert secret["name"] == "AWS_ACCESS_KEY_ID"
    assert "bedrock-runtime.*.amazonaws.com:443" in secret["hosts"]


@pytest.mark.parametrize("slug", ["nobody", "ollama", "OPENAI", quote("open ai"), CANARY[:6]])
async def test_an_unknown_provider_has_no_integration(http: httpx.AsyncClient, slug: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE"):
        answer = await http.request(method, f"/api/v1/model_registry_tokens/{slug}", json={"token": "x1"})
        assert answer.status_code == 404, method


async def test_only_editors_of_the_organization_enter_integrations(rooms: Rooms, http: httpx.AsyncClient) -> None:
    path = "/api/v1/model_registry_tokens/openai"
    await http.put(path, json={"token": CANARY})
    user, editor = bearer(await rooms.token(Role.USER, Role.EDITOR)), bearer(await rooms.token(Role.EDITOR))
    assert (await http.get(path, headers=user)).status_code == 200
    for method in ("POST", "PUT", "DELETE"):
        assert (await http.request(method, path, json={"token": "x1"}, headers=user)).status_code == 403
    assert (await http.put(path, json={"token": "x1"}, headers=editor)).status_code == 200
    assert (await http.delete(path, headers=editor)).status_code == 204


async def test_providers_are_listed(http: httpx.AsyncClient) -> None:
    listed = (await http.get("/api/v2/providers")).json()
    assert listed["total"] == len(listed["data"]) > 30
    openai = next(one for one in listed["data"] if one["provider"] == "openai")
    assert openai["secret_names"] == ["OPENAI_API_KEY"]
    assert openai["hosts"] == ["api.openai.com:443"]
    assert "OpenAIChatGenerator" in openai["generators"]

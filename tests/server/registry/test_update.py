"""PATCH of a workspace's model: what a change does, what it leaves as it is, and the record of it."""

from __future__ import annotations

import uuid

import httpx
import pytest

from tests.conftest import definition
from tests.server.registry.registered import Registered
from tests.server.registry.shelf import UNKNOWN


def test_a_change_is_answered_whole_and_is_there_afterwards(registered: Registered) -> None:
    changed = registered.patch({"name": "GPT five", "provider": "azure"})
    assert changed.status_code == 200
    assert changed.json() == registered.get().json()
    assert changed.json()["name"] == "GPT five"
    assert changed.json()["provider"] == "azure"
    assert changed.json()["chat_generator_config"] == registered.model["chat_generator_config"]
    assert changed.headers["etag"] == registered.get().headers["etag"] != registered.etag


@pytest.mark.parametrize("field", ["name", "provider", "chat_generator_config", "generation_kwargs"])
def test_null_leaves_a_field_as_it_is(registered: Registered, field: str) -> None:
    changed = registered.patch({field: None})
    assert changed.status_code == 200
    assert changed.json() == registered.model
    assert changed.headers["etag"] == registered.etag


def test_an_empty_object_clears_generation_kwargs(registered: Registered) -> None:
    assert registered.patch({"generation_kwargs": {}}).json()["generation_kwargs"] == {}


def test_documents_are_replaced_whole(registered: Registered) -> None:
    config = {"type": "OpenAIChatGenerator", "init_parameters": {"model": "other"}}
    stored = registered.patch({"chat_generator_config": config}).json()["chat_generator_config"]
    assert stored["init_parameters"] == {"model": "other"}


def test_a_change_that_changes_nothing_leaves_no_trace(registered: Registered) -> None:
    before = registered.audit()
    config = registered.model["chat_generator_config"]
    turned = {
        "type": config["type"],
        "init_parameters": dict(reversed(config["init_parameters"].items())),
    }
    same = registered.patch({"name": registered.model["name"], "chat_generator_config": turned})
    assert same.status_code == 200
    assert same.json() == registered.model
    assert same.headers["etag"] == registered.etag
    assert registered.audit() == before
    assert registered.client.get(f"{registered.read_url}/revisions").json()["total"] == 1


@pytest.mark.parametrize(("before", "after"), [("1", "1.0"), ("1", "true"), ("1.0", "1")])
def test_one_and_one_point_zero_and_true_are_different(registered: Registered, before: str, after: str) -> None:
    def schema(value: str) -> bytes:
        return b'{"generation_kwargs": {"type": "object", "properties": {"a": {"const": %s}}}}' % value.encode()

    json_type = {"content-type": "application/json"}
    registered.client.patch(registered.url, content=schema(before), headers=json_type)
    etag = registered.get().headers["etag"]
    changed = registered.client.patch(registered.url, content=schema(after), headers=json_type)
    assert changed.status_code == 200, changed.text
    assert changed.headers["etag"] != etag
    assert f'"const":{after}' in registered.get().text


def test_unknown_and_read_only_fields_are_ignored(registered: Registered) -> None:
    sent = {**registered.model, "model_id": UNKNOWN, "origin": "PLATFORM", "connected": True, "created_by": None,
            "workspace_id": UNKNOWN, "surprise": 1, "name": "new name"}  # fmt: skip
    changed = registered.patch(sent)
    assert changed.status_code == 200
    assert changed.json()["name"] == "new name"
    for field in ("model_id", "origin", "connected", "created_by", "created_at"):
        assert changed.json()[field] == registered.model[field]


def test_a_workspace_may_use_a_name_of_the_organization(registered: Registered, admin: httpx.Client) -> None:
    name = f"shared-{uuid.uuid4().hex}"
    assert admin.post("/api/v2/models/custom", json=definition(name)).status_code == 201
    assert registered.patch({"name": name}).status_code == 200
    listed = admin.get(f"/api/v2/workspaces/{registered.workspace}/models", params={"name": name}).json()
    assert [model["origin"] for model in listed["data"]] == ["WORKSPACE"]
    both = admin.get(
        f"/api/v2/workspaces/{registered.workspace}/models", params={"name": name, "include_shadowed": "true"}
    ).json()
    assert [model["origin"] for model in both["data"]] == ["WORKSPACE", "ORGANIZATION"]


@pytest.mark.parametrize(
    "kind",
    ["OpenAIChatGenerator", "haystack.components.generators.chat.OpenAIChatGenerator",
     "haystack.components.generators.chat.openai.OpenAIChatGenerator"],
)  # fmt: skip
def test_a_type_is_made_canonical(registered: Registered, kind: str) -> None:
    key = {"type": "env_var", "env_vars": ["OPENAI_API_KEY"]}
    config = {"type": kind, "init_parameters": {"api_key": key}}
    stored = registered.patch({"chat_generator_config": config}).json()["chat_generator_config"]
    assert stored == {
        "type": "haystack.components.generators.chat.openai.OpenAIChatGenerator",
        "init_parameters": {"api_key": {**key, "strict": True}},
    }


def test_who_made_and_changed_it_comes_from_the_credentials(registered: Registered) -> None:
    me = registered.client.get("/api/v2/me").json()
    changed = registered.patch({"name": "n", "last_updated_by": {"user_id": UNKNOWN}}).json()
    for field in ("created_by", "last_updated_by"):
        assert changed[field] == {name: me[name] for name in ("given_name", "family_name", "user_id")}
    assert changed["created_at"] == registered.model["created_at"]
    assert changed["updated_at"] > registered.model["updated_at"]
    assert changed["updated_at"].endswith("Z")


def test_a_change_has_its_revision_and_its_audit_record(registered: Registered) -> None:
    registered.patch({"name": "renamed", "provider": "other"})
    entry = registered.audit()[0]
    assert entry["action"] == "model.update"
    assert entry["changes"] == ["name", "provider"]
    assert entry["subject_name"] == "renamed"
    assert entry["revision"] == 2
    assert entry["source"] == "127.0.0.1"
    revision = registered.client.get(f"{registered.read_url}/revisions/2").json()
    assert revision["name"] == "renamed"
    assert revision["changes"] == ["name", "provider"]

"""PATCH of a workspace's model: what is refused, with every fault at once, and changes nothing."""

from __future__ import annotations

import uuid

import httpx
import pytest

from tests.conftest import definition
from tests.server.registry.registered import Registered
from tests.server.registry.shelf import UNKNOWN, faults


def test_a_merge_patch_is_refused_for_its_null_means_something_else(registered: Registered) -> None:
    refused = registered.client.patch(
        registered.url, content=b'{"name": null}', headers={"content-type": "application/merge-patch+json"}
    )
    assert refused.status_code == 415
    assert refused.headers["accept-patch"] == "application/json"


def test_strict_handling_refuses_unknown_and_read_only_fields_and_says_so(registered: Registered) -> None:
    refused = registered.patch({"name": "new", "origin": "PLATFORM", "surprise": 1}, prefer="handling=strict")
    assert refused.status_code == 422
    assert faults(refused) == {"#/origin": "read_only", "#": "unknown_field"}
    assert "surprise" not in refused.text
    assert registered.get().headers["etag"] == registered.etag
    fine = registered.patch({"name": "new"}, prefer="handling=strict")
    assert fine.headers["preference-applied"] == "handling=strict"


@pytest.mark.parametrize("kind", ["organization", "elsewhere", "unknown", "deleted"])
def test_only_models_of_this_workspace_can_be_changed(registered: Registered, admin: httpx.Client, kind: str) -> None:
    if kind == "organization":
        made = admin.post("/api/v2/models/custom", json=definition(f"o-{uuid.uuid4().hex}")).json()
        model_id = made["model_id"]
    elif kind == "elsewhere":
        other = admin.post("/api/v1/workspaces", json={"name": uuid.uuid4().hex + "w"}).json()["workspace_id"]
        model_id = Registered(admin, other, definition()).model["model_id"]
    elif kind == "deleted":
        model_id = registered.model["model_id"]
        assert admin.delete(registered.url).status_code == 204
    else:
        model_id = UNKNOWN
    for method in ("PATCH", "DELETE"):
        refused = admin.request(method, f"{registered.path}/{model_id}", json={"name": "taken over"})
        assert refused.status_code == 404
        problem = refused.json()
        assert problem["detail"] == "We couldn't find a model with this ID. Check the ID and try again."
        assert problem["message"] == problem["detail"]
        assert problem["code"] == "model_not_found"
        assert model_id not in refused.text


def test_a_name_counts_once_in_a_workspace_whatever_its_case_and_form(registered: Registered) -> None:
    other = Registered(registered.client, registered.workspace, definition("Straße é"))
    refused = registered.patch({"name": "STRASSE e\u0301"})
    assert refused.status_code == 409
    assert refused.json()["detail"] == "A model with this name already exists."
    assert registered.get().headers["etag"] == registered.etag
    assert other.patch({"name": "STRASSE e\u0301"}).status_code == 200


@pytest.mark.parametrize(
    "name", ["", " edge", "edge ", "a\u0000b", "a\nb", "zero\u200bwidth", "\u202eturned", "x" * 256, UNKNOWN, "gpt@3"]
)
def test_names_that_mislead_are_refused(registered: Registered, name: str) -> None:
    refused = registered.patch({"name": name})
    assert refused.status_code == 422
    assert refused.json()["detail"] in (
        "The model configuration is invalid.",
        "The body holds something that haymow does not store.",
    )
    assert set(faults(refused)) <= {"#/name"}
    assert registered.get().headers["etag"] == registered.etag


@pytest.mark.parametrize("provider", ["", "Open AI", "öpenai", "-openai", "x" * 65, "a/b"])
def test_a_provider_is_a_slug(registered: Registered, provider: str) -> None:
    assert faults(registered.patch({"provider": provider})) == {"#/provider": "provider_slug"}


def test_every_fault_is_named_at_once(registered: Registered) -> None:
    refused = registered.patch(
        {
            "name": "bad ",
            "provider": "Bad",
            "chat_generator_config": {"type": "OpenAIChatGenerator", "init_parameters": {"model": 5, "tools": [1]}},
            "generation_kwargs": {"type": "array"},
        }
    )
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    pointers = set(faults(refused))
    assert {"#/name", "#/provider", "#/chat_generator_config/init_parameters/model"} <= pointers
    assert "#/chat_generator_config/init_parameters/tools" in pointers
    assert any(pointer.startswith("#/generation_kwargs") for pointer in pointers)


def test_the_merged_definition_is_checked_too(registered: Registered) -> None:
    config = registered.model["chat_generator_config"]
    hot = {**config, "init_parameters": {**config["init_parameters"], "generation_kwargs": {"temperature": 9}}}
    refused = registered.patch({"chat_generator_config": hot})
    assert refused.status_code == 422
    assert list(faults(refused)) == ["#/chat_generator_config/init_parameters/generation_kwargs"]
    assert registered.patch({"chat_generator_config": hot, "generation_kwargs": {}}).status_code == 200

"""PATCH of a workspace's model: every sentence of what it promises, over HTTP on a real server."""

from __future__ import annotations

import http.client
import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.conftest import client_of, definition
from tests.running import RunningServer

UNKNOWN = "00000000-0000-4000-8000-000000000000"


class Registered:
    """A model in a workspace, and what a test asks of it."""

    def __init__(self, client: httpx.Client, workspace: str, body: dict[str, Any]) -> None:
        self.client = client
        self.workspace = workspace
        self.path = f"/api/v2/workspaces/{workspace}/models/custom"
        made = client.post(self.path, json=body)
        assert made.status_code == 201, made.text
        self.model = made.json()
        self.etag = made.headers["etag"]
        self.url = f"{self.path}/{self.model['model_id']}"
        self.read_url = self.url.replace("/custom", "")

    def patch(self, body: Any, **headers: str) -> httpx.Response:
        return self.client.patch(self.url, json=body, headers=headers)

    def get(self) -> httpx.Response:
        return self.client.get(self.read_url)

    def audit(self) -> list[dict[str, Any]]:
        page = self.client.get(f"/api/v2/workspaces/{self.workspace}/audit").json()
        return [entry for entry in page["data"] if entry["subject_id"] == self.model["model_id"]]


@pytest.fixture
def registered(admin: httpx.Client, workspace: str) -> Iterator[Registered]:
    yield Registered(admin, workspace, definition())


def faults(response: httpx.Response) -> dict[str, str]:
    return {fault["pointer"]: fault["code"] for fault in response.json()["details"]}


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


def test_a_merge_patch_is_refused_for_its_null_means_something_else(registered: Registered) -> None:
    refused = registered.client.patch(
        registered.url, content=b'{"name": null}', headers={"content-type": "application/merge-patch+json"}
    )
    assert refused.status_code == 415
    assert refused.headers["accept-patch"] == "application/json"


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


def test_strict_handling_refuses_them_and_says_so(registered: Registered) -> None:
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


class TestIfMatch:
    def test_the_newest_etag_and_a_star_and_a_list_match(self, registered: Registered) -> None:
        for number, condition in enumerate(("{}", "*", '"x", {}')):
            etag = registered.get().headers["etag"]
            changed = registered.patch({"name": f"n{number}"}, **{"if-match": condition.format(etag)})
            assert changed.status_code == 200, condition

    @pytest.mark.parametrize("condition", ['"1-000000000000"', "W/{}", '"a", "b"'])
    def test_others_do_not_and_weak_ones_never(self, registered: Registered, condition: str) -> None:
        refused = registered.patch({"name": "n"}, **{"if-match": condition.format(registered.etag)})
        assert refused.status_code == 412
        assert registered.get().headers["etag"] == registered.etag

    def test_a_malformed_one_is_400(self, registered: Registered) -> None:
        assert registered.patch({"name": "n"}, **{"if-match": "1-abc"}).status_code == 400

    def test_it_comes_before_the_body(self, registered: Registered) -> None:
        refused = registered.client.patch(
            registered.url,
            content=b"{broken",
            headers={"if-match": '"no"', "content-type": "application/json"},
        )
        assert refused.status_code == 412

    def test_of_many_at_once_exactly_one_wins(self, registered: Registered, server: RunningServer) -> None:
        def change(number: int) -> int:
            with client_of(server.url, server.token) as client:
                body, headers = {"name": f"winner {number}"}, {"if-match": registered.etag}
                return client.patch(registered.url, json=body, headers=headers).status_code

        with ThreadPoolExecutor(12) as pool:
            assert sorted(pool.map(change, range(12))) == [200] + [412] * 11

    def test_an_etag_never_comes_again(self, registered: Registered) -> None:
        seen = [registered.etag]
        for number in (2, 1, 3):
            registered.patch({"name": f"n{len(seen)}"})
            restored = registered.client.post(f"{registered.read_url}/revisions/{number}/restore")
            assert restored.status_code == 200, restored.text
            seen.append(restored.headers["etag"])
        assert len(set(seen)) == len(seen)


def test_changes_to_different_fields_at_once_all_survive(registered: Registered, server: RunningServer) -> None:
    schema = {"type": "object", "properties": {"p": {"type": "number"}}}
    config = {"type": "OpenAIChatGenerator", "init_parameters": {"model": "new"}}
    parts: list[dict[str, Any]] = [
        {"name": "new"}, {"provider": "new"}, {"generation_kwargs": schema}, {"chat_generator_config": config},
    ]  # fmt: skip

    def change(part: dict[str, Any]) -> int:
        with client_of(server.url, server.token) as client:
            return client.patch(registered.url, json=part).status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(change, parts)) == [200] * 4
    model = registered.get().json()
    assert (model["name"], model["provider"], model["generation_kwargs"]) == ("new", "new", schema)
    assert model["chat_generator_config"]["init_parameters"] == {"model": "new"}
    assert [entry["revision"] for entry in registered.audit()] == [5, 4, 3, 2, 1]


def test_many_changes_of_one_field_are_one_after_the_other(registered: Registered, server: RunningServer) -> None:
    def change(number: int) -> tuple[int, str, str]:
        with client_of(server.url, server.token) as client:
            answer = client.patch(registered.url, json={"name": f"n{number}"})
            return answer.status_code, answer.headers["etag"], answer.json()["name"]

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(change, range(48)))
    assert {status for status, _, _ in answers} == {200}
    by_revision = {int(etag.strip('"').split("-")[0]): name for _, etag, name in answers}
    assert sorted(by_revision) == list(range(2, 50))
    revisions = registered.client.get(f"{registered.read_url}/revisions").json()["data"]
    assert {one["revision"]: one["name"] for one in revisions if one["revision"] > 1} == by_revision


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


class TestOrderOfChecks:
    """One request with everything wrong, mended a fault at a time."""

    def test_each_check_comes_in_its_place(self, registered: Registered, server: RunningServer) -> None:
        url, token = server.url + registered.path, f"Bearer {server.token}"
        model = registered.model["model_id"]
        taken = Registered(registered.client, registered.workspace, definition("taken")).model["name"]
        unknown_id, no_id = f"{url}/{UNKNOWN}", f"{url}/not-an-id"
        one, bearer = f"{url}/{model}", {"authorization": token}
        typed = {**bearer, "content-type": "application/json"}
        steps: list[tuple[str, dict[str, str], bytes, int]] = [
            (no_id, {}, b"{", 401),
            (no_id, bearer, b"{", 422),
            (unknown_id, bearer, b"{", 404),
            (one, {**bearer, "content-type": "text/plain", "if-match": '"x"'}, b"{", 415),
            (one, {**typed, "if-match": '"x"'}, b"{", 412),
            (one, typed, b"{", 400),
            (one, typed, b'{"name": 5}', 422),
            (one, typed, json.dumps({"name": taken, "provider": "Bad"}).encode(), 422),
            (one, typed, json.dumps({"name": taken}).encode(), 409),
        ]
        assert _announced(server, no_id, 2 * 1024 * 1024) == 413
        for address, headers, body, status in steps:
            answered = httpx.patch(address, headers=headers, content=body)
            assert answered.status_code == status, (status, answered.text)
        assert registered.get().headers["etag"] == registered.etag


def _announced(server: RunningServer, url: str, length: int) -> int:
    """The status of a request that announces a body and sends none of it."""
    address = httpx.URL(url)
    connection = http.client.HTTPConnection(address.host, address.port, timeout=30)
    connection.putrequest("PATCH", address.path)
    connection.putheader("Content-Length", str(length))
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status

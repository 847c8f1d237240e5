"""POST of a model: what it answers, what it fills in, and everything it refuses."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.conftest import definition
from tests.running import RunningServer
from tests.server.access.people import unique
from tests.server.registry.conftest import Caller
from tests.server.registry.shelf import INVALID, TAKEN, UNKNOWN, Shelf, faults, openai_config

MOCK = "haystack.components.generators.chat.mock"


def test_a_new_model_is_answered_whole_and_is_where_location_says(either: Shelf) -> None:
    body = definition(unique("new"))
    made = either.create(body)
    assert made.status_code == 201
    found = either.client.get(made.headers["location"])
    assert found.json() == made.json()
    assert found.headers["etag"] == made.headers["etag"]
    assert made.headers["etag"].startswith('"1-')
    assert {field: made.json()[field] for field in body} == body


def test_location_leads_to_the_read_address_on_this_host(shelf: Shelf) -> None:
    made = shelf.create(definition())
    location = urlsplit(made.headers["location"])
    assert location.path == f"{shelf.models}/{made.json()['model_id']}"
    assert not location.netloc


def test_what_it_answers_beside_the_definition(shelf: Shelf, organization: Shelf) -> None:
    me = shelf.client.get("/api/v2/me").json()
    person = {name: me[name] for name in ("given_name", "family_name", "user_id")}
    for where, origin in ((shelf, "WORKSPACE"), (organization, "ORGANIZATION")):
        model = where.made(definition(unique("m")))
        assert model["origin"] == origin
        assert model["created_by"] == model["last_updated_by"] == person
        assert model["created_at"] == model["updated_at"]
        assert model["created_at"].endswith("Z")


def test_without_generation_kwargs_a_caller_may_set_any(either: Shelf) -> None:
    body = definition(unique("m"))
    del body["generation_kwargs"]
    assert either.made(body)["generation_kwargs"] == {}


def test_omitted_init_parameters_stay_omitted(shelf: Shelf) -> None:
    config = {"type": "OpenAIChatGenerator", "init_parameters": {}}
    stored = shelf.made(definition(chat_generator_config=config))["chat_generator_config"]
    assert stored["init_parameters"] == {}
    assert stored["type"].endswith(".openai.OpenAIChatGenerator")


def test_it_has_its_first_revision_and_its_audit_record(either: Shelf) -> None:
    model = either.made(definition(unique("m")))
    (revision,) = either.revisions(model["model_id"]).json()["data"]
    assert (revision["revision"], revision["change"], revision["restored_from"]) == (1, "create", None)
    assert {f: revision[f] for f in definition()} == {f: model[f] for f in definition()}
    (entry,) = either.audit(model["model_id"])
    assert (entry["action"], entry["revision"], entry["subject_name"]) == ("model.create", 1, model["name"])
    assert entry["changes"] == ["name", "provider", "chat_generator_config", "generation_kwargs"]
    assert entry["user_id"] == model["created_by"]["user_id"]


class TestRefused:
    @pytest.mark.parametrize("field", ["name", "provider", "chat_generator_config"])
    @pytest.mark.parametrize("how", ["omitted", "null"])
    def test_a_required_field_that_is_not_there(self, either: Shelf, field: str, how: str) -> None:
        body = {**definition(unique("m")), field: None}
        if how == "omitted":
            del body[field]
        refused = either.create(body)
        assert refused.status_code == 422
        assert refused.json()["detail"] == INVALID
        assert list(faults(refused)) == [f"#/{field}"]

    @pytest.mark.parametrize("field", ["name", "provider", "chat_generator_config", "generation_kwargs"])
    @pytest.mark.parametrize("value", [1, True, ["a"], 1.5])
    def test_a_value_of_another_type(self, shelf: Shelf, field: str, value: Any) -> None:
        refused = shelf.create({**definition(), field: value})
        assert refused.status_code == 422
        assert faults(refused) == {f"#/{field}": "type"}

    def test_every_fault_at_once_and_no_value_of_them(self, shelf: Shelf) -> None:
        body = {
            "name": "canary-name ",
            "provider": "Canary Provider",
            "chat_generator_config": openai_config(organization=5, tools=["canary-tool"]),
            "generation_kwargs": {"type": "canary-type"},
        }
        refused = shelf.create(body)
        assert refused.status_code == 422
        assert {"#/name", "#/provider", "#/generation_kwargs/type"} <= set(faults(refused))
        assert {f"#/chat_generator_config/init_parameters/{name}" for name in ("organization", "tools")} <= set(
            faults(refused)
        )
        assert "canary" not in refused.text.lower()

    def test_a_literal_key(self, shelf: Shelf) -> None:
        config = openai_config()
        config["init_parameters"]["api_key"] = {"type": "token", "token": "sk-canary"}
        refused = shelf.create(definition(chat_generator_config=config))
        assert refused.status_code == 422
        assert "sk-canary" not in refused.text

    @pytest.mark.parametrize(
        "kind", ["subprocess.Popen", "haystack.components.fetchers.LinkContentFetcher", "os.system"]
    )
    def test_a_type_that_is_no_chat_generator(self, shelf: Shelf, kind: str) -> None:
        refused = shelf.create(definition(chat_generator_config={"type": kind, "init_parameters": {}}))
        assert refused.status_code == 422
        assert list(faults(refused)) == ["#/chat_generator_config/type"]
        assert kind not in refused.text

    def test_a_definition_longer_than_64_ki_characters(self, shelf: Shelf) -> None:
        """It would be in every list, and in every revision."""

        def config(characters: int) -> dict[str, Any]:
            messages = [{"role": "assistant", "content": [{"text": text * 30_000}]} for text in "\u00e4b"]
            made: dict[str, Any] = {"type": f"{MOCK}.MockChatGenerator", "init_parameters": {"responses": messages}}
            text = made["init_parameters"]["responses"][1]["content"][0]
            text["text"] += "c" * (characters - len(json.dumps(made, ensure_ascii=False, separators=(",", ":"))))
            return made

        model = shelf.made(definition(chat_generator_config=config(64 * 1024)))
        too_long = config(64 * 1024 + 1)
        refusals = (
            shelf.create(definition("other", chat_generator_config=too_long)),
            shelf.patch(model["model_id"], {"chat_generator_config": too_long}),
        )
        for refused in refusals:
            assert refused.status_code == 422
            assert list(faults(refused)) == ["#/chat_generator_config"]
            assert len(refused.content) < 1000

    def test_defaults_that_its_own_parameters_do_not_allow(self, shelf: Shelf) -> None:
        config = openai_config(generation_kwargs={"temperature": 9})
        refused = shelf.create(definition(chat_generator_config=config))
        (pointer,) = faults(refused)
        assert pointer.startswith("#/chat_generator_config/init_parameters/generation_kwargs")

    def test_a_default_under_another_name_of_what_its_parameters_limit(self, shelf: Shelf) -> None:
        limits = {"type": "object", "properties": {"max_tokens": {"maximum": 100}}, "additionalProperties": False}

        def create(tokens: int) -> httpx.Response:
            config = openai_config(generation_kwargs={"max_completion_tokens": tokens})
            return shelf.create(definition(chat_generator_config=config, generation_kwargs=limits))

        assert create(100).status_code == 201
        assert list(faults(create(101))) == ["#/chat_generator_config/init_parameters/generation_kwargs"]

    def test_a_name_that_is_taken_in_any_case(self, either: Shelf) -> None:
        name = unique("taken")
        either.made(definition(name))
        refused = either.create(definition(name.upper()))
        assert refused.status_code == 409
        assert (refused.json()["detail"], refused.json()["code"]) == (TAKEN, "name_taken")

    @pytest.mark.parametrize(
        ("content", "kind", "status"),
        [
            (b'{"name": "a"', "application/json", 400),
            (b"[]", "application/json", 422),
            (b"name=a", "application/x-www-form-urlencoded", 415),
            (b"{}", "text/plain", 415),
            (b"{}", "application/merge-patch+json", 415),
        ],
    )
    def test_a_body_that_is_no_definition(self, either: Shelf, content: bytes, kind: str, status: int) -> None:
        refused = either.client.post(either.custom, content=content, headers={"content-type": kind})
        assert refused.status_code == status
        assert refused.headers["content-type"] == "application/problem+json"

    def test_one_that_nobody_vouches_for(self, server: RunningServer, either: Shelf) -> None:
        refused = httpx.post(server.url + either.custom, json=definition())
        assert refused.status_code == 401
        assert "bearer" in refused.headers["www-authenticate"].lower()

    def test_a_workspace_that_is_not_there_and_one_that_is_no_id(self, admin: httpx.Client) -> None:
        for workspace, status in ((UNKNOWN, 404), ("default", 422)):
            refused = Shelf(admin, f"/api/v2/workspaces/{workspace}").create(definition())
            assert refused.status_code == status

    def test_a_caller_who_may_only_read(self, either: Shelf, caller: Caller) -> None:
        reader = Shelf(caller("user"), either.prefix)
        refused = reader.create(definition(unique("m")))
        assert refused.status_code == 403
        assert refused.json()["code"] == "forbidden"

    def test_a_caller_of_another_workspace(self, shelf: Shelf, admin: httpx.Client, caller: Caller) -> None:
        other = admin.post("/api/v1/workspaces", json={"name": unique("w")}).json()["workspace_id"]
        stranger = Shelf(caller("admin", other), shelf.prefix)
        assert stranger.create(definition()).status_code == 404
        assert shelf.page(origin="WORKSPACE").json()["total"] == 0

    def test_leaves_nothing(self, shelf: Shelf) -> None:
        shelf.made(definition("one"))
        shelf.create(definition("ONE"))
        shelf.create(definition("bad "))
        assert shelf.page(origin="WORKSPACE").json()["total"] == 1
        page = shelf.client.get(f"{shelf.prefix}/audit").json()["data"]
        assert [entry["subject_name"] for entry in page if entry["action"] == "model.create"] == ["one"]


class TestStrictHandling:
    def test_ignored_fields_are_refused(self, shelf: Shelf) -> None:
        body = {**definition(), "model_id": UNKNOWN, "origin": "PLATFORM", "surprise": 1}
        refused = shelf.create(body, prefer="handling=strict")
        assert faults(refused) == {"#/model_id": "read_only", "#/origin": "read_only", "#": "unknown_field"}

    def test_a_good_one_says_that_it_was_treated_strictly(self, either: Shelf) -> None:
        made = either.create(definition(unique("m")), prefer="handling=strict")
        assert made.status_code == 201
        assert made.headers["preference-applied"] == "handling=strict"

    def test_without_it_they_are_ignored_and_never_applied(self, shelf: Shelf) -> None:
        body = {**definition(), "model_id": UNKNOWN, "origin": "PLATFORM", "connected": True, "created_by": None}
        model = shelf.made(body)
        assert model["model_id"] != UNKNOWN
        assert (model["origin"], model["connected"]) == ("WORKSPACE", False)


class TestIdempotencyKey:
    def test_the_same_request_again_has_the_same_answer_and_makes_nothing(self, either: Shelf) -> None:
        body, key = definition(unique("m")), {"idempotency-key": unique("key")}
        first, second = either.create(body, **key), either.create(body, **key)
        assert second.status_code == first.status_code == 201
        assert second.content == first.content
        for header in ("etag", "location"):
            assert second.headers[header] == first.headers[header]
        assert either.page(name=body["name"]).json()["total"] == 1
        assert len(either.audit(first.json()["model_id"])) == 1

    def test_another_body_is_refused(self, shelf: Shelf) -> None:
        key = {"idempotency-key": unique("key")}
        shelf.create(definition("one"), **key)
        refused = shelf.create(definition("two"), **key)
        assert refused.status_code == 422
        assert refused.json()["code"] == "idempotency_key_reused"
        assert shelf.names(origin="WORKSPACE") == ["one"]

    def test_a_refused_request_may_be_mended_under_its_key(self, shelf: Shelf) -> None:
        key = {"idempotency-key": unique("key")}
        assert shelf.create(definition("bad "), **key).status_code == 422
        assert shelf.create(definition("good"), **key).status_code == 201

    def test_keys_of_different_workspaces_have_nothing_to_do_with_each_other(
        self, shelf: Shelf, organization: Shelf
    ) -> None:
        body, key = definition(unique("m")), {"idempotency-key": unique("key")}
        one, other = shelf.create(body, **key), organization.create(body, **key)
        assert one.json()["model_id"] != other.json()["model_id"]

    @pytest.mark.parametrize("key", ["", "x" * 256, "caf\u00e9"])
    def test_a_malformed_key_is_refused(self, shelf: Shelf, key: str) -> None:
        refused = shelf.client.post(
            shelf.custom, json=definition(), headers={b"idempotency-key": key.encode("latin-1")}
        )
        assert refused.status_code == 422
        assert shelf.page(origin="WORKSPACE").json()["total"] == 0

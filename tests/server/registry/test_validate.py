"""POST .../models/validate: what a create or an update would answer, without the change."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import definition
from tests.server.access.people import unique
from tests.server.registry.conftest import Caller
from tests.server.registry.shelf import GONE, UNKNOWN, Shelf, faults, openai_config

GIVEN_TO_WHAT_IS_SAVED = {"model_id", "created_by", "last_updated_by", "created_at", "updated_at"}

REFUSED: list[dict[str, Any]] = [
    {"name": "edge ", "provider": "No Slug"},
    {"name": 5},
    {"chat_generator_config": {"type": "subprocess.Popen", "init_parameters": {}}},
    {"chat_generator_config": openai_config(surprise=1, timeout="soon")},
    {"chat_generator_config": openai_config(generation_kwargs={"temperature": 9})},
    {"generation_kwargs": {"type": "object", "properties": {"a": {"$ref": "https://example.com/s"}}}},
]


def traces(shelf: Shelf) -> Any:
    """All that a change leaves: models with their times, and the audit record."""
    return shelf.page(origin="WORKSPACE").json(), shelf.client.get(f"{shelf.prefix}/audit").json()


class TestANewModel:
    def test_is_answered_as_its_creation_is(self, either: Shelf) -> None:
        body = definition(unique("m"))
        validated = either.validate(body)
        assert validated.status_code == 200
        made = either.made(body)
        assert validated.json() == {**made, **dict.fromkeys(GIVEN_TO_WHAT_IS_SAVED)}

    @pytest.mark.parametrize("change", REFUSED)
    def test_has_the_faults_of_its_creation(self, shelf: Shelf, change: dict[str, Any]) -> None:
        body = {**definition(), **change}
        validated, created = shelf.validate(body), shelf.create(body)
        assert validated.status_code == created.status_code == 422
        assert faults(validated) == faults(created)
        assert validated.json()["detail"] == created.json()["detail"]

    @pytest.mark.parametrize("field", ["name", "provider", "chat_generator_config"])
    def test_needs_what_its_creation_needs(self, shelf: Shelf, field: str) -> None:
        body = definition()
        del body[field]
        assert faults(shelf.validate(body)) == faults(shelf.create(body)) == {f"#/{field}": "required"}

    def test_meets_a_name_that_is_taken(self, either: Shelf) -> None:
        model = either.made(definition(unique("m")))
        validated = either.validate(definition(model["name"]))
        assert (validated.status_code, validated.json()["code"]) == (409, "name_taken")

    def test_is_held_to_the_hosts_of_its_secrets(self, shelf: Shelf) -> None:
        shelf.enter("BOUND_KEY", hosts=["api.openai.com"])
        body = definition(chat_generator_config=openai_config("BOUND_KEY", api_base_url="https://elsewhere.example/v1"))
        validated, created = shelf.validate(body), shelf.create(body)
        assert validated.status_code == created.status_code == 422
        assert faults(validated) == faults(created)

    def test_leaves_nothing(self, shelf: Shelf) -> None:
        shelf.made(definition("here"))
        before = traces(shelf)
        for body in (definition("new"), definition("here"), definition("bad ")):
            shelf.validate(body)
        assert traces(shelf) == before
        assert shelf.made(definition("new"))["name"] == "new"

    def test_binds_no_secret(self, shelf: Shelf) -> None:
        secret = shelf.enter("UNBOUND_KEY")
        where = f"{shelf.prefix}/secrets/{secret['secret_id']}"
        body = definition(chat_generator_config=openai_config("UNBOUND_KEY"))
        assert shelf.validate(body).json()["connected"] is True, "as its creation would be, which binds"
        assert shelf.client.get(where).json()["hosts"] is None
        shelf.made(body)
        assert shelf.client.get(where).json()["hosts"] == ["api.openai.com:443"]


class TestAnUpdate:
    @pytest.mark.parametrize(
        "change",
        [{}, {"name": "renamed"}, {"provider": "azure", "generation_kwargs": {}}, {"name": None},
         {"chat_generator_config": {"type": "OpenAIChatGenerator"}}],
    )  # fmt: skip
    def test_is_answered_as_the_patch_is(self, shelf: Shelf, change: dict[str, Any]) -> None:
        model = shelf.made(definition())
        validated = shelf.validate({"model_id": model["model_id"], **change})
        assert validated.status_code == 200, validated.text
        assert shelf.read(model["model_id"]).json() == model
        patched = shelf.patch(model["model_id"], change).json()
        assert {**validated.json(), "updated_at": 0} == {**patched, "updated_at": 0}

    @pytest.mark.parametrize("change", REFUSED)
    def test_has_the_faults_of_the_patch(self, shelf: Shelf, change: dict[str, Any]) -> None:
        model_id = shelf.made(definition())["model_id"]
        validated, patched = shelf.validate({"model_id": model_id, **change}), shelf.patch(model_id, change)
        assert validated.status_code == patched.status_code == 422
        assert faults(validated) == faults(patched)

    def test_meets_a_name_that_is_taken(self, either: Shelf) -> None:
        one, other = either.made(definition(unique("m"))), either.made(definition(unique("m")))
        validated = either.validate({"model_id": one["model_id"], "name": other["name"]})
        assert (validated.status_code, validated.json()["code"]) == (409, "name_taken")

    def test_leaves_nothing(self, shelf: Shelf) -> None:
        model = shelf.made(definition())
        before = traces(shelf), shelf.revisions(model["model_id"]).json(), shelf.read(model["model_id"]).headers["etag"]
        for change in ({"name": "renamed"}, {"provider": "No Slug"}, {}):
            shelf.validate({"model_id": model["model_id"], **change})
        after = traces(shelf), shelf.revisions(model["model_id"]).json(), shelf.read(model["model_id"]).headers["etag"]
        assert after == before

    def test_of_a_model_that_is_not_to_be_changed_here_is_404(self, shelf: Shelf, organization: Shelf) -> None:
        theirs = organization.made(definition(unique("m")))["model_id"]
        deleted = shelf.made(definition())["model_id"]
        shelf.delete(deleted)
        for model_id in (UNKNOWN, theirs, deleted):
            refused = shelf.validate({"model_id": model_id, "name": "n"})
            assert (refused.status_code, refused.json()["detail"]) == (404, GONE)

    @pytest.mark.parametrize("model_id", ["x", 5, "", f"{{{UNKNOWN}}}"])
    def test_of_what_is_no_id_is_refused(self, shelf: Shelf, model_id: Any) -> None:
        refused = shelf.validate({"model_id": model_id, "name": "n"})
        assert faults(refused) == {"#/model_id": "type"}


def test_unknown_fields_are_refused_when_it_is_strict(shelf: Shelf) -> None:
    model_id = shelf.made(definition("here"))["model_id"]
    strictly = {"prefer": "handling=strict"}
    for body in (definition("new"), {"model_id": model_id, "name": "n"}, {**definition("new"), "model_id": None}):
        assert shelf.validate(body, **strictly).headers["preference-applied"] == "handling=strict"
        refused = shelf.validate({**body, "origin": "PLATFORM", "surprise": 1}, **strictly)
        assert faults(refused) == {"#/origin": "read_only", "#": "unknown_field"}
        assert shelf.validate({**body, "origin": "PLATFORM", "surprise": 1}).status_code == 200


def test_who_may_not_change_may_not_try(either: Shelf, caller: Caller) -> None:
    assert Shelf(caller("user"), either.prefix).validate(definition(unique("m"))).status_code == 403


def test_it_answers_no_etag_for_there_is_no_revision_of_it(shelf: Shelf) -> None:
    assert "etag" not in shelf.validate(definition()).headers

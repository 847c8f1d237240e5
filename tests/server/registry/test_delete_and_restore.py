"""DELETE, and the revisions that outlive it: pages, single ones, and POST .../restore."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests import looking
from tests.conftest import definition
from tests.running import RunningServer
from tests.server.access.people import unique
from tests.server.registry.conftest import Caller
from tests.server.registry.shelf import GONE, INVALID, TAKEN, UNKNOWN, Shelf, faults, openai_config


def changed(shelf: Shelf, times: int = 3) -> dict[str, Any]:
    """A model with revisions 1 to `times`, called `name-1` to `name-N` one after the other."""
    word = unique("m")
    model = shelf.made(definition(f"{word}-1"))
    for number in range(2, times + 1):
        assert shelf.patch(model["model_id"], {"name": f"{word}-{number}"}).status_code == 200
    return {**model, "word": word}


class TestDelete:
    def test_it_is_gone_with_204(self, either: Shelf) -> None:
        model = either.made(definition(unique("m")))
        deleted = either.delete(model["model_id"])
        assert deleted.status_code == 204
        assert deleted.content == b""
        for answer in (either.read(model["model_id"]), either.delete(model["model_id"])):
            assert answer.status_code == 404
            assert answer.json()["detail"] == GONE
        assert either.names(q=model["name"], include_shadowed="true") == []

    def test_its_name_is_free_again(self, either: Shelf) -> None:
        model = either.made(definition(unique("m")))
        either.delete(model["model_id"])
        again = either.made(definition(model["name"]))
        assert again["model_id"] != model["model_id"]

    def test_a_name_may_be_freed_any_number_of_times(self, shelf: Shelf) -> None:
        for _ in range(4):
            assert shelf.delete(shelf.made(definition())["model_id"]).status_code == 204

    def test_if_match_holds_it_to_the_revision_that_was_read(self, either: Shelf) -> None:
        model = either.made(definition(unique("m")))
        old = either.read(model["model_id"]).headers["etag"]
        new = either.patch(model["model_id"], {"provider": "other"}).headers["etag"]
        for condition, status in ((old, 412), (f"W/{new}", 412), ("new", 400)):
            assert either.delete(model["model_id"], **{"if-match": condition}).status_code == status
        assert either.read(model["model_id"]).headers["etag"] == new
        assert either.delete(model["model_id"], **{"if-match": new}).status_code == 204

    def test_it_has_its_audit_record(self, either: Shelf) -> None:
        model = either.made(definition(unique("m")))
        either.delete(model["model_id"])
        entry = either.audit(model["model_id"])[0]
        assert (entry["action"], entry["subject_name"], entry["revision"]) == ("model.delete", model["name"], 2)

    def test_a_caller_who_may_only_read_may_not(self, either: Shelf, caller: Caller) -> None:
        model = either.made(definition(unique("m")))
        assert Shelf(caller("user"), either.prefix).delete(model["model_id"]).status_code == 403
        assert either.read(model["model_id"]).status_code == 200

    def test_a_secret_that_only_a_deleted_model_named_may_go(self, shelf: Shelf) -> None:
        secret = shelf.enter("ONLY_HERE_KEY")
        model = shelf.made(definition(chat_generator_config=openai_config("ONLY_HERE_KEY")))
        where = f"{shelf.prefix}/secrets/{secret['secret_id']}"
        assert shelf.client.delete(where).status_code == 409
        shelf.delete(model["model_id"])
        assert shelf.client.delete(where).status_code == 204


class TestRevisions:
    def test_they_are_paged_newest_first(self, either: Shelf) -> None:
        model = changed(either, 5)
        first = either.revisions(model["model_id"], limit=2).json()
        last = either.revisions(model["model_id"], limit=2, page_number=3).json()
        assert [one["revision"] for one in first["data"]] == [5, 4]
        assert (first["has_more"], first["total"]) == (True, 5)
        assert [one["revision"] for one in last["data"]] == [1]
        assert (last["has_more"], last["total"]) == (False, 5)

    def test_each_says_what_made_it(self, either: Shelf) -> None:
        model = changed(either, 2)
        either.delete(model["model_id"])
        either.restore(model["model_id"], 1)
        told = [(one["change"], one["changes"], one["restored_from"]) for one in
                either.revisions(model["model_id"]).json()["data"]]  # fmt: skip
        assert told == [
            ("restore", ["name"], 1),
            ("delete", [], None),
            ("update", ["name"], None),
            ("create", ["name", "provider", "chat_generator_config", "generation_kwargs"], None),
        ]

    def test_one_is_what_the_list_has_of_it(self, either: Shelf) -> None:
        model = changed(either)
        listed = either.revisions(model["model_id"]).json()["data"]
        assert [either.revision(model["model_id"], one["revision"]).json() for one in listed] == listed
        assert [one["name"] for one in listed] == [f"{model['word']}-{number}" for number in (3, 2, 1)]
        assert listed[0]["created_by"] == model["created_by"]

    @pytest.mark.parametrize("number", ["0", "9", "-1", "1.0", "x", "01x", "9" * 40, "\u0661"])
    def test_a_number_that_no_revision_has_is_404(self, either: Shelf, number: str) -> None:
        model = either.made(definition(unique("m")))
        for answer in (either.revision(model["model_id"], number), either.restore(model["model_id"], number)):
            assert answer.status_code == 404
            assert answer.json()["code"] == "revision_not_found"

    def test_those_of_no_model_and_of_somebody_elses_are_404(self, shelf: Shelf, organization: Shelf) -> None:
        mine = shelf.made(definition())["model_id"]
        for answer in (shelf.revisions(UNKNOWN), shelf.revision(UNKNOWN, 1), organization.revisions(mine),
                       organization.revision(mine, 1), organization.restore(mine, 1)):  # fmt: skip
            assert answer.status_code == 404
            assert answer.json()["detail"] == GONE

    def test_those_of_a_deleted_model_stay_readable_here_and_nowhere_else(
        self, shelf: Shelf, organization: Shelf
    ) -> None:
        model = changed(shelf)
        shelf.delete(model["model_id"])
        assert shelf.revisions(model["model_id"]).json()["total"] == 4
        assert shelf.revision(model["model_id"], 2).json()["name"] == f"{model['word']}-2"
        made = shelf.client.post("/api/v1/workspaces", json={"name": unique("w")}).json()
        other = Shelf(shelf.client, f"/api/v2/workspaces/{made['workspace_id']}")
        for stranger in (other, organization):
            assert stranger.revisions(model["model_id"]).status_code == 404

    def test_the_organizations_are_read_from_a_workspace_and_not_restored_from_there(
        self, shelf: Shelf, organization: Shelf
    ) -> None:
        model = changed(organization, 2)
        assert shelf.revisions(model["model_id"]).json()["total"] == 2
        assert shelf.restore(model["model_id"], 1).status_code == 404
        assert organization.read(model["model_id"]).json()["name"] == f"{model['word']}-2"


class TestRestore:
    def test_it_makes_a_new_revision_of_an_old_definition(self, either: Shelf) -> None:
        model = changed(either)
        restored = either.restore(model["model_id"], 1)
        assert restored.status_code == 200
        assert restored.json() == either.read(model["model_id"]).json()
        assert restored.headers["etag"].startswith('"4-')
        assert restored.json()["name"] == model["name"]
        newest = either.revision(model["model_id"], 4).json()
        assert (newest["change"], newest["restored_from"], newest["changes"]) == ("restore", 1, ["name"])
        assert either.audit(model["model_id"])[0]["action"] == "model.restore"

    def test_restoring_what_is_there_changes_nothing(self, either: Shelf) -> None:
        model = either.made(definition(unique("m")))
        before = either.read(model["model_id"])
        restored = either.restore(model["model_id"], 1)
        assert (restored.status_code, restored.json()) == (200, before.json())
        assert restored.headers["etag"] == before.headers["etag"]
        assert len(either.audit(model["model_id"])) == 1

    def test_if_match_is_asked(self, either: Shelf) -> None:
        model = changed(either, 2)
        etag = either.read(model["model_id"]).headers["etag"]
        for condition, status in (('"1-000000000000"', 412), ("broken", 400)):
            assert either.restore(model["model_id"], 1, **{"if-match": condition}).status_code == status
        assert either.read(model["model_id"]).headers["etag"] == etag
        assert either.restore(model["model_id"], 1, **{"if-match": etag}).status_code == 200

    def test_a_deleted_model_comes_back_under_its_id(self, either: Shelf) -> None:
        model = changed(either, 2)
        either.delete(model["model_id"])
        restored = either.restore(model["model_id"], 2)
        assert restored.status_code == 200
        assert restored.headers["etag"].startswith('"4-')
        found = either.read(model["model_id"]).json()
        assert found["name"] == f"{model['word']}-2"
        assert found["created_at"] == model["created_at"]
        assert either.names(q=model["word"]) == [found["name"]]

    def test_a_name_that_was_taken_meanwhile_is_409(self, either: Shelf) -> None:
        model = either.made(definition(unique("m")))
        either.delete(model["model_id"])
        other = either.made(definition(model["name"]))
        refused = either.restore(model["model_id"], 1)
        assert (refused.status_code, refused.json()["detail"]) == (409, TAKEN)
        assert either.read(model["model_id"]).status_code == 404
        either.delete(other["model_id"])
        assert either.restore(model["model_id"], 1).status_code == 200

    def test_a_restored_models_secret_is_in_use_again(self, shelf: Shelf) -> None:
        secret = shelf.enter("COMES_BACK_KEY")
        model = shelf.made(definition(chat_generator_config=openai_config("COMES_BACK_KEY")))
        shelf.delete(model["model_id"])
        shelf.restore(model["model_id"], 1)
        refused = shelf.client.delete(f"{shelf.prefix}/secrets/{secret['secret_id']}")
        assert refused.status_code == 409
        assert refused.json()["code"] == "secret_in_use"

    def test_a_caller_who_may_only_read_may_not(self, either: Shelf, caller: Caller) -> None:
        model = changed(either, 2)
        reader = Shelf(caller("user"), either.prefix)
        assert reader.revisions(model["model_id"]).status_code == 200
        assert reader.restore(model["model_id"], 1).status_code == 403
        assert reader.restore(model["model_id"], 9).status_code == 404

    def test_a_definition_that_is_allowed_no_longer_is_refused(self, shelf: Shelf, server: RunningServer) -> None:
        """An older haymow may have stored what this one refuses: restoring is a change like any other."""
        model = changed(shelf, 2)
        store_as_first(server, model["model_id"], '{"type":"subprocess.Popen","init_parameters":{}}')
        refused = shelf.restore(model["model_id"], 1)
        assert (refused.status_code, refused.json()["detail"]) == (422, INVALID)
        assert list(faults(refused)) == ["#/chat_generator_config/type"]
        assert shelf.read(model["model_id"]).headers["etag"].startswith('"2-')
        assert len(shelf.audit(model["model_id"])) == 2

    def test_what_only_an_administrator_may_set_only_an_administrator_may_restore(
        self, shelf: Shelf, caller: Caller
    ) -> None:
        config = openai_config(http_client_kwargs={"timeout": 5})
        model = shelf.made(definition(chat_generator_config=config))
        shelf.patch(model["model_id"], {"chat_generator_config": openai_config()})
        refused = Shelf(caller("editor"), shelf.prefix).restore(model["model_id"], 1)
        assert refused.status_code == 422
        assert set(faults(refused).values()) == {"administrator_only"}
        assert shelf.restore(model["model_id"], 1).status_code == 200

    def test_a_secret_that_went_elsewhere_since_is_a_mismatch(self, shelf: Shelf) -> None:
        there = openai_config("MOVED_KEY", api_base_url="https://old.example/v1")
        model = shelf.made(definition(chat_generator_config=there))
        shelf.patch(model["model_id"], {"chat_generator_config": openai_config("MOVED_KEY")})
        shelf.enter("MOVED_KEY", hosts=["api.openai.com"])
        refused = shelf.restore(model["model_id"], 1)
        assert refused.status_code == 422
        assert faults(refused) == {"#/chat_generator_config/init_parameters/api_key": "secret_host_mismatch"}


def store_as_first(server: RunningServer, model_id: str, config: str) -> None:
    """Put a config into a model's first revision, past every check."""
    changed = looking.execute(
        server.data,
        "UPDATE revisions SET chat_generator_config = :config WHERE model_id = :model AND revision = 1",
        config=config,
        model=uuid.UUID(model_id),
    )
    assert changed == 1

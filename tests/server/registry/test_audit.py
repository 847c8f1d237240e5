"""The record of models' changes: one entry for each change that happened, none for any other, and never a value."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import psycopg
import pytest

from haymow.server.database.news import TELL_SECONDS
from tests import databases, looking
from tests.conftest import client_of, definition
from tests.running import RunningServer
from tests.server.access.people import unique
from tests.server.registry.conftest import Caller
from tests.server.registry.shelf import Shelf, openai_config


def test_each_change_has_one_entry_in_its_order(either: Shelf) -> None:
    model = either.made(definition(unique("m")))
    model_id = model["model_id"]
    either.patch(model_id, {"provider": "azure", "generation_kwargs": {}})
    either.patch(model_id, {"provider": "azure"})  # changes nothing
    either.patch(model_id, {"provider": "No Slug"})  # is refused
    either.restore(model_id, 1)
    either.delete(model_id)
    either.restore(model_id, 2)
    told = [(entry["action"], entry["revision"], entry["changes"]) for entry in either.audit(model_id)]
    assert told == [
        ("model.restore", 5, ["provider", "generation_kwargs"]),
        ("model.delete", 4, []),
        ("model.restore", 3, ["provider", "generation_kwargs"]),
        ("model.update", 2, ["provider", "generation_kwargs"]),
        ("model.create", 1, ["name", "provider", "chat_generator_config", "generation_kwargs"]),
    ]


@pytest.mark.shared("a file has no other servers")
def test_other_servers_are_told_of_a_change_and_not_of_one_that_changes_nothing(
    shelf: Shelf, server: RunningServer
) -> None:
    model_id = shelf.made(definition())["model_id"]
    with psycopg.connect(databases.settings(server.data).database_url or "", autocommit=True) as other:
        other.execute("LISTEN haymow")

        def is_told_of_nothing() -> bool:
            assert shelf.patch(model_id, definition()).status_code == 200
            return list(other.notifies(timeout=4 * TELL_SECONDS)) == []

        assert any(is_told_of_nothing() for _ in range(5))  # the first one may hear of the creation
        assert shelf.patch(model_id, {"provider": "azure"}).status_code == 200
        assert len(list(other.notifies(timeout=30, stop_after=1))) == 1


def test_an_entry_says_who_when_from_where_and_with_which_token(shelf: Shelf, caller: Caller) -> None:
    workspace_id = shelf.prefix.rpartition("/")[2]
    editor = Shelf(caller("editor", workspace_id), shelf.prefix)
    model = editor.made(definition())
    (entry,) = shelf.audit(model["model_id"])
    assert entry["user_id"] == model["created_by"]["user_id"]
    assert entry["workspace_id"] == workspace_id
    assert entry["source"] == "127.0.0.1"
    assert entry["at"] == model["created_at"]
    tokens = {one["token_id"]: one["role"] for one in shelf.client.get("/api/v2/tokens").json()["data"]}
    assert tokens[entry["token_id"]] == "editor"


def test_a_workspaces_entries_are_in_its_record_and_the_organizations(shelf: Shelf, organization: Shelf) -> None:
    model = shelf.made(definition())
    assert shelf.audit(model["model_id"]) == organization.audit(model["model_id"]) != []
    theirs = organization.made(definition(unique("m")))
    assert shelf.audit(theirs["model_id"]) == []
    assert organization.audit(theirs["model_id"])[0]["workspace_id"] is None


def test_no_entry_holds_a_value(shelf: Shelf) -> None:
    config = openai_config("CANARY_KEY", api_base_url="https://canary.example/v1", organization="canary-org")
    model = shelf.made(definition(chat_generator_config=config, generation_kwargs=titled("canary-1")))
    shelf.enter("ANOTHER_KEY", "sk-live-canary-77")
    shelf.patch(model["model_id"], {"generation_kwargs": titled("canary-2")})
    record = shelf.client.get(f"{shelf.prefix}/audit").text
    assert "model.update" in record
    assert "canary" not in record.lower()


def titled(text: str) -> dict[str, str]:
    return {"type": "object", "title": text}


def test_pages_go_back_to_the_beginning_while_new_entries_come(shelf: Shelf) -> None:
    models = [shelf.made(definition(f"m{number}"))["model_id"] for number in range(5)]
    seen: list[str] = []
    page = shelf.client.get(f"{shelf.prefix}/audit", params={"limit": 2}).json()
    while page["next_cursor"] is not None:
        seen += [entry["subject_id"] for entry in page["data"]]
        shelf.made(definition(unique("later")))
        page = shelf.client.get(f"{shelf.prefix}/audit", params={"limit": 2, "before": page["next_cursor"]}).json()
    seen += [entry["subject_id"] for entry in page["data"]]
    assert [subject for subject in seen if subject in models] == models[::-1]
    assert len(seen) == len(set(seen))


class TestWithoutItsRecord:
    """R6: no change without its audit record. The database refuses the record here, by a trigger."""

    @pytest.fixture
    def barred(self, fresh_server: RunningServer) -> Iterator[Shelf]:
        with client_of(fresh_server.url, fresh_server.token) as client:
            workspace = client.get("/api/v1/workspaces/default").json()["workspace_id"]
            shelf = Shelf(client, f"/api/v2/workspaces/{workspace}")
            shelf.made(definition("before"))
            with looking.refusing(fresh_server.data, "audit", words="canary: no record"):
                yield shelf

    def test_no_change_happens(self, barred: Shelf) -> None:
        (model,) = barred.page().json()["data"]
        model_id, etag = model["model_id"], barred.read(model["model_id"]).headers["etag"]
        for answer in (
            barred.create(definition("new")),
            barred.patch(model_id, {"name": "changed"}),
            barred.delete(model_id),
        ):
            assert answer.status_code in (500, 503)
            assert "canary" not in answer.text
        assert barred.page().json()["data"] == [model]
        assert barred.read(model_id).headers["etag"] == etag
        assert barred.revisions(model_id).json()["total"] == 1

    def test_what_changes_nothing_is_answered(self, barred: Shelf) -> None:
        (model,) = barred.page().json()["data"]
        assert barred.patch(model["model_id"], {"name": "before"}).status_code == 200


def test_a_reader_of_models_may_not_read_it(either: Shelf, caller: Caller) -> None:
    client: httpx.Client = caller("user")
    assert client.get(f"{either.prefix}/audit").status_code == 403

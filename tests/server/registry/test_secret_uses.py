"""Which models keep a secret from being deleted, what the refusal says of them, and the record of binding one."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Connection

from haymow.server.registry.proposals import Change
from tests.conftest import definition
from tests.server.access.people import let_in, new_workspace, somebody, unique, with_token_of
from tests.server.registry.inside import opened, statements
from tests.server.registry.shelf import Shelf, openai_config, secret_name

ELSEWHERE = "https://elsewhere.example/v1"


def named(secret: str, name: str = "", **parameters: Any) -> dict[str, Any]:
    return definition(name or unique("m"), chat_generator_config=openai_config(secret, **parameters))


def delete(shelf: Shelf, secret: dict[str, Any], **query: str) -> httpx.Response:
    return shelf.client.delete(f"{shelf.prefix}/secrets/{secret['secret_id']}", params=query)


def test_a_platform_model_keeps_the_organizations_secret(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as (house, client, prefix):
            await house.platform.put({UUID(int=501): Change("shipped", "openai", openai_config("SHIPPED_KEY"), {})})
            made = await client.post("/api/v2/secrets", json={"name": "SHIPPED_KEY", "secret": "sk-1"})
            refused = await client.delete(f"/api/v2/secrets/{made.json()['secret_id']}")
            assert (refused.status_code, refused.json()["code"]) == (409, "secret_in_use")
            assert "shipped" in refused.text
            mine = await client.post(f"{prefix}/secrets", json={"name": "SHIPPED_KEY", "secret": "sk-2"})
            hidden = await client.delete(f"{prefix}/secrets/{mine.json()['secret_id']}")
            assert hidden.status_code == 204, "the organization's takes its place"

    asyncio.run(story())


def test_an_organizations_model_keeps_a_workspaces_secret_that_it_uses_there(shelf: Shelf, organization: Shelf) -> None:
    name = secret_name()
    model, secret = organization.made(named(name)), shelf.enter(name, hosts=["api.openai.com"])
    assert shelf.read(model["model_id"]).json()["connected"] is True
    refused = delete(shelf, secret)
    assert refused.status_code == 409, refused.text
    assert model["name"] in refused.json()["message"]
    assert delete(shelf, secret, force="true").status_code == 204


def test_it_does_not_where_the_organizations_secret_takes_its_place(shelf: Shelf, organization: Shelf) -> None:
    name = secret_name()
    organization.made(named(name))
    secret = shelf.enter(name, hosts=["api.openai.com"])
    organization.enter(name, hosts=["api.openai.com"])
    assert delete(shelf, secret).status_code == 204


def test_a_workspaces_model_keeps_the_organizations_secret_unless_it_has_its_own(
    shelf: Shelf, organization: Shelf
) -> None:
    name = secret_name()
    secret = organization.enter(name, hosts=["api.openai.com"])
    shelf.made(named(name))
    assert delete(organization, secret).status_code == 409
    shelf.enter(name, hosts=["api.openai.com"])
    assert delete(organization, secret).status_code == 204


@pytest.mark.parametrize("visible", [0, 2])
def test_models_of_workspaces_one_does_not_see_are_counted_and_not_named(admin: httpx.Client, visible: int) -> None:
    name, editor = secret_name(), somebody(admin, "editor")
    organization = Shelf(admin, "/api/v2")
    secret = organization.enter(name, hosts=["api.openai.com"])
    Shelf(admin, f"/api/v2/workspaces/{new_workspace(admin)[1]}").made(named(name, "hush hush project"))
    here = new_workspace(admin)[1]
    let_in(admin, here, editor.user_id, "user")
    for number in range(visible):
        Shelf(admin, f"/api/v2/workspaces/{here}").made(named(name, f"known {number}"))
    with editor.client as client:
        theirs = delete(Shelf(client, "/api/v2"), secret)
    assert theirs.status_code == 409
    assert "hush" not in theirs.text
    expected = "known 0, known 1 and 1 more" if visible else "1 in workspaces you do not see"
    assert expected in theirs.json()["message"]
    assert "hush hush project" in delete(organization, secret).json()["message"]


def test_a_token_of_one_workspace_is_told_the_models_it_sees(admin: httpx.Client) -> None:
    name, editor = secret_name(), somebody(admin)
    model = Shelf(admin, "/api/v2").made(named(name))
    workspace = new_workspace(admin)[1]
    let_in(admin, workspace, editor.user_id, "editor")
    narrow = with_token_of(admin, editor.user_id, role="editor", workspace_id=workspace)
    with editor.client, narrow.client as client:
        theirs = Shelf(client, f"/api/v2/workspaces/{workspace}")
        secret = theirs.enter(name, hosts=["api.openai.com"])
        assert model["name"] in delete(theirs, secret).json()["message"]


@pytest.mark.embedded("on PostgreSQL nobody has to wait for who writes")
def test_a_refusal_is_decided_where_it_keeps_no_change_waiting(tmp_path: Path) -> None:
    """With 100,000 models it takes a second. Here a change holds the one writer, and the refusal comes all the same."""

    async def story() -> None:
        async with opened(tmp_path) as (house, client, prefix):
            made = await client.post(f"{prefix}/secrets", json={"name": "MY_KEY", "secret": "sk-1"})
            await client.post(f"{prefix}/models/custom", json=named("MY_KEY", "mine"))
            begun, over = threading.Event(), threading.Event()

            def hold(_: Connection) -> None:
                begun.set()
                over.wait(30)

            holding = asyncio.ensure_future(house.database.write(hold, long=True))
            try:
                assert await asyncio.to_thread(begun.wait, 10)
                address = f"{prefix}/secrets/{made.json()['secret_id']}"
                refused = await asyncio.wait_for(client.delete(address), 10)
            finally:
                over.set()
                await holding
            assert (refused.status_code, refused.json()["code"]) == (409, "secret_in_use")

    asyncio.run(story())


def uses(shelf: Shelf, secret: dict[str, Any]) -> dict[str, Any]:
    answer = shelf.client.get(f"{shelf.prefix}/secrets/{secret['secret_id']}/uses")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


class TestUses:
    """The same models that keep a secret from being deleted, each with its id and its workspace."""

    def test_by_name_with_their_workspaces(self, shelf: Shelf, organization: Shelf) -> None:
        name, workspace = secret_name(), shelf.prefix.rpartition("/")[2]
        secret = shelf.enter(name, hosts=["api.openai.com"])
        assert uses(shelf, secret) == {"data": [], "has_more": False, "total": 0}
        second, first = shelf.made(named(name, "b")), shelf.made(named(name, "A"))
        shared = organization.made(named(name, unique("c")))
        shelf.made(definition("another"))
        assert uses(shelf, secret) == {
            "data": [
                {"model_id": first["model_id"], "name": "A", "workspace_id": workspace},
                {"model_id": second["model_id"], "name": "b", "workspace_id": workspace},
                {"model_id": shared["model_id"], "name": shared["name"], "workspace_id": None},
            ],
            "has_more": False,
            "total": 3,
        }
        shelf.delete(first["model_id"])
        assert uses(shelf, secret)["total"] == 2

    def test_of_the_organizations_secret_all_but_where_a_workspace_has_its_own(
        self, shelf: Shelf, organization: Shelf
    ) -> None:
        name = secret_name()
        secret = organization.enter(name, hosts=["api.openai.com"])
        model = shelf.made(named(name))
        own = Shelf(shelf.client, f"/api/v2/workspaces/{new_workspace(shelf.client)[1]}")
        own.enter(name, hosts=["api.openai.com"])
        own.made(named(name))
        for where in (organization, shelf):
            assert [one["model_id"] for one in uses(where, secret)["data"]] == [model["model_id"]]

    def test_what_one_does_not_see_is_counted_and_not_named(self, admin: httpx.Client) -> None:
        name, person = secret_name(), somebody(admin)
        secret = Shelf(admin, "/api/v2").enter(name, hosts=["api.openai.com"])
        Shelf(admin, f"/api/v2/workspaces/{new_workspace(admin)[1]}").made(named(name, "hush hush project"))
        here = new_workspace(admin)[1]
        Shelf(admin, f"/api/v2/workspaces/{here}").made(named(name, "known"))
        let_in(admin, here, person.user_id, "user")
        with person.client as client:
            theirs = uses(Shelf(client, "/api/v2"), secret)
        assert [one["name"] for one in theirs["data"]] == ["known"]
        assert (theirs["has_more"], theirs["total"]) == (False, 2)

    def test_at_most_a_hundred(self, shelf: Shelf) -> None:
        name = secret_name()
        secret = shelf.enter(name, hosts=["api.openai.com"])
        for number in range(101):
            shelf.made(named(name, f"m{number:03}"))
        found = uses(shelf, secret)
        assert [one["name"] for one in found["data"]] == [f"m{number:03}" for number in range(100)]
        assert (found["has_more"], found["total"]) == (True, 101)

    def test_a_secret_that_is_not_seen_from_here_is_404(self, shelf: Shelf, organization: Shelf) -> None:
        secret = shelf.enter(secret_name())
        other = Shelf(shelf.client, f"/api/v2/workspaces/{new_workspace(shelf.client)[1]}")
        for where in (other, organization):
            refused = shelf.client.get(f"{where.prefix}/secrets/{secret['secret_id']}/uses")
            assert (refused.status_code, refused.json()["code"]) == (404, "secret_not_found")
        assert shelf.client.get(f"{shelf.prefix}/secrets/x/uses").status_code == 422

    @pytest.mark.parametrize("workspaces", [1, 6])
    def test_they_take_five_statements_however_many_workspaces_there_are(self, tmp_path: Path, workspaces: int) -> None:
        async def story() -> None:
            async with opened(tmp_path) as (house, client, _):
                made = await client.post("/api/v2/secrets", json={"name": "SHARED_KEY", "secret": "sk-1"})
                for number in range(workspaces):
                    home = (await client.post("/api/v1/workspaces", json={"name": f"w{number}"})).json()["workspace_id"]
                    body = named("SHARED_KEY", "m")
                    await client.post(f"/api/v2/workspaces/{home}/models/custom", json=body)
                address = f"/api/v2/secrets/{made.json()['secret_id']}/uses"
                await client.get(address)
                with statements(house.database) as said:
                    answer = await client.get(address)
                assert answer.json()["total"] == workspaces
                assert len(said) == 5, said

        asyncio.run(story())


class TestBinding:
    """The first definition that would send an unbound secret decides where it goes: that is on record."""

    def test_by_a_new_model(self, either: Shelf) -> None:
        secret = either.enter(secret_name())
        model = either.made(named(secret["name"], api_base_url=ELSEWHERE))
        (bound, _) = self._record(either, secret)
        assert (bound["action"], bound["changes"], bound["subject_name"]) == ("secret.bind", ["hosts"], secret["name"])
        assert bound["user_id"] == model["created_by"]["user_id"]
        expected = None if either.prefix == "/api/v2" else either.prefix.rpartition("/")[2]
        assert bound["workspace_id"] == expected

    def test_by_a_changed_model_once(self, shelf: Shelf) -> None:
        model, secret = shelf.made(definition(unique("m"))), shelf.enter(secret_name())
        for number in range(2):
            config = openai_config(secret["name"], api_base_url=ELSEWHERE, model=f"m{number}")
            assert shelf.patch(model["model_id"], {"chat_generator_config": config}).status_code == 200
        assert [entry["action"] for entry in self._record(shelf, secret)] == ["secret.bind", "secret.create"]

    def test_not_by_what_is_refused_or_only_tried(self, shelf: Shelf) -> None:
        shelf.made(definition("taken"))
        secret = shelf.enter(secret_name())
        assert shelf.create(named(secret["name"], "taken", api_base_url=ELSEWHERE)).status_code == 409
        assert shelf.validate(named(secret["name"], api_base_url=ELSEWHERE)).status_code == 200
        assert [entry["action"] for entry in self._record(shelf, secret)] == ["secret.create"]

    def _record(self, shelf: Shelf, secret: dict[str, Any]) -> list[dict[str, Any]]:
        return shelf.audit(secret["secret_id"])

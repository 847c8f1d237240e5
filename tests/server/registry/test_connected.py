"""`connected`: true, false and null, by what secrets there are, whose they are and where they may go."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import definition
from tests.server.access.people import unique
from tests.server.registry.conftest import Caller
from tests.server.registry.shelf import Shelf, faults, openai_config, secret_name

ELSEWHERE = "https://elsewhere.example/v1"


def named(secret: str, **parameters: Any) -> dict[str, Any]:
    return definition(unique("m"), chat_generator_config=openai_config(secret, **parameters))


def connected(shelf: Shelf, model: dict[str, Any]) -> bool | None:
    """What GET says, after making sure that the list says it too."""
    found = shelf.read(model["model_id"]).json()["connected"]
    listed = {one["model_id"]: one["connected"] for one in shelf.page(q=model["name"]).json()["data"]}
    assert listed[model["model_id"]] == found
    assert found is None or shelf.names(q=model["name"], connected=str(found).lower()) == [model["name"]]
    return bool(found) if found is not None else None


def test_null_where_no_secret_is_needed(shelf: Shelf) -> None:
    config = {"type": "OllamaChatGenerator", "init_parameters": {"url": "http://localhost:11434"}}
    model = shelf.made(definition(chat_generator_config=config))
    assert model["connected"] is None
    assert connected(shelf, model) is None
    for said in ("true", "false"):
        assert shelf.names(connected=said, origin="WORKSPACE") == []  # other tests' models are the organization's


def test_false_until_the_secret_is_there_and_again_when_it_goes(either: Shelf) -> None:
    name = secret_name()
    model = either.made(named(name))
    assert connected(either, model) is False
    etag = either.read(model["model_id"]).headers["etag"]
    secret = either.enter(name)
    assert connected(either, model) is True
    removed = either.client.delete(f"{either.prefix}/secrets/{secret['secret_id']}", params={"force": "true"})
    assert removed.status_code == 204
    assert connected(either, model) is False
    assert either.read(model["model_id"]).headers["etag"] == etag, "the definition did not change"


def test_the_organizations_secret_counts_in_its_workspaces(shelf: Shelf, organization: Shelf) -> None:
    name = secret_name()
    organization.enter(name, hosts=["api.openai.com"])
    assert connected(shelf, shelf.made(named(name))) is True


def test_a_workspaces_secret_counts_nowhere_else(shelf: Shelf, organization: Shelf) -> None:
    name = secret_name()
    shelf.enter(name)
    made = shelf.client.post("/api/v1/workspaces", json={"name": unique("w")}).json()
    other = Shelf(shelf.client, f"/api/v2/workspaces/{made['workspace_id']}")
    for where in (other, organization):
        assert connected(where, where.made(named(name))) is False


def test_an_organizations_model_is_connected_by_each_workspaces_secrets(shelf: Shelf, organization: Shelf) -> None:
    name = secret_name()
    model = organization.made(named(name))
    shelf.enter(name, hosts=["api.openai.com"])
    assert connected(shelf, model) is True
    assert connected(organization, model) is False


def test_the_process_environment_is_never_looked_at(shelf: Shelf) -> None:
    assert connected(shelf, shelf.made(named("PATH"))) is False
    assert connected(shelf, shelf.made(named("HAYMOW_DATA"))) is False


def test_one_of_several_names_is_enough(shelf: Shelf) -> None:
    first, second = secret_name(), secret_name()
    config = openai_config()
    config["init_parameters"]["api_key"]["env_vars"] = [first, second]
    model = shelf.made(definition(chat_generator_config=config))
    assert connected(shelf, model) is False
    shelf.enter(second)
    assert connected(shelf, model) is True


class TestHosts:
    def test_a_secret_of_another_host_is_a_mismatch_that_says_what_to_do(self, either: Shelf) -> None:
        name = secret_name()
        either.enter(name, hosts=["api.openai.com"])
        refused = either.create(named(name, api_base_url=ELSEWHERE))
        assert refused.status_code == 422
        (fault,) = refused.json()["details"]
        assert fault["pointer"] == "#/chat_generator_config/init_parameters/api_key"
        assert fault["code"] == "secret_host_mismatch"
        assert "Enter the secret's value again with that host" in fault["message"]
        assert name not in refused.text
        assert "elsewhere" not in refused.text

    def test_a_mismatch_comes_before_a_name_that_is_taken(self, either: Shelf) -> None:
        name = secret_name()
        either.enter(name, hosts=["api.openai.com"])
        model, taken = (either.made(definition(unique("m"))) for _ in range(2))
        change = {**named(name, api_base_url=ELSEWHERE), "name": taken["name"]}
        of_model = {**change, "model_id": model["model_id"]}
        for refused in (either.patch(model["model_id"], change), either.create(change), either.validate(of_model)):
            assert set(faults(refused).values()) == {"secret_host_mismatch"}, refused.text

    def test_a_port_is_part_of_a_host(self, shelf: Shelf) -> None:
        shelf.enter("PORT_KEY", hosts=["api.openai.com:8443"])
        assert shelf.create(named("PORT_KEY")).status_code == 422
        assert shelf.create(named("PORT_KEY", api_base_url="https://api.openai.com:8443/v1")).status_code == 201

    def test_the_usual_names_go_to_their_providers_alone(self, shelf: Shelf) -> None:
        shelf.enter("OPENAI_API_KEY")
        assert shelf.create(named("OPENAI_API_KEY", api_base_url=ELSEWHERE)).status_code == 422
        assert connected(shelf, shelf.made(named("OPENAI_API_KEY"))) is True

    def test_an_unbound_secret_belongs_to_the_first_host_that_uses_it(self, shelf: Shelf) -> None:
        secret = shelf.enter("FREE_KEY")
        assert secret["hosts"] is None
        assert connected(shelf, shelf.made(named("FREE_KEY", api_base_url=ELSEWHERE))) is True
        hosts = shelf.client.get(f"{shelf.prefix}/secrets/{secret['secret_id']}").json()["hosts"]
        assert hosts == ["elsewhere.example:443"]
        assert shelf.create(named("FREE_KEY")).status_code == 422

    def test_a_refused_definition_binds_nothing(self, shelf: Shelf) -> None:
        shelf.made(definition("taken"))
        secret = shelf.enter("FREE_KEY")
        body = {**named("FREE_KEY", api_base_url=ELSEWHERE), "name": "taken"}
        assert shelf.create(body).status_code == 409
        assert shelf.client.get(f"{shelf.prefix}/secrets/{secret['secret_id']}").json()["hosts"] is None

    def test_an_editor_of_a_workspace_binds_no_secret_of_the_organization(
        self, shelf: Shelf, organization: Shelf, caller: Caller
    ) -> None:
        name = secret_name()
        organization.enter(name)
        workspace_id = shelf.prefix.rpartition("/")[2]
        editor = Shelf(caller("editor", workspace_id), shelf.prefix)
        refused = editor.create(named(name, api_base_url=ELSEWHERE))
        assert set(faults(refused).values()) == {"secret_host_mismatch"}
        assert organization.create(named(name)).status_code == 201

    def test_a_value_entered_for_another_host_disconnects_what_named_it_first(self, shelf: Shelf) -> None:
        model = shelf.made(named("LATER_KEY", api_base_url=ELSEWHERE))
        shelf.enter("LATER_KEY", hosts=["api.openai.com"])
        assert connected(shelf, model) is False

    def test_a_value_entered_later_goes_where_its_definitions_agree(self, shelf: Shelf) -> None:
        model = shelf.made(named("LATER_KEY", api_base_url=ELSEWHERE))
        assert shelf.enter("LATER_KEY")["hosts"] == ["elsewhere.example:443"]
        assert connected(shelf, model) is True

    @pytest.mark.parametrize("change", [{"name": "renamed"}, {"generation_kwargs": {}}, {"provider": "other"}])
    def test_a_change_of_something_else_does_not_ask_again(self, shelf: Shelf, change: dict[str, Any]) -> None:
        model = shelf.made(named("MOVED_KEY", api_base_url=ELSEWHERE))
        shelf.enter("MOVED_KEY", hosts=["api.openai.com"])
        changed = shelf.patch(model["model_id"], change)
        assert (changed.status_code, changed.json()["connected"]) == (200, False)


class TestRank:
    def test_the_workspaces_secret_outranks_the_organizations(self, shelf: Shelf, organization: Shelf) -> None:
        name = secret_name()
        organization.enter(name, hosts=["elsewhere.example"])
        shelf.enter(name, hosts=["api.openai.com"])
        assert connected(shelf, shelf.made(named(name))) is True
        assert shelf.create(named(name, api_base_url=ELSEWHERE)).status_code == 422

    def test_it_outranks_even_where_only_the_organizations_would_do(self, shelf: Shelf, organization: Shelf) -> None:
        """No falling back: a person who enters a value of their own expects no other to be sent."""
        name = secret_name()
        model = shelf.made(named(name))
        organization.enter(name, hosts=["api.openai.com"])
        assert connected(shelf, model) is True
        shelf.enter(name, hosts=["elsewhere.example"])
        assert connected(shelf, model) is False

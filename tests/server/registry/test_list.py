"""The effective view as a list: each filter, filters together, pages to the end, each order, and what is shadowed."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.conftest import definition
from tests.server.access.people import unique
from tests.server.registry.shelf import Shelf, faults, openai_config

ANTHROPIC = {"type": "AnthropicChatGenerator", "init_parameters": {}}


@pytest.fixture
def stocked(shelf: Shelf) -> Shelf:
    """Six models: two providers, one connected, one that needs no secret."""
    shelf.enter("OPENAI_API_KEY")
    for name, provider, config in (
        ("Beta", "openai", openai_config("OPENAI_API_KEY")),
        ("alpha", "openai", openai_config("NOT_THERE")),
        ("100% sure", "anthropic", ANTHROPIC),
        ("under_score", "anthropic", ANTHROPIC),
        ("underXscore", "anthropic", ANTHROPIC),
        ("Straße", "ollama", {"type": "OllamaChatGenerator", "init_parameters": {"url": "http://localhost:11434"}}),
    ):
        shelf.made(definition(name, provider=provider, chat_generator_config=config))
    return shelf


def own(shelf: Shelf, **parameters: Any) -> list[str]:
    return shelf.names(origin="WORKSPACE", **parameters)


def test_a_list_has_whole_models(shelf: Shelf) -> None:
    model = shelf.made(definition())
    page = shelf.page(origin="WORKSPACE").json()
    assert page == {"data": [model], "has_more": False, "total": 1}


def test_an_empty_list_is_a_list(shelf: Shelf) -> None:
    assert shelf.page(origin="WORKSPACE").json() == {"data": [], "has_more": False, "total": 0}


class TestFilters:
    def test_provider(self, stocked: Shelf) -> None:
        assert own(stocked, provider="openai") == ["alpha", "Beta"]
        assert own(stocked, provider="nobody") == []

    def test_name_is_one_name_whatever_its_case_and_form(self, stocked: Shelf) -> None:
        assert own(stocked, name="STRASSE") == ["Straße"]
        assert own(stocked, name="stra") == []

    @pytest.mark.parametrize(
        ("q", "found"),
        [
            ("ETA", ["Beta"]),
            ("%", ["100% sure"]),
            ("_", ["under_score"]),
            ("r_s", ["under_score"]),
            ("0% s", ["100% sure"]),
            ("/", []),
            ("\\", []),
            ("*", []),
            ("SS", ["Straße"]),
            ("score", ["under_score", "underXscore"]),
        ],
    )
    def test_q_is_a_part_of_the_name_to_the_letter(self, stocked: Shelf, q: str, found: list[str]) -> None:
        assert own(stocked, q=q) == found

    def test_connected(self, stocked: Shelf) -> None:
        assert own(stocked, connected="true") == ["Beta"]
        assert own(stocked, connected="false") == ["100% sure", "alpha", "under_score", "underXscore"]

    def test_origin(self, stocked: Shelf, organization: Shelf) -> None:
        name = organization.made(definition(unique("shared")))["name"]
        assert name in stocked.names(origin="ORGANIZATION", q=name)
        assert stocked.names(origin="WORKSPACE", q=name) == []
        assert stocked.names(origin="PLATFORM", q=name) == []

    def test_filters_all_have_to_hold(self, stocked: Shelf) -> None:
        assert own(stocked, provider="anthropic", q="score", connected="false") == ["under_score", "underXscore"]
        assert own(stocked, provider="openai", q="score") == []
        assert own(stocked, provider="openai", connected="true", name="beta", sort="-name", limit=1) == ["Beta"]
        assert own(stocked, provider="openai", connected="false", name="beta") == []

    def test_an_empty_value_is_no_filter(self, stocked: Shelf) -> None:
        everything = own(stocked)
        for parameter in ("provider", "name", "q", "connected", "sort", "limit", "page_number"):
            assert own(stocked, **{parameter: ""}) == everything

    def test_unknown_parameters_are_ignored(self, stocked: Shelf) -> None:
        assert len(own(stocked, surprise="1")) == 6

    @pytest.mark.parametrize("q", ["' OR 1=1 --", '"; DROP TABLE models; --', "x" * 5000])
    def test_what_looks_like_sql_is_text(self, stocked: Shelf, q: str) -> None:
        assert own(stocked, q=q) == []
        assert len(own(stocked)) == 6

    @pytest.mark.parametrize("parameter", ["q", "name", "provider"])
    def test_a_null_character_is_refused_as_it_is_in_a_body(self, stocked: Shelf, parameter: str) -> None:
        """SQLite's text functions stop at it, PostgreSQL refuses it."""
        refused = stocked.page(**{parameter: "Beta\u0000"})
        assert refused.status_code == 422
        assert list(faults(refused)) == [f"#/query/{parameter}"]


class TestPages:
    @pytest.mark.parametrize("limit", [1, 2, 3, 6, 7])
    @pytest.mark.parametrize("sort", ["name", "-provider"])
    def test_pages_to_the_end_have_every_model_once(self, stocked: Shelf, limit: int, sort: str) -> None:
        pages = list(stocked.pages(origin="WORKSPACE", limit=limit, sort=sort))
        assert [page["has_more"] for page in pages] == [True] * (math.ceil(6 / limit) - 1) + [False]
        assert {page["total"] for page in pages} == {6}
        assert all(len(page["data"]) == limit for page in pages[:-1])
        assert [model["name"] for page in pages for model in page["data"]] == own(stocked, sort=sort)

    def test_a_page_behind_the_end_is_empty(self, stocked: Shelf) -> None:
        page = stocked.page(origin="WORKSPACE", limit=3, page_number=3).json()
        assert page == {"data": [], "has_more": False, "total": 6}
        assert stocked.page(origin="WORKSPACE", page_number=10**9).json()["data"] == []

    def test_total_counts_what_the_filters_leave(self, stocked: Shelf) -> None:
        page = stocked.page(origin="WORKSPACE", provider="anthropic", limit=2).json()
        assert (len(page["data"]), page["has_more"], page["total"]) == (2, True, 3)

    def test_a_page_holds_a_hundred_unless_told(self, shelf: Shelf) -> None:
        for number in range(103):
            shelf.made(definition(f"m{number}"))
        first, second = shelf.pages(origin="WORKSPACE")
        assert (len(first["data"]), len(second["data"])) == (100, 3)

    @pytest.mark.parametrize(
        ("parameter", "value"),
        [
            ("limit", "0"), ("limit", "101"), ("limit", "-1"), ("limit", "ten"), ("limit", "1.5"), ("limit", "9" * 30),
            ("page_number", "0"), ("page_number", "-1"), ("page_number", "x"), ("page_number", "9" * 30),
            ("connected", "maybe"), ("origin", "workspace"), ("origin", "ELSEWHERE"),
            ("sort", "revision"), ("sort", "--name"), ("sort", "name,provider"), ("include_shadowed", "perhaps"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_meant_is_refused_by_name(self, shelf: Shelf, parameter: str, value: str) -> None:
        refused = shelf.page(**{parameter: value})
        assert refused.status_code == 422
        assert list(faults(refused)) == [f"#/query/{parameter}"]
        assert len(value) <= 4 or value not in refused.text


class TestOrder:
    @pytest.mark.parametrize("field", ["name", "provider", "created_at", "updated_at"])
    def test_each_field_sorts_both_ways(self, shelf: Shelf, field: str) -> None:
        made = [shelf.made(definition(name, provider=word)) for name, word in (("b", "x"), ("C", "z"), ("a", "y"))]
        shelf.patch(made[0]["model_id"], {"generation_kwargs": {}})
        models = shelf.page(origin="WORKSPACE").json()["data"]
        up = [model["name"] for model in sorted(models, key=lambda model: str(model[field]).casefold())]
        assert own(shelf, sort=field) == up
        assert own(shelf, sort=f"-{field}") == up[::-1]

    def test_names_sort_whatever_their_case(self, stocked: Shelf) -> None:
        assert own(stocked) == ["100% sure", "alpha", "Beta", "Straße", "under_score", "underXscore"]

    def test_equal_ones_keep_an_order_so_pages_do_not_overlap(self, stocked: Shelf) -> None:
        assert own(stocked, sort="provider")[:3] == ["100% sure", "under_score", "underXscore"]


class TestShadows:
    def test_the_nearest_of_a_name_is_shown_and_the_others_on_request(self, shelf: Shelf, organization: Shelf) -> None:
        name = unique("shared")
        theirs = organization.made(definition(name))
        assert [model["origin"] for model in shelf.page(q=name).json()["data"]] == ["ORGANIZATION"]
        mine = shelf.made(definition(name.upper()))
        page = shelf.page(q=name).json()
        assert [model["model_id"] for model in page["data"]] == [mine["model_id"]]
        assert page["total"] == 1
        both = shelf.page(q=name, include_shadowed="true").json()
        assert [model["model_id"] for model in both["data"]] == [mine["model_id"], theirs["model_id"]]
        assert both["total"] == 2

    def test_a_hidden_one_is_hidden_by_origin_too(self, shelf: Shelf, organization: Shelf) -> None:
        name = unique("shared")
        organization.made(definition(name))
        shelf.made(definition(name))
        assert shelf.names(q=name, origin="ORGANIZATION") == []
        assert shelf.names(q=name, origin="ORGANIZATION", include_shadowed="true") == [name]

    def test_a_hidden_one_is_still_read_by_its_id(self, shelf: Shelf, organization: Shelf) -> None:
        name = unique("shared")
        theirs = organization.made(definition(name))
        shelf.made(definition(name))
        assert shelf.read(theirs["model_id"]).json()["origin"] == "ORGANIZATION"

    def test_it_comes_back_when_what_hid_it_goes(self, shelf: Shelf, organization: Shelf) -> None:
        name = unique("shared")
        organization.made(definition(name))
        mine = shelf.made(definition(name))
        shelf.delete(mine["model_id"])
        assert [model["origin"] for model in shelf.page(q=name).json()["data"]] == ["ORGANIZATION"]

    def test_it_comes_back_when_what_hid_it_is_renamed(self, shelf: Shelf, organization: Shelf) -> None:
        name = unique("shared")
        organization.made(definition(name))
        mine = shelf.made(definition(name))
        shelf.patch(mine["model_id"], {"name": "another"})
        assert [model["origin"] for model in shelf.page(q=name).json()["data"]] == ["ORGANIZATION"]

    def test_the_organization_sees_no_workspaces_models(self, shelf: Shelf, organization: Shelf) -> None:
        model = shelf.made(definition(unique("mine")))
        assert organization.names(q=model["name"]) == []
        assert organization.page(origin="WORKSPACE").json()["total"] == 0
        assert organization.read(model["model_id"]).status_code == 404

    def test_a_workspace_sees_no_other_workspaces_models(self, shelf: Shelf) -> None:
        model = shelf.made(definition(unique("mine")))
        made = shelf.client.post("/api/v1/workspaces", json={"name": unique("w")}).json()
        other = Shelf(shelf.client, f"/api/v2/workspaces/{made['workspace_id']}")
        assert other.names(q=model["name"], include_shadowed="true") == []
        assert other.read(model["model_id"]).status_code == 404

"""Editing a model in two windows, the revisions that come of it, and going back to an earlier one."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.place import Place

URL = "https://api.openai.com/v1"


@pytest.fixture
def model(place: Place) -> str:
    return place.model("shared", URL)


def test_what_is_typed_is_shown_as_a_difference_before_it_is_saved(signed_in: Page, place: Place, model: str) -> None:
    page = signed_in
    page.goto(place.screen(f"models/{model}"))
    page.get_by_role("link", name="Edit").click()
    page.get_by_role("textbox", name="timeout").fill("40")
    page.get_by_role("button", name="Save …").click()
    dialog = page.get_by_role("dialog", name="Save 1 change to shared?")
    row = dialog.get_by_role("row", name=re.compile("^timeout"))
    expect(row.get_by_role("deletion")).to_have_text("20")
    expect(row.get_by_role("insertion")).to_have_text("40")

    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Save …")).to_be_focused()
    assert _parameters(place, model)["timeout"] == 20
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("shared")
    assert _parameters(place, model)["timeout"] == 40
    assert _revisions(place, model) == 2


def test_the_second_of_two_windows_merges_the_others_change_and_chooses_where_both_changed(
    signed_in: Page, place: Place, model: str
) -> None:
    first, second = signed_in, signed_in.context.new_page()
    for window in (first, second):
        window.goto(place.screen(f"models/{model}/edit"))
    _set(first, timeout="40", max_retries="1")
    _save(first)
    expect(first.get_by_role("heading", level=1)).to_have_text("shared")

    _set(second, timeout="60", model="gpt-5-mini")
    _save(second)
    merge = second.get_by_role("dialog", name=re.compile("changed this model while you were editing"))
    expect(merge.get_by_text("max_retries: theirs is taken")).to_be_visible()
    expect(merge.get_by_text("model: yours is kept")).to_be_visible()
    expect(merge.get_by_role("button", name="1 left to decide")).to_be_disabled()
    conflict = merge.get_by_role("radiogroup", name=re.compile("timeout: both changed it"))
    conflict.get_by_role("radio", name=re.compile("40")).check()
    conflict.get_by_role("radio", name=re.compile("60")).check()
    merge.get_by_role("button", name="Use both changes").click()
    shown = second.get_by_role("dialog", name="Save 2 changes to shared?")
    expect(shown.get_by_role("row", name=re.compile("^timeout")).get_by_role("deletion")).to_have_text("40")
    assert _revisions(place, model) == 2
    shown.get_by_role("button", name="Save").click()
    expect(second.get_by_role("heading", level=1)).to_have_text("shared")
    found = _parameters(place, model)
    assert (found["timeout"], found["max_retries"], found["model"]) == (60, 1, "gpt-5-mini")
    assert _revisions(place, model) == 3


def test_a_revision_shows_what_it_changed_and_is_made_the_newest_again(
    signed_in: Page, place: Place, model: str
) -> None:
    place.change(model, generation_kwargs={"type": "object", "properties": {"seed": {"type": "integer"}}})
    page = signed_in
    page.goto(place.screen(f"models/{model}"))
    page.get_by_role("tab", name="Revisions").click()
    page.get_by_role("button", name=re.compile("^2 · ")).click()
    expect(page.get_by_role("row", name=re.compile("seed")).get_by_role("insertion")).to_contain_text("integer")
    assert "tab=revisions" in page.url and "revision=2" in page.url

    page.get_by_role("button", name=re.compile("^1 · ")).click()
    page.get_by_role("button", name="Restore", exact=True).click()
    asked = page.get_by_role("dialog", name="Restore revision 1 of shared?")
    expect(asked.get_by_role("button", name="Cancel")).to_be_focused()
    asked.get_by_role("button", name="Restore").click()
    expect(page.get_by_role("button", name=re.compile("^3 · "))).to_be_visible()
    page.get_by_role("tab", name="Overview").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("temperature")
    expect(page.get_by_role("tabpanel")).not_to_contain_text("seed")
    assert place.read(f"models/{model}")["generation_kwargs"]["properties"].keys() == {"temperature"}
    assert _revisions(place, model) == 3


def test_a_deleted_model_comes_back_from_its_revisions(signed_in: Page, place: Place, model: str) -> None:
    page = signed_in
    page.goto(place.screen(f"models/{model}"))
    page.get_by_role("button", name="Delete").click()
    asked = page.get_by_role("dialog", name="Delete shared?")
    expect(asked.get_by_role("button", name="Cancel")).to_be_focused()
    asked.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")
    expect(page.get_by_role("link", name="shared")).to_be_hidden()

    page.goto(place.screen(f"models/{model}"))
    expect(page.get_by_role("main")).to_contain_text("Deleted")
    page.get_by_role("button", name=re.compile("^1 · ")).click()
    page.get_by_role("button", name="Restore", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(page.get_by_role("region", name="Connection")).to_be_visible()
    assert _parameters(place, model)["timeout"] == 20


def test_raw_json_is_the_same_definition_and_what_the_form_cannot_show_stays(
    signed_in: Page, place: Place, model: str
) -> None:
    schema = {"type": "object", "properties": {"seed": {"type": "integer"}}, "x-of-ours": {"kept": [1, None]}}
    place.change(model, generation_kwargs=schema)
    page = signed_in
    page.goto(place.screen(f"models/{model}/edit"))
    views = page.get_by_role("radiogroup", name="Show as")
    views.get_by_text("JSON").click()
    text = page.get_by_role("textbox", name="The definition as JSON")
    expect(text).to_contain_text("x-of-ours")
    views.get_by_text("Form").click()
    _set(page, timeout="41")
    _save(page)
    expect(page.get_by_role("region", name="Connection")).to_be_visible()
    assert place.read(f"models/{model}")["generation_kwargs"] == schema
    assert _parameters(place, model)["timeout"] == 41


def _set(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        page.get_by_role("textbox", name=name, exact=True).fill(value)


def _save(page: Page) -> None:
    page.get_by_role("button", name="Save …").click()
    page.get_by_role("dialog", name=re.compile("^Save ")).get_by_role("button", name="Save").click()


def _parameters(place: Place, model: str) -> dict[str, object]:
    parameters: dict[str, object] = place.read(f"models/{model}")["chat_generator_config"]["init_parameters"]
    return parameters


def _revisions(place: Place, model: str) -> int:
    return int(place.read(f"models/{model}/revisions")["total"])

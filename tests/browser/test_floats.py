"""Floats such as 30.0, which JavaScript takes for integers: what the page reads and sends, by the text that is stored.

Python's `==` takes 30 and 30.0 for the same as well, so documents are compared as text here.
"""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.place import OPENAI, Place

PARAMETERS = {
    "model": "gpt-5",
    "api_key": {"type": "env_var", "env_vars": ["OPENAI_API_KEY"], "strict": True},
    "timeout": 30.0,
    "max_retries": 2,
    "generation_kwargs": {"temperature": 1.0, "top_p": 0.5, "presence_penalty": -0.0, "seed": 1},
}
TEMPERATURE = {"type": "number", "minimum": 0.0, "maximum": 2, "default": 1.0, "multipleOf": 0.5}
SCHEMA = {"type": "object", "properties": {"temperature": TEMPERATURE}, "x-limits": [[1e16, 1e22], 3.0]}


@pytest.fixture
def model(place: Place) -> str:
    return place.model(
        "exact",
        chat_generator_config={"type": OPENAI, "init_parameters": PARAMETERS},
        generation_kwargs=SCHEMA,
    )


def test_floats_that_nobody_touched_are_saved_as_they_were(signed_in: Page, place: Place, model: str) -> None:
    page = signed_in
    page.goto(place.screen(f"models/{model}/edit"))
    page.get_by_role("textbox", name="max_retries", exact=True).fill("3")
    _save(page, 1)
    assert _text(place, model) == _written({**PARAMETERS, "max_retries": 3}, SCHEMA)
    assert _changes(place, model)[:-1] == [["chat_generator_config"]]

    # The parameters' table, in which a name and a bound become others.
    page.goto(place.screen(f"models/{model}/edit"))
    expect(page.get_by_role("textbox", name="Least of temperature")).to_have_value("0.0")
    page.get_by_role("textbox", name="Most of temperature").fill("1.0")
    page.get_by_role("textbox", name="Name of temperature").fill("heat")
    _save(page, 2)
    renamed = {"heat": {**TEMPERATURE, "maximum": 1.0}}
    assert _text(place, model) == _written({**PARAMETERS, "max_retries": 3}, {**SCHEMA, "properties": renamed})
    assert _changes(place, model)[:-1] == [["generation_kwargs"], ["chat_generator_config"]]


def test_a_numbers_own_field_says_and_takes_floats(signed_in: Page, place: Place, model: str) -> None:
    page = signed_in
    page.goto(place.screen(f"models/{model}/edit"))
    timeout = page.get_by_role("textbox", name="timeout", exact=True)
    retries = page.get_by_role("textbox", name="max_retries", exact=True)
    expect(timeout).to_have_value("30.0")
    expect(retries).to_have_value("2")
    timeout.fill("")
    timeout.press_sequentially("30")
    retries.fill("3.0")
    page.get_by_role("button", name="Save …").click()
    dialog = page.get_by_role("dialog", name="Save 2 changes to exact?")
    _expect_change(dialog, "timeout", "30.0", "30")
    _expect_change(dialog, "max_retries", "2", "3.0")
    dialog.get_by_role("button", name="Keep editing").click()

    timeout.fill("30,5")
    page.get_by_role("button", name="Save …").click()
    expect(timeout).to_have_accessible_description(re.compile("Write a number, such as"))
    expect(page.get_by_role("alert").filter(has_text="half written")).to_be_visible()
    timeout.fill("30.50")
    retries.fill("2")
    expect(timeout).to_have_value("30.50")
    _save(page, 1)
    assert _text(place, model) == _written({**PARAMETERS, "timeout": 30.5}, SCHEMA)


def test_json_within_the_form_says_and_takes_floats(signed_in: Page, place: Place, model: str) -> None:
    page = signed_in
    page.goto(place.screen(f"models/{model}/edit"))
    defaults = page.get_by_role("textbox", name=re.compile("^generation_kwargs"))
    expect(defaults).to_have_value(re.compile(r'"temperature": 1\.0,.*"presence_penalty": -0\.0,', re.DOTALL))
    typed = '{"temperature": 1, "top_p": 1.0, "seed": 1}'
    defaults.fill("")
    defaults.press_sequentially(typed)
    page.get_by_role("textbox", name="max_retries", exact=True).fill("3")
    expect(defaults).to_have_value(typed)
    _save(page, 4)
    changed = {"temperature": 1, "top_p": 1.0, "seed": 1}
    assert _text(place, model) == _written({**PARAMETERS, "max_retries": 3, "generation_kwargs": changed}, SCHEMA)


@pytest.mark.parametrize("view", ["JSON", "YAML"])
def test_the_text_shows_floats_and_what_is_typed_in_it_is_sent_as_it_is_typed(
    signed_in: Page, place: Place, model: str, view: str
) -> None:
    page = signed_in
    page.goto(place.screen(f"models/{model}/edit"))
    page.get_by_role("radiogroup", name="Show as").get_by_text(view).click()
    text = page.get_by_role("textbox", name=f"The definition as {view}")
    expect(text).to_contain_text("30.0")
    changed = {**PARAMETERS, "timeout": 30, "max_retries": 2.0}
    config = {"type": OPENAI, "init_parameters": changed}
    fields = {"name": "exact", "provider": "openai", "chat_generator_config": config, "generation_kwargs": SCHEMA}
    text.fill(json.dumps(fields))  # which is YAML, too
    page.get_by_role("button", name="Save …").click()
    dialog = page.get_by_role("dialog", name="Save 2 changes to exact?")
    _expect_change(dialog, "timeout", "30.0", "30")
    _expect_change(dialog, "max_retries", "2", "2.0")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("exact")
    assert _text(place, model) == _written(changed, SCHEMA)
    assert _changes(place, model)[:-1] == [["chat_generator_config"]]


def test_another_persons_float_and_ones_own_survive_a_merge_and_a_reload(
    signed_in: Page, place: Place, model: str
) -> None:
    page = signed_in
    page.goto(place.screen(f"models/{model}/edit"))
    page.get_by_role("textbox", name="max_retries", exact=True).fill("3")
    page.reload()
    expect(page.get_by_text("What you changed here before is back.")).to_be_visible()
    theirs = {**PARAMETERS, "timeout": 30}
    place.change(model, chat_generator_config={"type": OPENAI, "init_parameters": theirs})
    page.get_by_role("button", name="Save …").click()
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    merge = page.get_by_role("dialog", name=re.compile("changed this model while you were editing"))
    expect(merge.get_by_text("timeout: theirs is taken")).to_be_visible()
    merge.get_by_role("button", name="Use both changes").click()
    page.get_by_role("dialog", name="Save 1 change to exact?").get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("exact")
    assert _text(place, model) == _written({**theirs, "max_retries": 3}, SCHEMA)

    page.get_by_role("button", name="Show it as JSON").click()
    expect(page.get_by_role("textbox", name="The definition as JSON")).to_contain_text('"temperature": 1.0')
    page.get_by_role("tab", name="Revisions").click()
    page.get_by_role("button", name=re.compile("^2 · ")).click()
    _expect_change(page.get_by_role("tabpanel"), "timeout", "30.0", "30")


def _save(page: Page, changes: int) -> None:
    page.get_by_role("button", name="Save …").click()
    title = f"Save {changes} change{'s' if changes > 1 else ''} to exact?"
    page.get_by_role("dialog", name=title).get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("exact")


def _expect_change(where: Locator, field: str, before: str, after: str) -> None:
    row = where.get_by_role("row", name=re.compile(f"^{field}"))
    expect(row.get_by_role("deletion")).to_have_text(before)
    expect(row.get_by_role("insertion")).to_have_text(after)


def _text(place: Place, model: str) -> str:
    found = place.read(f"models/{model}")
    return _written(found["chat_generator_config"]["init_parameters"], found["generation_kwargs"])


def _written(parameters: object, schema: object) -> str:
    return json.dumps([parameters, schema], sort_keys=True)


def _changes(place: Place, model: str) -> list[list[str]]:
    """What each revision changed, the newest first."""
    return [one["changes"] for one in place.read(f"models/{model}/revisions")["data"]]

"""The numbers of a playground's call: sent to haymow and the provider, and written as code, as they were typed.

Python's `==` takes 1 and 1.0 for the same, so bodies are compared as text here.
"""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.browser.place import Place
from tests.upstream import Upstream

TYPED = {"temperature": "1.0", "top_p": "1", "seed": "9007199254740991", "max_tokens": "5"}
MORE = '{"presence_penalty": -0.0, "stop": ["1.0"]}'
SENT = {
    "max_tokens": "5", "presence_penalty": "-0.0", "seed": "9007199254740991", "stop": '["1.0"]', "temperature": "1.0",
    "top_p": "1",
}  # fmt: skip
SCHEMA = {
    "type": "object",
    "properties": {
        "temperature": {"type": "number", "default": 1.0},
        "size": {"enum": [1.0, 2, 0.5], "type": "number"},
        "thinking": {"type": "object", "properties": {"budget": {"type": "number"}}},
    },
}


@pytest.fixture
def asked(signed_in: Page, place: Place, upstream: Upstream) -> Page:
    """The parameters of a model whose definition names none."""
    return _parameters(signed_in, place, upstream, {})


def test_numbers_are_sent_as_they_are_typed(asked: Page, upstream: Upstream) -> None:
    page = asked
    _set(page, TYPED)
    page.get_by_role("textbox", name="Other parameters, as JSON").fill(MORE)
    sent = _ask(page)
    assert _written(json.loads(sent.post_data or "")) == SENT
    assert _written(upstream.seen[-1].body) == SENT


def test_numbers_are_in_the_code_as_they_were_typed_and_survive_a_reload(asked: Page) -> None:
    page = asked
    _set(page, TYPED)
    _ask(page)
    page.reload()
    page.get_by_role("button", name="Parameters: 4 set").click()
    expect(_field(page, "temperature")).to_have_value("1.0")
    page.get_by_role("button", name="As code").click()
    code = page.get_by_role("dialog", name="This call as code")
    expect(code).to_contain_text('"temperature": 1.0,')
    expect(code).to_contain_text('"top_p": 1,')
    for language, written in {"Python": "temperature=1.0,", "Haystack": '"temperature": 1.0,'}.items():
        code.get_by_text(language, exact=True).click()
        expect(code).to_contain_text(written)


def test_what_is_no_number_or_too_large_a_one_is_said_at_its_field_and_not_sent(asked: Page) -> None:
    page = asked
    page.get_by_role("textbox", name="Message").fill("Hello")
    for text, said in {"warm": "Write a number", "9007199254740993": "too large to be kept as it is"}.items():
        _field(page, "seed").fill(text)
        expect(_field(page, "seed")).to_have_accessible_description(re.compile(said))
        expect(page.get_by_role("button", name="Send")).to_be_disabled()
        expect(page.get_by_role("button", name="Parameters: fault")).to_be_visible()
    _field(page, "seed").fill("7")
    more = page.get_by_role("textbox", name="Other parameters, as JSON")
    more.fill('{"user_id": 9007199254740993}')
    expect(more).to_have_accessible_description(re.compile("9007199254740993 is too large"))
    more.fill("")
    expect(page.get_by_role("button", name="Send")).to_be_enabled()


def test_a_number_that_is_half_written_stays_so_until_it_is_mended_or_taken_away(asked: Page) -> None:
    page = asked
    page.get_by_role("textbox", name="Message").fill("Hello")
    _field(page, "seed").fill("7 or 8")
    toggle = page.get_by_role("button", name="Parameters: fault")
    toggle.click()
    expect(_field(page, "seed")).to_be_hidden()
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    toggle.click()
    expect(_field(page, "seed")).to_have_value("7 or 8")
    page.get_by_role("button", name="Set nothing").click()
    expect(_field(page, "seed")).to_have_value("")
    expect(page.get_by_role("button", name="Send")).to_be_enabled()


def test_floats_of_the_models_own_schema_are_shown_and_taken(signed_in: Page, place: Place, upstream: Upstream) -> None:
    page = _parameters(signed_in, place, upstream, SCHEMA)
    expect(_field(page, "temperature")).to_have_attribute("placeholder", "1.0")
    page.get_by_role("combobox", name="size").click()
    page.get_by_role("option", name="1.0").click()
    expect(page.get_by_role("combobox", name="size")).to_have_value("1.0")
    _field(page, "budget").fill("3.0")
    body = json.loads(_ask(page).post_data or "")
    assert json.dumps([body["size"], body["thinking"]]) == '[1.0, {"budget": 3.0}]'
    assert "temperature" not in body


def _parameters(page: Page, place: Place, upstream: Upstream, schema: object) -> Page:
    place.secret("SCRIPTED_KEY", "sk-scripted", f"127.0.0.1:{upstream.port}")
    place.model("scripted", upstream.url, "SCRIPTED_KEY", generation_kwargs=schema)
    page.goto(place.screen("playground?model=scripted"))
    page.get_by_role("button", name="Parameters").click()
    expect(_field(page, "temperature")).to_be_visible()
    return page


def _field(page: Page, name: str) -> Locator:
    return page.get_by_role("textbox", name=name, exact=True)


def _set(page: Page, typed: dict[str, str]) -> None:
    for name, text in typed.items():
        _field(page, name).press_sequentially(text)


def _ask(page: Page) -> Request:
    """Ask a question, and wait for the whole answer."""
    page.get_by_role("textbox", name="Message").fill("Hello")
    with page.expect_request("**/chat/completions") as sent:
        page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("article")).to_have_attribute("aria-busy", "false")
    return sent.value


def _written(body: dict[str, object]) -> dict[str, str]:
    return {name: json.dumps(body[name]) for name in SENT if name in body}

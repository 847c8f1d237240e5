"""What people have to read or press is there whole, on the narrowest phones as on a desk."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.browser.place import Place
from tests.upstream import Upstream

PHONE: ViewportSize = {"width": 360, "height": 760}
DESK: ViewportSize = {"width": 1280, "height": 800}
CUT = "(one) => [one, ...one.querySelectorAll('*')].some((part) => part.scrollWidth > part.clientWidth)"
LONG_QUESTION = "Write a long story about a farmer, his hay and the barn. " * 4


def test_a_missing_secret_is_named_in_the_list_with_what_is_the_matter(signed_in: Page, place: Place) -> None:
    place.model("letters", key="ANTHROPIC_API_KEY", provider="anthropic")
    page = signed_in
    page.set_viewport_size(DESK)
    page.goto(place.screen("models"))
    cell = page.get_by_role("row", name=re.compile("letters")).get_by_role("cell").nth(3)
    expect(cell).to_have_text("ANTHROPIC_API_KEY missing")
    assert not cell.evaluate(CUT)


def test_a_long_question_leaves_room_for_what_changes_it(signed_in: Page, place: Place, upstream: Upstream) -> None:
    place.secret("SCRIPTED_KEY", "sk-scripted", f"127.0.0.1:{upstream.port}")
    place.model("scripted", upstream.url, "SCRIPTED_KEY")
    page = signed_in
    page.set_viewport_size(PHONE)
    page.goto(place.screen("playground?model=scripted"))
    page.get_by_role("textbox", name="Message").fill(LONG_QUESTION)
    page.get_by_role("button", name="Send").click()
    edit = page.get_by_role("button", name="Edit this question")
    expect(edit).to_be_enabled()
    assert not edit.evaluate(CUT)


def test_the_tabs_of_secrets_stand_beside_each_other_on_a_phone(signed_in: Page, place: Place) -> None:
    page = signed_in
    page.set_viewport_size(PHONE)
    page.goto(place.screen("secrets"))
    tabs = page.get_by_role("tab")
    expect(tabs).to_have_count(3)
    assert len({_top(tab) for tab in tabs.all()}) == 1


def _top(one: Locator) -> float:
    box = one.bounding_box()
    assert box is not None
    return box["y"]

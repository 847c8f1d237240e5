"""The list of models: what is shown is in the address, and everything goes by keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.place import Place
from tests.running import RunningServer
from tests.upstream import Upstream


@pytest.fixture
def five(place: Place) -> Place:
    place.secret("OPENAI_API_KEY", "sk-of-the-list", "api.openai.com")
    for name in ("billing-gpt", "claims-gpt", "legal-gpt"):
        place.model(name)
    for name in ("billing-llama", "claims-llama"):
        place.model(name, "https://vllm.example.com/v1", "VLLM_API_KEY", provider="vllm")
    return place


def test_search_filters_and_order_are_in_the_address_and_come_back_with_it(signed_in: Page, five: Place) -> None:
    page = signed_in
    page.goto(five.screen("models"))
    expect(_names(page)).to_have_text(["billing-gpt", "billing-llama", "claims-gpt", "claims-llama", "legal-gpt"])
    page.get_by_role("searchbox", name="Search by name").fill("gpt")
    expect(_names(page)).to_have_text(["billing-gpt", "claims-gpt", "legal-gpt"])
    page.wait_for_url("**/models?q=gpt")
    page.get_by_role("button", name="Name").click()
    expect(_names(page)).to_have_text(["legal-gpt", "claims-gpt", "billing-gpt"])
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "descending")
    page.wait_for_url("**/models?q=gpt&sort=-name")

    page.get_by_role("link", name="legal-gpt").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("legal-gpt")
    page.go_back()
    expect(_names(page)).to_have_text(["legal-gpt", "claims-gpt", "billing-gpt"])
    expect(page.get_by_role("searchbox", name="Search by name")).to_have_value("gpt")

    page.get_by_role("button", name="Clear").click()
    expect(_names(page)).to_have_count(5)


def test_an_address_with_filters_shows_what_it_says(signed_in: Page, five: Place) -> None:
    page = signed_in
    page.goto(five.screen("models?provider=vllm&connected=false"))
    expect(_names(page)).to_have_text(["billing-llama", "claims-llama"])
    expect(page.get_by_role("combobox", name="Provider")).to_have_value("vllm")
    expect(page.get_by_role("row", name=re.compile("claims-llama"))).to_contain_text("VLLM_API_KEY missing")
    page.get_by_role("combobox", name="Connected").click()
    page.get_by_role("option", name="Connected", exact=True).click()
    expect(page.get_by_text("No model matches")).to_be_visible()
    page.get_by_role("button", name="Clear the search and filters").click()
    expect(_names(page)).to_have_count(5)


def test_a_person_without_a_mouse_signs_in_opens_a_model_tests_it_and_signs_out(
    page: Page, server: RunningServer, place: Place
) -> None:
    with Upstream() as upstream:
        place.secret("SCRIPTED_KEY", "sk-scripted", f"127.0.0.1:{upstream.port}")
        for name in ("first", "second"):
            place.model(name, upstream.url, "SCRIPTED_KEY")
        page.goto(place.screen("models"))
        page.get_by_label("API token", exact=True).wait_for()
        page.keyboard.type(server.token)
        page.keyboard.press("Enter")
        expect(_names(page)).to_have_text(["first", "second"])

        page.keyboard.press("/")
        expect(page.get_by_role("searchbox", name="Search by name")).to_be_focused()
        for key in ("ArrowDown", "ArrowDown", "Enter"):
            page.keyboard.press(key)
        expect(page.get_by_role("heading", name="second", level=1)).to_be_focused()
        _tab_to(page, "Test connection")
        page.keyboard.press("Enter")
        expect(page.get_by_role("region", name="Connection")).to_contain_text("Tested just now")
        assert len(upstream.seen) == 1

        _tab_to(page, "Sign out", "Shift+Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_label("API token", exact=True)).to_be_focused()


def _names(page: Page) -> Locator:
    return page.get_by_role("table").get_by_role("link")


def _tab_to(page: Page, button: str, key: str = "Tab") -> None:
    """Go there as the keyboard goes, in not too many steps."""
    wanted = page.get_by_role("button", name=button)
    for _ in range(20):
        page.keyboard.press(key)
        if wanted.evaluate("(button) => button === document.activeElement"):
            return
    raise AssertionError(f"{key} does not lead to {button}")

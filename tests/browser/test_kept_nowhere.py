"""What is shown once or never: an API token, a secret's value. Neither stays in the page, its stores or its address."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import watch
from tests.browser.place import Place
from tests.conftest import client_of
from tests.running import RunningServer

VALUE = "sk-canary-that-nobody-sees-4471"

STORES = "() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, history.state])"


def test_a_token_is_shown_once_works_and_is_dead_when_it_is_revoked(
    signed_in: Page, server: RunningServer, place: Place
) -> None:
    page, name = signed_in, f"for {place.name}"
    page.goto("/settings/tokens")
    page.get_by_role("button", name="New token").click()
    page.get_by_role("dialog", name="New API token").get_by_label("Name").fill(name)
    page.get_by_label("Workspace").last.select_option(f"Only {place.name}")
    page.get_by_role("button", name="Create token").click()
    shown = page.get_by_role("dialog", name=f"The token {name}")
    token = shown.get_by_role("region", name="the token").inner_text().strip()
    assert _status(server, token) == 200

    shown.get_by_role("button", name="Done").click()
    expect(shown.get_by_role("alert")).to_contain_text("You have not copied the token")
    shown.get_by_role("button", name="Close without it").click()
    expect(shown).to_be_hidden()
    row = page.get_by_role("row", name=re.compile(name))
    expect(row).to_contain_text(place.name)
    assert token not in page.content() + page.evaluate(STORES)
    page.reload()
    expect(row).to_be_visible()
    assert token not in page.content()

    page.get_by_role("button", name=f"Revoke {name}").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke token").click()
    expect(row).to_be_hidden()
    assert _status(server, token) == 401


def test_a_secrets_value_is_in_no_text_store_or_address_while_it_is_entered_refused_and_kept(
    signed_in: Page, place: Place
) -> None:
    page, watched = signed_in, watch(signed_in)
    place.secret("TAKEN", "sk-other")
    page.goto(place.screen("secrets"))
    page.get_by_role("button", name="Add a secret").click()
    dialog = page.get_by_role("dialog")
    for name in ("TAKEN", "FREE"):
        dialog.get_by_role("textbox", name="Name").fill(name)
        dialog.get_by_role("textbox", name="Value", exact=True).fill(VALUE)
        assert VALUE not in _everywhere(page)
        with page.expect_response("**/secrets") as answered:
            dialog.get_by_role("button", name="Add the secret").click()
        assert VALUE not in answered.value.text() + _everywhere(page)
    expect(page.get_by_role("row", name=re.compile("^FREE"))).to_be_visible()
    expect(dialog).to_be_hidden()
    assert VALUE not in _everywhere(page)
    assert VALUE not in "".join(request.url for request in watched.requests)


def test_what_was_done_by_hand_stands_in_the_record_with_who_and_how(signed_in: Page, place: Place) -> None:
    page = signed_in
    page.goto(place.screen("secrets?add=RECORDED"))
    page.get_by_role("textbox", name="Value", exact=True).fill(VALUE)
    page.get_by_role("button", name="Add the secret").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("link", name="Audit").click()
    row = page.get_by_role("row", name=re.compile("entered the secret RECORDED"))
    expect(row).to_contain_text("haymow administrator")
    expect(row).to_contain_text("127.0.0.1")
    page.get_by_role("combobox", name="What was done").click()
    page.get_by_role("option", name="everything about secrets").click()
    page.wait_for_url("**/audit?action=secret")
    expect(row).to_be_visible()
    assert VALUE not in page.content() + json.dumps(place.read("audit"))


def _everywhere(page: Page) -> str:
    """The page's text and attributes, what it stores, and where it is. A field's own value is in none of them."""
    return str(page.content() + page.evaluate(STORES) + page.url)


def _status(server: RunningServer, token: str) -> int:
    with client_of(server.url, token) as client:
        return client.get("/api/v2/me").status_code

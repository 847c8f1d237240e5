"""Signing in and out by hand: with a token, by the link that the start prints, and what the server makes of it."""

from __future__ import annotations

import re
import subprocess
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import watch
from tests.running import RunningServer, environment, haymow_command


def test_who_has_not_signed_in_is_asked_for_a_token_and_then_led_where_they_wanted(
    page: Page, server: RunningServer
) -> None:
    page.goto("/w/default/secrets?tab=integrations")
    expect(page.get_by_label("API token", exact=True)).to_be_focused()
    assert urlsplit(page.url).path == "/sign-in"
    _enter(page, server.token)
    expect(page.get_by_role("heading", level=1)).to_have_text("Secrets")
    expect(page.get_by_role("tab", name="Integrations")).to_have_attribute("aria-selected", "true")


def test_a_token_leads_to_the_models_and_is_kept_nowhere_in_the_page(page: Page, server: RunningServer) -> None:
    page.goto("/")
    _enter(page, server.token)
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")
    assert re.fullmatch("/w/[^/]+/models", urlsplit(page.url).path)
    assert server.token not in page.content() + str(page.context.storage_state())
    assert page.evaluate("document.cookie") == ""


def test_an_unknown_token_is_refused_in_words_beside_the_field(page: Page) -> None:
    page.goto("/sign-in")
    _enter(page, "hm_not-a-token-of-anybody")
    field = page.get_by_label("API token", exact=True)
    expect(field).to_have_accessible_description(re.compile("haymow knows no such token. It may have been revoked"))
    expect(field).to_be_focused()


def test_the_printed_link_signs_in_once_and_says_so_the_second_time(
    browser: Browser, page: Page, fresh_server: RunningServer
) -> None:
    code = urlsplit(fresh_server.link).fragment
    watched = watch(page)
    page.goto(fresh_server.link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")
    # Behind the `#` it is in no request's address, and it does not stay in the browser's.
    assert code not in "".join([page.url, *(request.url for request in watched.requests)])

    other = browser.new_context().new_page()
    other.goto(fresh_server.link)
    expect(other.get_by_role("alert")).to_contain_text("The link did not sign you in")
    expect(other.get_by_role("alert")).to_contain_text("haymow admin link")
    expect(other.get_by_label("API token", exact=True)).to_be_visible()
    other.context.close()


@pytest.mark.parametrize("lost", [1, 2])
def test_a_link_whose_answer_was_lost_still_signs_in(page: Page, server: RunningServer, lost: int) -> None:
    """At once, or when it is opened again."""
    link, answered = _another_link(server), list[int]()

    def lose(route: Route) -> None:
        if len(answered) == lost:
            route.continue_()
            return
        answered.append(route.fetch().status)
        page.context.clear_cookies()  # it came with the answer
        route.abort()

    page.route("**/api/v2/session", lose)
    page.goto(link)
    if lost == 2:
        expect(page.get_by_role("alert")).to_contain_text("haymow cannot be reached")
        page.evaluate("link => { window.location.href = link }", link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")
    assert answered == [201] * lost


def test_a_link_signs_in_where_another_was_refused(page: Page, server: RunningServer) -> None:
    page.goto("/sign-in#used")
    expect(page.get_by_text("The link did not sign you in")).to_be_visible()
    # In the same tab only what is behind the # changes, and no new document is loaded.
    page.evaluate("link => { window.location.href = link }", _another_link(server))
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")
    assert "#" not in page.url


def _another_link(server: RunningServer) -> str:
    command = haymow_command("admin", "link")
    done = subprocess.run(command, env=environment(server.data), capture_output=True, text=True, check=True)
    return done.stdout.split()[-1]


def test_signing_out_ends_the_session_on_the_server_and_in_the_other_windows(page: Page, server: RunningServer) -> None:
    page.goto("/")
    _enter(page, server.token)
    page.get_by_role("heading", name="Models", level=1).wait_for()
    cookies = page.context.cookies()
    other = page.context.new_page()
    other.goto("/settings/tokens")
    page.get_by_role("button", name="Sign out").click()
    for one in (page, other):
        expect(one.get_by_label("API token", exact=True)).to_be_visible()

    # The cookie that was: whoever kept it has nothing.
    page.context.add_cookies(cookies)  # type: ignore[arg-type]  # what is read has all that can be set
    assert page.context.request.get("/api/v2/me").status == 401
    page.goto("/w/default/models")
    expect(page.get_by_label("API token", exact=True)).to_be_visible()


def _enter(page: Page, token: str) -> None:
    page.get_by_label("API token", exact=True).fill(token)
    page.get_by_role("button", name="Sign in").click()

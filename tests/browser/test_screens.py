"""The served page in a browser: it opens, asks who is there, and talks to haymow alone."""

from __future__ import annotations

import subprocess
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import barriers, watch
from tests.running import RunningServer, environment, haymow_command

SCREENS = [
    "/w/default/models",
    "/w/default/models/new",
    "/w/default/playground",
    "/w/default/secrets",
    "/w/default/members",
    "/w/default/audit",
    "/settings/workspaces",
    "/settings/members",
    "/settings/tokens",
]


def test_who_has_not_signed_in_is_asked_for_a_token(page: Page) -> None:
    page.goto("/w/default/models")
    expect(page.get_by_label("API token").first).to_be_visible()
    assert urlsplit(page.url).path == "/sign-in"


def test_a_token_leads_to_the_models(signed_in: Page) -> None:
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Models")
    assert urlsplit(signed_in.url).path == "/w/default/models"


def test_a_link_signs_in_where_another_was_refused(page: Page, server: RunningServer) -> None:
    page.goto("/sign-in#used")
    expect(page.get_by_text("The link did not sign you in")).to_be_visible()
    # In the same tab only what is behind the # changes, and no new document is loaded.
    page.evaluate("link => { window.location.href = link }", another_link(server))
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert "#" not in page.url


def another_link(server: RunningServer) -> str:
    command = haymow_command("admin", "link")
    done = subprocess.run(command, env=environment(server.data), capture_output=True, text=True, check=True)
    return done.stdout.split()[-1]


def test_signing_out_ends_it(signed_in: Page) -> None:
    signed_in.get_by_role("button", name="Sign out").click()
    expect(signed_in.get_by_label("API token").first).to_be_visible()
    signed_in.goto("/w/default/models")
    expect(signed_in.get_by_label("API token").first).to_be_visible()


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_asks_haymow_alone_and_has_nothing_to_complain_of(
    signed_in: Page, server: RunningServer, screen: str
) -> None:
    watched = watch(signed_in)
    signed_in.goto(screen, wait_until="networkidle")
    expect(signed_in.get_by_role("heading", level=1)).to_be_visible()
    assert watched.hosts() == {urlsplit(server.url).netloc}
    assert watched.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_screen_keeps_anybody_out(signed_in: Page, scheme: Literal["light", "dark"]) -> None:
    signed_in.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    found = []
    for screen in SCREENS:
        signed_in.goto(screen, wait_until="networkidle")
        expect(signed_in.get_by_role("heading", level=1)).to_be_visible()
        found += [f"{screen}: {barrier}" for barrier in barriers(signed_in)]
    assert found == [], "\n".join(found)

"""The served page in a browser: it opens, asks who is there, and talks to haymow alone."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import barriers, watch
from tests.running import RunningServer

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

"""Every screen, with something on it: it asks haymow alone, complains of nothing, keeps nobody out and fits a phone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import cast
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.conftest import RULES_OF_COLOURS, barriers, watch
from tests.browser.place import Place, new_place
from tests.conftest import client_of
from tests.running import RunningServer

LONG = "a-name-that-somebody-made-as-long-as-names-may-be-" * 4

SCREENS = [
    "{w}/models",
    "{w}/models?q=nothing-is-called-so",
    "{w}/models/new",
    "{w}/models/{model}",
    "{w}/models/{model}?tab=use",
    "{w}/models/{model}?tab=revisions",
    "{w}/models/{model}/edit",
    "{w}/models/00000000-0000-4000-8000-000000000000",
    "{w}/playground?model=billing",
    "{w}/playground?model=billing&beside=" + LONG,
    "{w}/secrets",
    "{w}/secrets?tab=integrations",
    "{w}/members",
    "{w}/audit",
    "/settings/workspaces",
    "/settings/members",
    "/settings/tokens",
    "/nothing/here",
    "/sign-in",
]


@pytest.fixture(scope="module")
def furnished(server: RunningServer) -> Iterator[tuple[Place, str]]:
    """A workspace in which every screen has something to show, and the id of a model with two revisions."""
    with client_of(server.url, server.token) as client:
        place = new_place(client)
        place.secret("OPENAI_API_KEY", "sk-of-the-screens", "api.openai.com")
        model = place.model("billing")
        place.model(LONG, "https://vllm.example.com/v1", "VLLM_API_KEY", provider="vllm")
        place.change(model, generation_kwargs={"type": "object", "properties": {"seed": {"type": "integer"}}})
        _add_member(client, place)
        yield place, model


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_asks_haymow_alone_complains_of_nothing_keeps_nobody_out_and_fits_a_phone(
    signed_in: Page, server: RunningServer, furnished: tuple[Place, str], screen: str
) -> None:
    page, watched = signed_in, watch(signed_in)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    answer = _open(page, screen, furnished)
    page.wait_for_load_state("networkidle")  # what it asks for later counts too
    assert (found := _barriers_in_both_colours(page)) == [], "\n".join(found)

    page.set_viewport_size({"width": 320, "height": 640})
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert watched.hosts() == {urlsplit(server.url).netloc}
    # A browser complains of every 404, and that one is what the screen is about.
    assert [error for error in watched.errors if "404" not in error or "00000000" not in screen] == []
    assert "script-src 'self';" in answer.headers["content-security-policy"]
    assert page.evaluate(INLINE_SCRIPTS) == []


def _new_secret(page: Page, place: Place, model: str) -> None:
    page.goto(place.screen("secrets"))
    page.get_by_role("button", name="Add a secret").click()


def _delete_secret(page: Page, place: Place, model: str) -> None:
    page.goto(place.screen("secrets"))
    page.get_by_role("button", name="Delete OPENAI_API_KEY").click()
    page.get_by_role("dialog").get_by_role("link", name="billing").wait_for()


def _difference(page: Page, place: Place, model: str) -> None:
    page.goto(place.screen(f"models/{model}/edit"))
    page.get_by_role("textbox", name="timeout", exact=True).fill("50")
    page.get_by_role("button", name="Save …").click()


def _merge(page: Page, place: Place, model: str) -> None:
    own = place.model("of-two")
    _difference(page, place, own)
    place.change(own, generation_kwargs={})
    config = place.read(f"models/{own}")["chat_generator_config"]
    config["init_parameters"]["timeout"] = 40
    place.change(own, chat_generator_config=config)
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    page.get_by_role("dialog", name=re.compile("while you were editing")).wait_for()


def _delete_model(page: Page, place: Place, model: str) -> None:
    page.goto(place.screen(f"models/{model}"))
    page.get_by_role("button", name="Delete").click()


def _new_token(page: Page, place: Place, model: str) -> None:
    page.goto("/settings/tokens")
    page.get_by_role("button", name="New token").click()


def _new_member(page: Page, place: Place, model: str) -> None:
    page.goto("/settings/members")
    page.get_by_role("button", name="Add person").click()


@pytest.mark.parametrize(
    "opening", [_new_secret, _delete_secret, _difference, _merge, _delete_model, _new_token, _new_member]
)
def test_no_dialog_keeps_anybody_out_and_escape_closes_it(
    signed_in: Page, furnished: tuple[Place, str], opening: Callable[[Page, Place, str], None]
) -> None:
    page = signed_in
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    opening(page, *furnished)
    expect(page.get_by_role("dialog")).to_be_visible()
    assert (found := _barriers_in_both_colours(page)) == [], "\n".join(found)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


INLINE_SCRIPTS = """() => [...document.querySelectorAll("*")]
  .filter((one) => (one.localName === "script" && !one.src) || one.getAttributeNames().some((name) => /^on/.test(name)))
  .map((one) => one.outerHTML)"""


def _open(page: Page, screen: str, furnished: tuple[Place, str]) -> Response:
    place, model = furnished
    answer = page.goto(screen.format(w=f"/w/{place.name}", model=model))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("main").locator("[aria-busy=true]")).to_have_count(0)
    return cast(Response, answer)


def _barriers_in_both_colours(page: Page) -> list[str]:
    """Of a page that is light."""
    found = barriers(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    return found + [f"in dark, {barrier}" for barrier in barriers(page, *RULES_OF_COLOURS)]


def _add_member(client: httpx.Client, place: Place) -> None:
    person = {"given_name": "Ada", "family_name": "Byron", "email": f"{place.name}@example.org", "role": "user"}
    user_id = client.post("/api/v2/members", json=person).json()["user_id"]
    path = f"/api/v2/workspaces/{place.workspace_id}/members"
    assert client.put(path, json={"user_id": user_id, "role": "user"}).is_success

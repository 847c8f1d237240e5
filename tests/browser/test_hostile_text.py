"""What somebody stored to be more than text stays text, wherever the page shows it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.answers import Says
from tests.browser.conftest import Watch, watch
from tests.browser.place import Place, definition
from tests.running import RunningServer
from tests.upstream import Upstream

IMAGE = "<img src=/pwned onerror=alert(1)>"
SCRIPT = "<script>alert(1)</script>"
LINK = "javascript:alert(1)"
NAME = f"evil {IMAGE}"

SCREENS = [
    "models",
    "models/{model}",
    "models/{model}?tab=use",
    "models/{model}?tab=revisions",
    "models/{model}/edit",
    "models/new?from={model}",
    "playground?model={name}",
    "secrets?q={image}",
    "audit",
]

SHOWN = """(text) => document.body.innerText.includes(text)
  || [...document.querySelectorAll("input, textarea")].some(({ value }) => value.includes(text))"""


@pytest.fixture
def watched(signed_in: Page) -> Watch:
    return watch(signed_in)


@pytest.fixture
def model(place: Place, upstream: Upstream) -> str:
    """Everything of it that may be any text is hostile."""
    place.secret("EVIL_KEY", IMAGE, f"127.0.0.1:{upstream.port}")
    config = definition(NAME, upstream.url, "EVIL_KEY")["chat_generator_config"]
    config["init_parameters"] |= {"model": IMAGE, "organization": LINK}
    temperature = {"type": "number", "title": IMAGE, "description": f"[here]({LINK}) {SCRIPT}"}
    schema = {"type": "object", "description": LINK, "properties": {"temperature": temperature}}
    made = place.model(NAME, chat_generator_config=config, generation_kwargs=schema)
    place.change(made, generation_kwargs={**schema, "title": SCRIPT})
    return made


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_shows_it_as_text(
    signed_in: Page, watched: Watch, server: RunningServer, place: Place, model: str, screen: str
) -> None:
    page = signed_in
    page.goto(place.screen(screen.format(model=model, name=NAME, image=IMAGE)), wait_until="networkidle")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for opener in page.get_by_role("button", name=re.compile("^(Parameters|Show it as JSON|[0-9]+ more param)")).all():
        opener.click()
    page.wait_for_function(SHOWN, arg=IMAGE)
    _nothing_came_of_it(page, watched, server)


def test_an_answer_shows_it_as_text(
    signed_in: Page, watched: Watch, server: RunningServer, place: Place, model: str, upstream: Upstream
) -> None:
    upstream.script(Says(f"{IMAGE} {SCRIPT} [click]({LINK})"))
    page = signed_in
    page.goto(place.screen(f"playground?model={NAME}"))
    page.get_by_role("textbox", name="Message").fill(f"{IMAGE} {SCRIPT}")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("article")).to_contain_text(f"{IMAGE} {SCRIPT} [click]({LINK})")
    _nothing_came_of_it(page, watched, server)


def test_an_address_of_the_page_cannot_bring_code_or_lead_elsewhere(page: Page, server: RunningServer) -> None:
    for leading in (LINK, "//evil.example", "https://evil.example/", "/\\evil.example"):
        watched = watch(page)
        page.goto(f"/sign-in?next={leading}")
        page.get_by_label("API token", exact=True).fill(server.token)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Models")
        _nothing_came_of_it(page, watched, server)
        page.context.clear_cookies()


def _nothing_came_of_it(page: Page, watched: Watch, server: RunningServer) -> None:
    assert watched.hosts() == {urlsplit(server.url).netloc}
    assert not [request.url for request in watched.requests if "pwned" in urlsplit(request.url).path]
    assert watched.dialogs == []
    assert watched.errors == []
    assert page.locator("img[src*=pwned], [onerror], [href^='javascript:' i], script:not([src])").count() == 0

"""A real browser before the page that haymow serves: Chromium from this machine, driven by Playwright.

Where there is none, these tests are skipped, and the last lines say so; in CI, or with HAYMOW_REQUIRE_BROWSER=1, they
fail instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import httpx
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Request, expect, sync_playwright

from scripts import browser as found_browser
from tests.browser.place import Place, new_place
from tests.running import RunningServer, running
from tests.upstream import Upstream

NO_BROWSER = f"there is no browser. {found_browser.BY_HAND}, then `make test` again."
PATIENCE_MS = 15_000
"""How long anything may take to appear: a busy machine is slow, and nothing is measured here."""

REPORTING = """
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  console.error(`the policy forbids it: ${violatedDirective} ${blockedURI}`));
"""

BARRIERS = """async (rules) => {
  const some = rules.length > 0 ? { runOnly: { type: "rule", values: rules } } : {};
  const { violations } = await axe.run(document, { ...some, resultTypes: ["violations"] });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} (${failureSummary})`));
}"""

RULES_OF_COLOURS = ("color-contrast", "link-in-text-block")
"""Those of axe's that come out otherwise when nothing but the colours has changed."""

STILL = """async () => {
  await new Promise(requestAnimationFrame);
  const moving = document.getAnimations().filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity);
  await Promise.allSettled(moving.map(({ finished }) => finished));
}"""


_STARTED = pytest.StashKey[tuple[Browser, ExitStack]]()


@dataclass
class Watch:
    """What a page asked for, and what it complained of, since it was opened."""

    requests: list[Request] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def hosts(self) -> set[str]:
        return {urlsplit(request.url).netloc or request.url for request in self.requests}


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the browser is."""
    path = found_browser.executable()
    if path is None and (os.environ.get("CI") or os.environ.get("HAYMOW_REQUIRE_BROWSER")):
        pytest.fail(f"{NO_BROWSER} It is required here.")
    if path is None:
        pytest.skip(NO_BROWSER)
    return str(path)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of the browser's tests: a list shows the whole organization's models, whoever made them."""
    with running(tmp_path_factory.mktemp("browser") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def browser(chromium: str, pytestconfig: pytest.Config) -> Browser:
    """One browser for all tests of this folder; each has a window of its own."""
    if _STARTED not in pytestconfig.stash:
        stack = ExitStack()
        playwright = stack.enter_context(sync_playwright())
        started = playwright.chromium.launch(executable_path=chromium, args=found_browser.ARGUMENTS)
        stack.callback(started.close)
        expect.set_options(timeout=PATIENCE_MS)
        pytestconfig.stash[_STARTED] = (started, stack)
    return pytestconfig.stash[_STARTED][0]


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Ends the browser after the folder's last test: while Playwright runs, no other test may run an event loop."""
    stays = nextitem is not None and Path(__file__).parent in nextitem.path.parents
    if not stays and _STARTED in item.config.stash:
        item.config.stash[_STARTED][1].close()
        del item.config.stash[_STARTED]


@pytest.fixture
def window(browser: Browser, server: RunningServer) -> Iterator[BrowserContext]:
    """A browser's window of nobody yet: no cookie, and addresses that begin with `/` are haymow's."""
    context = browser.new_context(base_url=server.url)
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(REPORTING)
    yield context
    context.close()


@pytest.fixture
def page(window: BrowserContext) -> Page:
    """An empty page of somebody who has not signed in."""
    return window.new_page()


@pytest.fixture
def signed_in(page: Page, server: RunningServer) -> Page:
    """An empty page in the administrator's session."""
    sign_in(page.context, server)
    return page


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """A provider that says what the tests of a file tell it to."""
    with Upstream() as upstream:
        yield upstream


@pytest.fixture
def place(admin: httpx.Client) -> Place:
    """A new, empty workspace."""
    return new_place(admin)


@pytest.fixture
def pages(admin: httpx.Client, workspace: str) -> str:
    """The address of a new, empty workspace's pages."""
    names = {one["workspace_id"]: one["name"] for one in admin.get("/api/v1/workspaces").json()}
    return f"/w/{names[workspace]}"


def sign_in(window: BrowserContext, server: RunningServer) -> None:
    """Begin the administrator's session as the page does, without the page; signing in by hand has tests of its own."""
    begun = window.request.post("/api/v2/session", headers={"origin": server.url}, data={"token": server.token})
    assert begun.status == 201, begun.text()


def watch(page: Page) -> Watch:
    """Follow a page from now on."""
    watched = Watch()

    def close(dialog: Dialog) -> None:
        watched.dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("request", lambda request: watched.requests.append(request))
    page.on("pageerror", lambda error: watched.errors.append(str(error)))
    page.on("console", lambda said: watched.errors.append(said.text) if said.type == "error" else None)
    page.on("dialog", close)
    return watched


def barriers(page: Page, *rules: str) -> list[str]:
    """What axe finds on the page that keeps people out: its findings of impact serious and critical, one a line.

    With `rules`, by these alone.
    """
    page.evaluate(STILL)  # a colour on its way to another has the contrast of neither
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return cast(list[str], page.evaluate(BARRIERS, rules))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [one for one in terminalreporter.stats.get("skipped", []) if NO_BROWSER in str(one.longrepr)]
    if skipped:
        terminalreporter.section("browser tests", sep="!", red=True)
        terminalreporter.line(f"{len(skipped)} browser tests did not run: {NO_BROWSER}", red=True)

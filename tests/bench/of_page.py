"""A part of the bench: what a person waits for at the page, in a real browser."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from playwright.sync_api import Browser, sync_playwright

from scripts import browser as found_browser
from tests.bench import servers, stage
from tests.bench.ground import Ground
from tests.bench.report import Row
from tests.browser.typing import type_into_search
from tests.test_page_size import BUILT, ENTRY, LIMIT, javascript

CONTENT_MS = 1000
LETTER_MS = 100
TYPED = "billing-gpt-4o-mini-"
"""Twenty letters that leave ever fewer of stage's names."""

FIRST_CONTENT = """() => new Promise((done) =>
  new PerformanceObserver((seen) => {
    const found = seen.getEntriesByName("first-contentful-paint")[0];
    if (found) done(found.startTime);
  }).observe({ type: "paint", buffered: true }))"""

FIRST_MODEL = """() => new Promise((done) => {
  const look = () => document.querySelector("tbody a") ? done(performance.now()) : requestAnimationFrame(look);
  look();
})"""


def page(ground: Ground) -> list[Row]:
    """First content and first models with an empty cache, a letter's way into a long list, and the size of it all."""
    path = found_browser.executable()
    if path is None:
        print(f"  there is no browser. {found_browser.BY_HAND}", flush=True)
        return [_size()]
    with servers.haymow(ground.listed.data) as server, _browser(path) as browser:
        session = _session(browser, server.url, ground.listed.token)
        models = f"{server.url}/w/default/models"
        answers = [
            _row(
                "first content of the sign-in",
                _taken(ground, browser, FIRST_CONTENT, f"{server.url}/sign-in"),
                CONTENT_MS,
            ),
            _row(
                "first content of the models list", _taken(ground, browser, FIRST_CONTENT, models, session), CONTENT_MS
            ),
            _row("first models of the models list", _taken(ground, browser, FIRST_MODEL, models, session)),
        ]
        return [*answers, _letter(browser, server.url, session), _size()]


def _taken(ground: Ground, browser: Browser, script: str, url: str, session: str = "") -> list[float]:
    """When the script says that it is there, in milliseconds from the beginning."""
    taken = []
    for _ in range(ground.plan.starts + 1):  # the first one warms the server up
        context = browser.new_context(extra_http_headers={"cookie": session} if session else {})
        opened = context.new_page()
        opened.goto(url)
        taken.append(float(opened.evaluate(script)))
        context.close()
    return taken[1:]


def _letter(browser: Browser, url: str, session: str) -> Row:
    context = browser.new_context(extra_http_headers={"cookie": session})
    opened = context.new_page()
    opened.goto(f"{url}/w/default/models")
    taken = [typed.filtered for typed in type_into_search(opened, TYPED)]
    context.close()
    return _row(f"a letter filters {stage.LISTED_MODELS:,} models", taken, LETTER_MS)


def _size() -> Row:
    files = javascript(ENTRY)
    kilobytes = sum((BUILT / f"{file}.gz").stat().st_size for file in files) / 1000
    return Row(
        "first load, JavaScript gzipped", figure=f"{kilobytes:.0f} kB", target=f"under {LIMIT:.0f} kB",
        reached=kilobytes < LIMIT,
    )  # fmt: skip


def _row(what: str, taken: list[float], most: int | None = None) -> Row:
    print(f"  {what}: {' '.join(f'{one:.0f}' for one in taken)} ms", flush=True)
    median = statistics.median(taken)
    row = Row(what, figure=f"{median:.0f} ms")
    return row if most is None else replace(row, target=f"under {most} ms", reached=median < most)


def _session(browser: Browser, url: str, token: str) -> str:
    """The cookie of the administrator's session, as a header has it."""
    context = browser.new_context()
    begun = context.request.post(f"{url}/api/v2/session", headers={"origin": url}, data={"token": token})
    if begun.status != 201:
        raise RuntimeError(f"nobody could sign in: {begun.text()}")
    cookie = context.cookies()[0]
    context.close()
    return f"{cookie['name']}={cookie['value']}"


@contextmanager
def _browser(path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=found_browser.ARGUMENTS)
        yield started
        started.close()

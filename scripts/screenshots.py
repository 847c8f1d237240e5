"""Take the pictures of the page that the documents show: what `make screenshots` runs.

    python scripts/screenshots.py [NAME ...]

Starts haymow with its local model on a folder of its own, fills it with a team's models and writes
docs/screenshots/NAME.png: all of them, or those that are named. Needs Chromium.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import browser
import team
from playwright.sync_api import Browser, Page, expect, sync_playwright
from steps import ROOT
from team import LOCAL, WORKSPACE, Team

FOLDER = ROOT / "docs" / "screenshots"
MOST_KILOBYTES = 150
PATIENCE_MS = 120_000
QUESTION = "What is the capital of France?"
READY = re.compile(r"is ready at (http://\S+)")
TOKEN = re.compile(r"API token, shown this once: (\S+)")


@dataclass(frozen=True)
class Shot:
    """A picture: how the screen is brought to show what it is to show, in which colours and how wide."""

    show: Callable[[Page, Team], None]
    colours: Literal["light", "dark"] = "light"
    width: int = 1280
    height: int = 800


def models(page: Page, made: Team) -> None:
    page.goto(f"/w/{WORKSPACE}/models")
    expect(page.get_by_role("row", name=re.compile("letters"))).to_contain_text("missing")


def model(page: Page, made: Team) -> None:
    page.goto(f"/w/{WORKSPACE}/models/{made.assistant}")
    expect(page.get_by_role("region", name="Connection")).to_contain_text("Tested")


def difference(page: Page, made: Team) -> None:
    page.goto(f"/w/{WORKSPACE}/models/{made.assistant}/edit")
    page.get_by_role("textbox", name="timeout", exact=True).fill("20")
    page.get_by_role("textbox", name="Most of max_tokens").fill("600")
    page.get_by_role("button", name="Save …").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def playground(page: Page, made: Team) -> None:
    page.goto(f"/w/{WORKSPACE}/playground?model=assistant&beside={LOCAL}")
    page.get_by_role("button", name="Add a system prompt").click()
    page.get_by_role("textbox", name="System prompt").fill("You are a helpful assistant.")
    toggles, fields = page.get_by_role("button", name="Parameters"), page.get_by_role("textbox", name="temperature")
    for side in range(2):
        toggles.nth(side).click()
        fields.nth(side).fill("0")
    for side in range(2):
        expect(toggles.nth(side)).to_have_text("Parameters: 1 set")
        toggles.nth(side).click()
    page.get_by_role("textbox", name="Message").fill(QUESTION)
    page.get_by_role("button", name="Send").click()
    for side in range(2):
        turn = page.get_by_role("article").nth(side)
        expect(turn).to_have_attribute("aria-busy", "false", timeout=PATIENCE_MS)


def secrets(page: Page, made: Team) -> None:
    page.goto(f"/w/{WORKSPACE}/secrets")
    page.get_by_role("button", name="2 models").first.click()
    expect(page.get_by_role("link", name="claims-triage")).to_be_visible()


def audit(page: Page, made: Team) -> None:
    page.goto(f"/w/{WORKSPACE}/audit?action=model")
    expect(page.get_by_role("row", name=re.compile("created the model letters"))).to_be_visible()


SHOTS = {
    "models": Shot(models),
    "models-dark": Shot(models, "dark"),
    "models-narrow": Shot(models, width=390, height=844),
    "model": Shot(model),
    "difference": Shot(difference),
    "playground": Shot(playground),
    "playground-dark": Shot(playground, "dark"),
    "secrets": Shot(secrets),
    "audit": Shot(audit),
}


def main(names: Sequence[str]) -> int:
    path, unknown = browser.executable(), set(names) - set(SHOTS)
    if unknown or path is None:
        print(f"There is no picture {', '.join(unknown)}." if unknown else browser.BY_HAND, file=sys.stderr)
        return 2
    FOLDER.mkdir(exist_ok=True)
    with served() as (url, token), sync_playwright() as playwright:
        made = team.make(url, token)
        started = playwright.chromium.launch(executable_path=path, args=browser.ARGUMENTS)
        sizes = [take(started, made, name) for name in names or SHOTS]
        started.close()
    return 0 if max(sizes) <= MOST_KILOBYTES else 1


@contextmanager
def served() -> Iterator[tuple[str, str]]:
    """haymow on an empty folder, with its local model: its address and its administrator's token."""
    command = [sys.executable, "-m", "haymow.cli.main", "serve", "--port", "0", "--local-model"]
    with tempfile.TemporaryDirectory(prefix="haymow-screenshots-") as folder:
        environment = {**os.environ, "HAYMOW_DATA": folder, "PYTHONUNBUFFERED": "1"}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield address_and_token(process.stdout or ())
            finally:
                process.terminate()


def address_and_token(lines: Iterable[str]) -> tuple[str, str]:
    """What a first start prints. Raises RuntimeError when it ends without."""
    token = ""
    for line in lines:
        if found := TOKEN.search(line):
            token = found[1]
        if found := READY.search(line):
            return found[1], token
    raise RuntimeError("haymow did not start")


def take(started: Browser, made: Team, name: str) -> int:
    """Write one picture; gives its size in kilobytes."""
    shot, file = SHOTS[name], FOLDER / f"{name}.png"
    window = started.new_context(
        base_url=made.url, color_scheme=shot.colours, reduced_motion="reduce",
        viewport={"width": shot.width, "height": shot.height},
    )  # fmt: skip
    window.set_default_timeout(PATIENCE_MS)
    window.request.post("/api/v2/session", headers={"origin": made.url}, data={"token": made.token})
    page = window.new_page()
    shot.show(page, made)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=file, animations="disabled", caret="hide")
    window.close()
    kilobytes = -(-file.stat().st_size // 1000)
    print(f"{file.relative_to(ROOT)}  {kilobytes} kB{', which is too much' if kilobytes > MOST_KILOBYTES else ''}")
    return kilobytes


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

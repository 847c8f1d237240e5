"""How long the list of models takes to show what was typed: in the browser, from the letter to the painted rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Page


@dataclass(frozen=True)
class Typed:
    """What one letter took, in milliseconds.

    `filtered` until every row on the screen has the text in its name, `settled` until the server's own answer is there.
    """

    text: str
    filtered: float
    settled: float


def type_into_search(page: Page, text: str) -> list[Typed]:
    """Type into the open list's search, letter by letter, as fast as the list shows what each of them leaves."""
    page.locator("tbody a").first.wait_for()
    page.locator("input[type=search]").fill("")
    page.wait_for_function(_SETTLED)
    found = []
    for end in range(1, len(text) + 1):
        page.evaluate(_WATCH, text[:end])
        page.keyboard.type(text[end - 1])
        filtered, settled = page.evaluate("window.typed")
        found.append(Typed(text[:end], filtered, settled))
    return found


_SETTLED: Final = "() => !document.querySelector('[role=status]').textContent.includes('so far')"

# A frame is painted when the one after it begins. The first look is in the next frame: while the letter arrives, the
# page still shows what was there before it.
_WATCH: Final = """(text) => {
  const rows = () => [...document.querySelectorAll("tbody [data-index]")].map((row) => row.querySelector("a"));
  const isFiltered = () => rows().every((link) => link && link.title.toLowerCase().includes(text));
  const isSettled = () => isFiltered() && !document.querySelector("[role=status]").textContent.includes("so far");
  const when = (holds) =>
    new Promise((done) => {
      const look = () => requestAnimationFrame(holds() ? () => done(performance.now()) : look);
      requestAnimationFrame(look);
    });
  window.typed = new Promise((done) => {
    document.querySelector("input[type=search]").addEventListener(
      "input",
      async ({ timeStamp }) => {
        const filtered = when(isFiltered);
        const settled = when(isSettled);
        done([(await filtered) - timeStamp, (await settled) - timeStamp]);
      },
      { once: true },
    );
  });
}"""

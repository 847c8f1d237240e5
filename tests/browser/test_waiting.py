"""What stands on the screen while something else is still on its way."""

from __future__ import annotations

from playwright.sync_api import Page, Route, expect

from tests.browser.place import Place


def test_the_first_frame_waits_for_no_screen_and_a_later_screen_leaves_the_one_before(
    signed_in: Page, place: Place
) -> None:
    page, held = signed_in, list[Route]()
    screens = page.get_by_role("navigation", name="Main")
    title = page.get_by_role("heading", level=1)
    page.route("**/members", lambda route: held.append(route))
    with page.expect_request("**/members"):
        page.goto(place.screen("models"), wait_until="commit")
    expect(screens.get_by_role("link", name="Playground")).to_be_visible()
    expect(title).to_have_count(0)
    _let_go(held)
    expect(title).to_have_text("Models")

    page.unroute("**/members")
    page.route("**/assets/audit-page*.js", lambda route: held.append(route))
    with page.expect_request("**/assets/audit-page*.js"):
        screens.get_by_role("link", name="Audit").click()
    expect(title).to_have_text("Models")
    _let_go(held)
    expect(title).to_have_text("Audit")


def _let_go(held: list[Route]) -> None:
    assert held
    while held:
        held.pop().continue_()

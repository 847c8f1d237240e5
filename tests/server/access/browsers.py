"""Browsers that sign in, and what a cookie of theirs says."""

from __future__ import annotations

from http.cookies import Morsel, SimpleCookie

import httpx

from tests.running import RunningServer

SESSION, ME = "/api/v2/session", "/api/v2/me"
OURS = {"sec-fetch-site": "same-origin"}


def browser(server: RunningServer, **more: str) -> httpx.Client:
    """Keeps cookies, and says as browsers do that haymow's own page asks."""
    return httpx.Client(base_url=server.url, headers={**OURS, **more}, timeout=30.0, verify=False)


def cookie_of(answer: httpx.Response) -> Morsel[str]:
    (header,) = answer.headers.get_list("set-cookie")
    (morsel,) = SimpleCookie(header).values()
    assert morsel.key == "haymow_session"
    return morsel

"""The page below a prefix: every file, address, snippet and cookie is below it, by a proxy that keeps or strips it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import watch
from tests.browser.place import definition
from tests.conftest import client_of
from tests.ports import free_port
from tests.proxy import Proxy, before
from tests.running import RunningServer, running

PREFIX = "/tools/haymow"


@pytest.fixture(scope="module", params=[False, True], ids=["kept", "stripped"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """haymow at the proxy's address: `url` is the proxy's."""
    port = free_port()
    public = f"http://127.0.0.1:{port}{PREFIX}"
    more = {"HAYMOW_PUBLIC_URL": public, "HAYMOW_TRUSTED_PROXIES": "127.0.0.1"}
    with running(tmp_path_factory.mktemp("prefixed") / "data", more=more) as started:
        proxy = Proxy(PREFIX, strips=request.param, keeps_host=False, says="http")
        with before(urlsplit(started.url).port or 0, proxy, port):
            link = started.link
            yield RunningServer(public, started.token, link, started.data, started.process, started.log)


def test_signing_in_looking_and_signing_out_stays_below_the_prefix(page: Page, server: RunningServer) -> None:
    with client_of(server.url, server.token) as client:
        workspace = client.get("/api/v1/workspaces/default").json()["workspace_id"]
        made = client.post(f"/api/v2/workspaces/{workspace}/models/custom", json=definition("below", "http://a/v1"))
        assert made.status_code == 201, made.text
    watched = watch(page)
    page.goto(f"{server.url}/w/default/secrets?tab=integrations")
    field = page.get_by_label("API token", exact=True)
    expect(field).to_be_focused()
    assert urlsplit(page.url).path == f"{PREFIX}/sign-in"
    field.fill(server.token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("tab", name="Integrations")).to_have_attribute("aria-selected", "true")
    assert urlsplit(page.url).path == f"{PREFIX}/w/default/secrets"
    page.get_by_role("link", name="Models").first.click()
    page.get_by_role("link", name="below", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("below")
    page.get_by_role("tab", name="Use it").click()
    expect(page.get_by_text(f"{server.url}/api/v2/workspaces/{workspace}/openai/v1").first).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("below")
    assert [one.url for one in watched.requests if not urlsplit(one.url).path.startswith(f"{PREFIX}/")] == []
    assert {cookie["path"] for cookie in page.context.cookies()} == {PREFIX}

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("API token", exact=True)).to_be_visible()
    assert urlsplit(page.url).path == f"{PREFIX}/sign-in"
    unexpected = [said for said in watched.errors if "401" not in said]  # nobody was signed in at first
    assert unexpected == []


def test_the_printed_link_signs_in(browser: Browser, page: Page, server: RunningServer) -> None:
    page.goto(server.link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")
    assert httpx.get(server.url + "/healthz").status_code == 200

"""Requests that another site's page would have a browser make: none changes, reads or signs in."""

from __future__ import annotations

import httpx
import pytest

from tests.abuse.raw import ask
from tests.abuse.subject import refused
from tests.running import RunningServer
from tests.server.access.browsers import ME, SESSION

OTHERS = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": "cross-site", "origin": "{url}"},
    {"sec-fetch-site": "Same-Origin"},
    {"sec-fetch-site": ""},
    {"origin": "http://evil.example"},
    {"origin": "{url}.evil.example"},
    {"origin": "http://evil.example/{host}"},
    {"origin": "http://{host}@evil.example"},
    {"origin": "null"},
    {"origin": ""},
    {},
]


class TestAnotherSite:
    @pytest.mark.parametrize("headers", OTHERS)
    def test_f7_changes_nothing_with_a_browsers_cookie(
        self, server: RunningServer, signed_in: httpx.Client, headers: dict[str, str]
    ) -> None:
        headers = filled(server, headers)
        cookie = {"cookie": f"haymow_session={signed_in.cookies['haymow_session']}"}
        before = signed_in.get("/api/v2/tokens").json()
        for method, path in (("POST", "/api/v2/tokens"), ("DELETE", f"/api/v2/tokens/{before['data'][0]['token_id']}"),
                             ("DELETE", SESSION)):  # fmt: skip
            answer = ask(method, server.url + path, json={"name": "theirs"}, headers={**cookie, **headers})
            refused(answer, 403)
            assert answer.json()["code"] == "cross_site"
            assert "set-cookie" not in answer.headers
        assert signed_in.get("/api/v2/tokens").json() == before

    @pytest.mark.parametrize("headers", OTHERS)
    def test_f7_signs_nobody_in(self, server: RunningServer, headers: dict[str, str]) -> None:
        answer = ask("POST", server.url + SESSION, json={"token": server.token}, headers=filled(server, headers))
        refused(answer, 403)
        assert answer.json()["code"] == "cross_site"
        assert "set-cookie" not in answer.headers

    @pytest.mark.parametrize("site", ["cross-site", "same-site", "", "surprise"])
    def test_f7_reads_nothing_with_a_browsers_cookie(self, signed_in: httpx.Client, site: str) -> None:
        answer = signed_in.get(ME, headers={"sec-fetch-site": site})
        refused(answer, 403)
        assert answer.json()["code"] == "cross_site"
        assert signed_in.get(ME, headers={"sec-fetch-site": "none"}).status_code == 200

    def test_is_no_matter_for_a_token(self, admin: httpx.Client) -> None:
        headers = {"sec-fetch-site": "cross-site", "origin": "https://app.example"}
        assert admin.post("/api/v2/tokens", json={"name": "t"}, headers=headers).status_code == 201

    @pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
    def test_f7_what_is_no_json_is_415_also_from_ones_own_page(self, signed_in: httpx.Client, kind: str | None) -> None:
        for path in ("/api/v2/tokens", SESSION):
            headers = {"content-type": kind} if kind else {}
            refused(signed_in.post(path, content=b'{"name": "n", "token": "t"}', headers=headers), 415)


def test_where_a_browser_leaves_out_sec_fetch_site_origin_names_the_host(server: RunningServer) -> None:
    """Browsers send it to trustworthy addresses alone: https, and this machine."""
    for host in ("haymow.internal:8000", "HAYMOW.internal"):
        origin = {"host": host, "origin": f"http://{host.lower()}"}
        with httpx.Client(base_url=server.url, headers=origin, verify=False) as page:
            assert page.post(SESSION, json={"token": server.token}).status_code == 201
            cookie = {"cookie": f"haymow_session={page.cookies['haymow_session']}"}
            assert page.post("/api/v2/tokens", json={"name": "t"}, headers=cookie).status_code == 201


def filled(server: RunningServer, headers: dict[str, str]) -> dict[str, str]:
    host = server.url.removeprefix("http://")
    return {name: value.format(url=server.url, host=host) for name, value in headers.items()}

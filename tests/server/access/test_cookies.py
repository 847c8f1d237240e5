"""A browser's cookie: it allows what its token does, and is no token itself."""

from __future__ import annotations

import httpx

from tests.abuse.raw import ask
from tests.abuse.subject import refused
from tests.running import RunningServer
from tests.server.access.browsers import ME, OURS, SESSION, browser
from tests.server.access.people import new_token, somebody, unique


class TestACookie:
    def test_e8_allows_what_its_token_allows(self, server: RunningServer, admin: httpx.Client) -> None:
        person = somebody(admin, "editor")
        with browser(server) as page:
            page.post(SESSION, json={"token": person.token})
            assert page.get("/api/v2/members").json() == person.client.get("/api/v2/members").json()
            for one in (page, person.client):
                refused(one.post("/api/v1/workspaces", json={"name": unique("w")}), 403)

    def test_ends_when_its_token_is_revoked(self, server: RunningServer, admin: httpx.Client) -> None:
        made = new_token(admin)
        with browser(server) as page:
            page.post(SESSION, json={"token": made["token"]})
            assert page.get(ME).status_code == 200
            assert admin.delete(f"/api/v2/tokens/{made['token_id']}").status_code == 204
            refused(page.get(ME), 401)

    def test_is_no_bearer_token_and_a_bearer_token_no_cookie(
        self, server: RunningServer, signed_in: httpx.Client
    ) -> None:
        cookie = signed_in.cookies["haymow_session"]
        for headers in (
            {"authorization": f"Bearer {cookie}"},
            {"x-api-key": cookie},
            {"cookie": f"haymow_session={server.token}"},
            {"cookie": f"session={cookie}"},
        ):
            refused(ask("GET", server.url + ME, headers=headers), 401)

    def test_counts_for_nothing_beside_a_token(self, signed_in: httpx.Client) -> None:
        """Whoever sends a token means it, and is told when it is none."""
        for headers in ({"authorization": "Bearer hm_00000000_x"}, {"authorization": "Bearer"}, {"x-api-key": ""}):
            answer = signed_in.get(ME, headers=headers)
            refused(answer, 401)
            assert answer.json()["code"] == "unauthenticated"
        # A proxy's own sign-in is not haymow's.
        assert signed_in.get(ME, headers={"authorization": "Basic YTpi"}).status_code == 200

    def test_e8_a_token_in_the_address_is_401(self, server: RunningServer, signed_in: httpx.Client) -> None:
        cookie = signed_in.cookies["haymow_session"]
        for query in ({"token": server.token}, {"access_token": server.token}, {"haymow_session": cookie}):
            refused(ask("GET", server.url + ME, params=query, headers=OURS), 401)

    def test_is_not_answered_by_anything_but_signing_in(self, signed_in: httpx.Client) -> None:
        for path in (ME, "/api/v2/tokens", "/healthz"):
            assert "set-cookie" not in signed_in.get(path).headers

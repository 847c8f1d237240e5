"""Signing in and out over HTTP, as a browser does it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.abuse.raw import ask
from tests.abuse.subject import refused
from tests.answers import Says
from tests.operating import admin_link
from tests.running import RunningServer
from tests.server.access.browsers import ME, SESSION, browser, cookie_of
from tests.server.access.people import new_secret, new_token, unique
from tests.server.registry.shelf import Shelf
from tests.server.serving.served import openai_config
from tests.upstream import Upstream
from tests.waiting import wait_until


class TestSigningIn:
    def test_answers_who_it_is_and_a_cookie_that_no_script_reads(
        self, server: RunningServer, page: httpx.Client, admin: httpx.Client
    ) -> None:
        answer = page.post(SESSION, json={"token": server.token})
        assert answer.status_code == 201
        me = admin.get(ME).json()
        assert {**answer.json(), "expires_at": None} == me
        assert answer.json()["expires_at"] is not None
        cookie = cookie_of(answer)
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "strict", "/", "")
        assert int(cookie["max-age"]) in range(12 * 3600 - 60, 12 * 3600 + 1)
        assert not cookie["secure"]
        assert page.get(ME).json() == answer.json()

    def test_by_https_it_is_a_cookie_for_https_alone(self, server: RunningServer) -> None:
        """A proxy in front of haymow ends TLS; the browser says by Origin that it used it."""
        host = "haymow.example"
        with browser(server, host=host, origin=f"https://{host}") as page:
            assert cookie_of(page.post(SESSION, json={"token": server.token}))["secure"] is True

    def test_with_a_link_works_once(self, server: RunningServer, page: httpx.Client) -> None:
        address, _, code = admin_link(server.data).partition("/sign-in#")
        assert address == server.url
        answer = page.post(SESSION, json={"code": code})
        assert answer.status_code == 201
        assert answer.json()["role"] == "admin"
        again = page.post(SESSION, json={"code": code})
        refused(again, 401)
        assert again.json()["code"] == "link_used"

    @pytest.mark.parametrize("body", [{"token": "hm_00000000_guessed"}, {"token": ""}, {"token": "\u00e9"},
                                      {"token": "x" * 10_000}])  # fmt: skip
    def test_with_what_is_no_token_is_401_in_words(self, page: httpx.Client, body: dict[str, str]) -> None:
        answer = page.post(SESSION, json=body)
        refused(answer, 401)
        assert answer.json()["code"] == "unauthenticated"
        assert "set-cookie" not in answer.headers

    @pytest.mark.parametrize("body", [{}, {"token": "a", "code": "b"}, {"token": None, "code": None}])
    def test_takes_a_token_or_a_code(self, page: httpx.Client, body: dict[str, Any]) -> None:
        assert refused(page.post(SESSION, json=body), 422) == {"#": "token_or_code"}

    def test_again_ends_the_session_before(self, server: RunningServer, page: httpx.Client) -> None:
        first = cookie_of(page.post(SESSION, json={"token": server.token})).value
        assert page.post(SESSION, json={"token": server.token}).status_code == 201
        answer = ask("GET", server.url + ME, headers={"cookie": f"haymow_session={first}"})
        refused(answer, 401)
        assert answer.json()["code"] == "session_ended"

    def test_fails_no_more_often_than_twenty_times_a_minute(self, fresh_server: RunningServer) -> None:
        with browser(fresh_server) as page:
            failed = [page.post(SESSION, json={"token": "hm_00000000_guessed"}).status_code for _ in range(20)]
            assert set(failed) == {401}
            answer = page.post(SESSION, json={"token": fresh_server.token})
            refused(answer, 429)
            assert 0 < int(answer.headers["retry-after"]) <= 60


class TestSigningInAgainWithItsKey:
    """A client that did not hear the answer sends the request again, with its Idempotency-Key."""

    def test_a_link_is_used_once_and_its_answer_comes_again(self, server: RunningServer) -> None:
        code, key = new_code(server), {"idempotency-key": unique("key")}
        with browser(server, **key) as lost, browser(server, **key) as again, browser(server) as other:
            first = lost.post(SESSION, json={"code": code})
            assert first.status_code == 201, first.text
            second = again.post(SESSION, json={"code": code})
            assert (second.status_code, second.content) == (201, first.content)
            assert cookie_of(second).OutputString() == cookie_of(first).OutputString()
            assert again.get(ME).status_code == lost.get(ME).status_code == 200
            for headers in ({}, {"idempotency-key": unique("key")}):
                assert other.post(SESSION, json={"code": code}, headers=headers).json()["code"] == "link_used"
            refused(again.post(SESSION, json={"code": new_code(server)}), 422)

    def test_of_many_at_once_one_begins_a_session_and_all_have_it(
        self, server: RunningServer, admin: httpx.Client
    ) -> None:
        body, key = {"code": new_code(server)}, {"idempotency-key": unique("key")}

        def sign_in(_: int) -> httpx.Response:
            with browser(server, **key) as page:
                return page.post(SESSION, json=body)

        begun = datetime.now(UTC)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(sign_in, range(8)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({cookie_of(answer).value for answer in answers}) == 1
        assert sessions_begun(admin, begun) == 1

    def test_the_session_is_not_ended_for_being_the_one_before(self, server: RunningServer) -> None:
        with browser(server, **{"idempotency-key": unique("key")}) as page:
            first = page.post(SESSION, json={"token": server.token})
            assert page.post(SESSION, json={"token": server.token}).content == first.content
            assert page.get(ME).status_code == 200

    def test_who_signed_out_is_not_signed_in_again(self, server: RunningServer) -> None:
        with browser(server, **{"idempotency-key": unique("key")}) as page:
            first = page.post(SESSION, json={"token": server.token})
            assert page.delete(SESSION).status_code == 204
            assert page.post(SESSION, json={"token": server.token}).content == first.content
            assert page.get(ME).json()["code"] == "session_ended"

    def test_with_a_token_that_was_revoked_there_is_none(self, server: RunningServer, admin: httpx.Client) -> None:
        token = new_token(admin)
        with browser(server, **{"idempotency-key": unique("key")}) as page:
            assert page.post(SESSION, json={"token": token["token"]}).status_code == 201
            admin.delete(f"/api/v2/tokens/{token['token_id']}").raise_for_status()
            answer = page.post(SESSION, json={"token": token["token"]})
            refused(answer, 401)
            assert "set-cookie" not in answer.headers

    def test_what_comes_again_is_no_failed_attempt(self, fresh_server: RunningServer) -> None:
        with browser(fresh_server, **{"idempotency-key": "key"}) as page:
            statuses = {page.post(SESSION, json={"token": fresh_server.token}).status_code for _ in range(30)}
        assert statuses == {201}


def new_code(server: RunningServer) -> str:
    return admin_link(server.data).partition("#")[2]


def sessions_begun(admin: httpx.Client, since: datetime) -> int:
    answer = admin.get("/api/v2/audit", params={"action": "session.create", "since": since.isoformat(), "limit": 100})
    return len(answer.json()["data"])


class TestSigningOut:
    def test_f8_ends_the_session_on_the_server(self, server: RunningServer, signed_in: httpx.Client) -> None:
        kept = signed_in.cookies["haymow_session"]
        answer = signed_in.delete(SESSION)
        assert answer.status_code == 204
        assert (cookie_of(answer).value, cookie_of(answer)["max-age"]) == ("", "0")
        assert "haymow_session" not in signed_in.cookies
        refused(ask("GET", server.url + ME, headers={"cookie": f"haymow_session={kept}"}), 401)

    @pytest.mark.parametrize("cookie", ["", "haymow_session=", "haymow_session=gone", "haymow_session=" + "x" * 9999])
    def test_without_a_session_removes_the_cookie_all_the_same(self, page: httpx.Client, cookie: str) -> None:
        answer = page.delete(SESSION, headers={"cookie": cookie} if cookie else {})
        assert answer.status_code == 204
        assert cookie_of(answer)["max-age"] == "0"

    def test_ends_a_chat_that_streams(self, server: RunningServer, admin: httpx.Client, workspace: str) -> None:
        prefix = f"/api/v2/workspaces/{workspace}"
        name = unique("m")
        with Upstream() as upstream, browser(server) as page:
            config = openai_config(upstream.url, api_key={"type": "env_var", "env_vars": ["KEY"]})
            new_secret(admin, workspace, "KEY")
            Shelf(admin, prefix).made({"name": name, "provider": "local", "chat_generator_config": config})
            upstream.script(Says("x" * 200, pieces=200, pause=0.1))
            page.post(SESSION, json={"token": server.token})
            chat = {"model": name, "messages": [{"role": "user", "content": "Hi"}], "stream": True}
            with page.stream("POST", f"{prefix}/openai/v1/chat/completions", json=chat) as answer:
                lines = answer.iter_lines()
                next(lines)
                with browser(server, cookie=f"haymow_session={page.cookies['haymow_session']}") as other_tab:
                    assert other_tab.delete(SESSION).status_code == 204
                *_, last = [line for line in lines if line]
            assert "Your session has ended." in last
            wait_until(lambda: upstream.abandoned == 1)

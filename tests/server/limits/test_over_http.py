"""Limits over HTTP, on a server with some."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.abuse.subject import refused
from tests.answers import Dies, Fails, Hangs, Says
from tests.conftest import client_of
from tests.running import RunningServer, running
from tests.server.access.people import new_token
from tests.server.receipts.chats import HI, Chats
from tests.upstream import Upstream
from tests.waiting import wait_until

REQUESTS = {"HAYMOW_REQUESTS_PER_TOKEN": "6", "HAYMOW_REQUESTS_PER_ORGANIZATION": "8"}
"""So few that the next one is allowed only after seconds, however long those before it take on a busy machine."""
CHATS = {"HAYMOW_CHATS_PER_TOKEN": "1", "HAYMOW_CHATS_PER_ORGANIZATION": "2"}
SLOW = Says("word " * 200, pieces=200, pause=0.1)


def limited(answer: httpx.Response) -> dict[str, Any]:
    """OpenAI's error for too many."""
    assert answer.status_code == 429, answer.text
    assert int(answer.headers["retry-after"]) >= 1
    error: dict[str, Any] = answer.json()["error"]
    assert (error["type"], error["code"]) == ("rate_limit_error", "rate_limit_exceeded")
    return error


def test_requests_are_counted_for_a_token_and_for_the_organization(tmp_path: Path) -> None:
    with running(tmp_path / "data", more=REQUESTS) as server, client_of(server.url, server.token) as admin:
        other = client_of(server.url, new_token(admin)["token"])
        statuses = [admin.get("/api/v2/me").status_code for _ in range(5)]
        assert set(statuses) == {200}
        answer = admin.get("/api/v2/me")
        assert refused(answer, 429) == {}
        assert answer.json()["code"] == "rate_limited"
        assert "token" in answer.json()["detail"]
        assert 1 <= int(answer.headers["retry-after"]) <= 10
        assert answer.headers["ratelimit-policy"] == '"requests-per-token";q=6;w=60'
        assert answer.headers["ratelimit"] == f'"requests-per-token";r=0;t={answer.headers["retry-after"]}'
        limited(admin.get("/api/v2/workspaces/x/openai/v1/models"))
        limited(admin.post("/api/v2/workspaces/x/openai/v1/chat/completions", json={}))
        answers = [other.get("/api/v2/me") for _ in range(4)]
        assert {answer.status_code for answer in answers[:2]} == {200}
        assert answers[-1].status_code == 429
        assert "organization" in answers[-1].json()["detail"]
        assert answers[-1].headers["ratelimit-policy"] == '"requests-per-organization";q=8;w=60'
        with httpx.Client(base_url=server.url) as nobody:  # not counted: whom nobody knows has no limit, and no answer
            assert {nobody.get("/healthz").status_code for _ in range(40)} == {200}
            assert {nobody.get("/api/v2/me").status_code for _ in range(40)} == {401}
        other.close()


def test_signing_in_is_a_request_of_its_token(tmp_path: Path) -> None:
    with (
        running(tmp_path / "data", more=REQUESTS) as server,
        httpx.Client(base_url=server.url, headers={"sec-fetch-site": "same-origin"}) as page,
    ):
        answers = [page.post("/api/v2/session", json={"token": server.token}) for _ in range(7)]
        assert {answer.status_code for answer in answers[:6]} == {201}
        assert refused(answers[6], 429) == {}
        assert answers[6].headers["ratelimit-policy"] == '"requests-per-token";q=6;w=60'
        assert page.post("/api/v2/session", json={"token": "hm_00000000_guessed"}).status_code == 401


def test_without_limits_nobody_is_refused(server: RunningServer, admin: httpx.Client) -> None:
    assert {admin.get("/api/v2/me").status_code for _ in range(300)} == {200}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One chat at once for a token, two for all."""
    with running(tmp_path_factory.mktemp("narrow"), more=CHATS) as server:
        yield server


@pytest.fixture
def chats(narrow: RunningServer, upstream: Upstream) -> Iterator[Chats]:
    upstream.reset()
    with client_of(narrow.url, narrow.token) as client:
        chats = Chats(client, upstream)
        wait_until(lambda: chats.send(None).status_code == 200)  # until the streams of the test before have ended
        upstream.reset()
        yield chats


@contextmanager
def streaming(chats: Chats, client: httpx.Client) -> Iterator[None]:
    """A stream that goes on until the block or the client ends."""
    chats.upstream.script(SLOW)
    with client.stream("POST", chats.url, json={"model": "m", **HI, "stream": True}) as answer:
        assert answer.status_code == 200
        parts = answer.iter_bytes()  # kept: the end of an iterator ends its connection
        next(parts)
        yield


@pytest.fixture
def held(narrow: RunningServer, chats: Chats) -> Iterator[httpx.Client]:
    """The client of a stream that goes on until it is closed."""
    with client_of(narrow.url, narrow.token) as client, streaming(chats, client):
        yield client


@pytest.mark.parametrize("stream", [False, True])
def test_a_stream_counts_while_it_lasts(chats: Chats, held: httpx.Client, stream: bool) -> None:
    refused = chats.send(None, stream=stream)
    assert "1 chats at once" in limited(refused)["message"]
    assert refused.headers["ratelimit-policy"] == '"chats-per-token";q=1;qu="concurrent-requests"'
    assert refused.headers["ratelimit"] == '"chats-per-token";r=0'
    assert len(chats.upstream.seen) == 1
    held.close()  # whoever goes away makes room
    wait_until(lambda: chats.send(None, stream=stream).status_code == 200)


def test_other_requests_do_not_count(chats: Chats, held: httpx.Client) -> None:
    assert chats.client.get(f"{chats.home}/models").status_code == 200
    assert chats.client.post(f"{chats.home}/models/{chats.model_id}/test").json()["ok"] is True


def test_an_answer_that_is_kept_takes_no_place(chats: Chats) -> None:
    first = chats.send("k")
    with streaming(chats, chats.client), client_of_chats(chats) as other:
        assert chats.send("k", other).content == first.content
        limited(chats.send("other", other))


def client_of_chats(chats: Chats) -> httpx.Client:
    return client_of(str(chats.client.base_url), chats.client.headers["authorization"].removeprefix("Bearer "))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("failure", [Fails(500), Fails(401), Dies(1), Hangs(0.1)], ids=lambda one: type(one).__name__)
def test_a_chat_that_fails_leaves_its_place(chats: Chats, stream: bool, failure: Any) -> None:
    chats.upstream.script(*[failure] * 2)
    for _ in range(2):
        chats.send(None, stream=stream)
    chats.upstream.reset()
    assert chats.send(None, stream=stream).status_code == 200


def test_the_organization_has_a_limit_of_its_own(chats: Chats, narrow: RunningServer, held: httpx.Client) -> None:
    tokens = [new_token(chats.client)["token"] for _ in range(2)]
    with client_of(narrow.url, tokens[0]) as second, client_of(narrow.url, tokens[1]) as third:
        with streaming(chats, second):
            assert "organization" in limited(chats.send(None, third))["message"]
        wait_until(lambda: chats.send(None, third).status_code == 200)


def test_openais_sdk_waits_and_tries_again(chats: Chats, narrow: RunningServer) -> None:
    chats.upstream.script(Hangs(0.7), Says("Paris"))
    url = f"{narrow.url}{chats.home}/openai/v1"
    with ThreadPoolExecutor(1) as pool, openai.OpenAI(api_key=narrow.token, base_url=url, max_retries=5) as sdk:
        first = pool.submit(chats.send, None)
        wait_until(lambda: len(chats.upstream.seen) == 1)
        made = sdk.chat.completions.create(model="m", messages=HI["messages"])
        assert made.choices[0].message.content == "Paris"
        assert first.result().status_code == 504

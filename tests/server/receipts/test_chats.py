"""Chats and connection tests with an Idempotency-Key: what they do is done at the provider, not in the database."""

from __future__ import annotations

import signal
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path

import httpx
import openai
import pytest

from tests.abuse.subject import config
from tests.answers import Dies, Fails, Hangs, Says
from tests.conftest import client_of, definition
from tests.running import RunningServer, running
from tests.server.access.people import let_in, new_workspace, somebody, unique
from tests.server.receipts.chats import HI, Chats
from tests.upstream import Upstream
from tests.waiting import wait_until


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as upstream:
        yield upstream


@pytest.fixture
def chats(admin: httpx.Client, upstream: Upstream) -> Chats:
    return Chats(admin, upstream)


@pytest.mark.parametrize("stream", [False, True])
def test_a_chat_is_made_once(chats: Chats, stream: bool) -> None:
    first = chats.send("k", stream=stream)
    assert first.status_code == 200, first.text
    again = chats.send("k", stream=stream)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert len(chats.upstream.seen) == 1
    chats.send(None, stream=stream)
    assert len(chats.upstream.seen) == 2


def test_with_another_body_it_is_refused_as_openai_would(chats: Chats) -> None:
    chats.send("k")
    assert chats.code(chats.send("k", temperature=1), 400) == "idempotency_key_reused"
    assert chats.code(chats.send("x" * 256), 400) == "invalid"
    assert len(chats.upstream.seen) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_while_it_is_answered_it_is_in_flight(chats: Chats, server: RunningServer, stream: bool) -> None:
    chats.upstream.script(Hangs(3.0))
    with ThreadPoolExecutor(1) as pool, client_of(server.url, server.token) as other:
        first = pool.submit(chats.send, "k", other, stream=stream)
        wait_until(lambda: len(chats.upstream.seen) == 1)
        refused = chats.send("k", stream=stream)
        assert chats.code(refused, 409) == "idempotency_in_flight"
        assert 1 <= int(refused.headers["retry-after"]) <= 5
        assert "x-should-retry" not in refused.headers
        assert first.result().status_code == 504
    wait_until(lambda: chats.send("k", stream=stream).status_code == 200)  # what failed was not kept


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("failure", [Fails(429), Fails(500), Fails(401)])
def test_what_failed_is_tried_again(chats: Chats, stream: bool, failure: Fails) -> None:
    chats.upstream.script(failure)
    assert not chats.send("k", stream=stream).is_success
    wait_until(lambda: chats.send("k", stream=stream).status_code == 200)
    assert len(chats.upstream.seen) == 2


def test_a_stream_that_broke_off_is_made_again(chats: Chats) -> None:
    chats.upstream.script(Dies(after=1))
    assert "[DONE]" not in chats.send("k", stream=True).text
    wait_until(lambda: chats.send("k", stream=True).text.endswith("data: [DONE]\n\n"))
    assert len(chats.upstream.seen) == 2


def test_a_stream_whose_client_left_is_made_again(chats: Chats, server: RunningServer) -> None:
    chats.upstream.script(Says("word " * 200, pieces=200, pause=0.1))
    body = {"model": "m", **HI, "stream": True}
    key = {"idempotency-key": "k"}
    with (
        client_of(server.url, server.token) as leaving,
        leaving.stream("POST", chats.url, json=body, headers=key) as answer,
    ):
        next(answer.iter_bytes())
    wait_until(lambda: chats.send("k", stream=True).status_code == 200)
    assert len(chats.upstream.seen) == 2


def test_a_kept_answer_is_given_to_who_may_still_chat(chats: Chats, admin: httpx.Client) -> None:
    person = somebody(admin)
    let_in(admin, chats.workspace, person.user_id, "user")
    with person.client as client:
        assert chats.send("k", client).status_code == 200
        admin.delete(f"{chats.home}/members/{person.user_id}")
        assert chats.send("k", client).status_code == 404


def test_a_long_answer_is_given_once(chats: Chats) -> None:
    chats.upstream.script(Says("x" * (1024 * 1024 + 1)), Says("y" * (1024 * 1024 + 1)))
    assert chats.send("whole").status_code == 200
    assert chats.code(chats.send("whole"), 409) == "idempotency_not_kept"
    assert chats.send("stream", stream=True).text.endswith("[DONE]\n\n")
    assert chats.code(chats.send("stream", stream=True), 409) == "idempotency_not_kept"
    assert len(chats.upstream.seen) == 2


def test_a_connection_test_is_made_once(chats: Chats) -> None:
    path, key = f"{chats.home}/models/{chats.model_id}/test", {"idempotency-key": "k"}
    first = chats.client.post(path, headers=key)
    assert (first.status_code, first.json()["ok"]) == (200, True)
    assert chats.client.post(path, headers=key).content == first.content
    assert len(chats.upstream.seen) == 1


def test_openais_sdk_may_send_a_key_with_its_retries(chats: Chats, server: RunningServer) -> None:
    """It sends one when it is asked to, the same with each try: a failure is no answer that is kept."""
    chats.upstream.script(Fails(500), Says("Paris"))
    url = f"{server.url}{chats.home}/openai/v1"
    with openai.OpenAI(api_key=server.token, base_url=url, max_retries=3) as sdk:
        headers = {"Idempotency-Key": f"stainless-python-retry-{uuid.uuid4()}"}
        for _ in range(2):
            made = sdk.chat.completions.create(model="m", messages=HI["messages"], extra_headers=headers)
            assert made.choices[0].message.content == "Paris"
    assert len(chats.upstream.seen) == 2


def test_a_claim_of_a_server_that_was_killed_ends_by_itself(tmp_path: Path, upstream: Upstream) -> None:
    upstream.script(Hangs(60))
    with running(tmp_path / "data") as server, client_of(server.url, server.token) as client:
        chats, token = Chats(client, upstream), server.token
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(chats.send, "k")
            wait_until(lambda: len(upstream.seen) == 1)
            server.process.send_signal(signal.SIGKILL)
            with pytest.raises(httpx.TransportError):
                first.result()
    with running(tmp_path / "data") as server, client_of(server.url, token) as client:
        refused = chats.send("k", client)
        assert chats.code(refused, 409) == "idempotency_in_flight"
        wait_until(lambda: chats.send("k", client).status_code == 200, 20)
    assert len(upstream.seen) == 2


def test_nothing_is_lost_or_made_twice_when_the_server_is_killed(tmp_path: Path) -> None:
    """R7: killed at any moment, between commit and answer too; sent again each create is there once."""
    keys, answered = [unique("k") for _ in range(60)], count(1)

    def create(client: httpx.Client, key: str) -> bytes | None:
        body = definition(key, chat_generator_config=config("MockChatGenerator") | {"init_parameters": {}})
        try:
            answer = client.post(path, json=body, headers={"idempotency-key": key})
        except httpx.TransportError:
            return None
        assert answer.status_code == 201, answer.text
        if next(answered) == 20:  # at once: another thread may come too late
            server.process.send_signal(signal.SIGKILL)
        return answer.content

    with running(tmp_path / "data") as server, client_of(server.url, server.token) as client:
        token, workspace = server.token, new_workspace(client)[1]
        path = f"/api/v2/workspaces/{workspace}/models/custom"
        with ThreadPoolExecutor(8) as pool:
            first = dict(zip(keys, pool.map(partial(create, client), keys), strict=True))
    assert 20 <= sum(one is not None for one in first.values()) < len(keys)
    with running(tmp_path / "data") as server, client_of(server.url, token) as client:
        second = {key: create(client, key) for key in keys}
        assert {key: one for key, one in first.items() if one is not None}.items() <= second.items()
        total = client.get(path.removesuffix("/custom"), params={"origin": "WORKSPACE"}).json()["total"]
    assert total == len(keys)

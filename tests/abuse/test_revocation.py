"""The right to a model that ends: at once for what is asked, and in the middle of what is being answered."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.abuse.subject import Subject, attempts, config, named, refused
from tests.answers import Hangs, Says
from tests.conftest import client_of
from tests.running import RunningServer
from tests.server.access.people import Somebody, let_in, new_secret, new_token, somebody
from tests.upstream import Upstream
from tests.waiting import wait_until


def test_e14_a_revoked_token_is_dead_when_the_answer_arrives(
    admin: httpx.Client, subject: Subject, server: RunningServer
) -> None:
    made = new_token(admin)
    with client_of(server.url, made["token"]) as client:
        assert client.get(subject.read_url).status_code == 200
        assert admin.delete(f"/api/v2/tokens/{made['token_id']}").status_code == 204
        with subject.unharmed():
            for method, path, body in attempts(subject.home, subject.id):
                refused(client.request(method, path, json=body), 401)


def _chatting(admin: httpx.Client, subject: Subject, upstream: Upstream) -> Somebody:
    """Somebody who may chat with the model, which calls `upstream`."""
    secret = new_secret(admin, subject.workspace, hosts=[f"127.0.0.1:{upstream.port}"])
    subject.patch(
        {
            "chat_generator_config": config(api_base_url=upstream.url, api_key=named(secret["name"])),
            "generation_kwargs": {},
        }
    )
    reader = somebody(admin)
    let_in(admin, subject.workspace, reader.user_id, "user")
    return reader


@pytest.mark.parametrize("end", ["token", "membership"])
def test_e14_a_whole_answer_ends_when_the_right_to_it_ends(
    admin: httpx.Client, subject: Subject, upstream: Upstream, end: str
) -> None:
    reader = _chatting(admin, subject, upstream)
    upstream.script(Hangs())
    with ThreadPoolExecutor(1) as threads, reader.client as client:
        body = {"model": subject.model["name"], "messages": [{"role": "user", "content": "Hi"}]}
        asking = threads.submit(client.post, f"{subject.home}/openai/v1/chat/completions", json=body, timeout=30.0)
        wait_until(lambda: bool(upstream.seen))
        assert admin.delete(_right_to_chat(admin, subject, reader.user_id, end)).status_code == 204
        assert asking.result(10).status_code == (401 if end == "token" else 404)
    wait_until(lambda: upstream.abandoned == 1)


@pytest.mark.parametrize("end", ["token", "membership"])
def test_e14_a_stream_is_cut_when_the_right_to_it_ends(
    admin: httpx.Client, subject: Subject, upstream: Upstream, end: str
) -> None:
    reader = _chatting(admin, subject, upstream)
    upstream.script(Says("x" * 120, pieces=120, pause=0.1))
    body = {"model": subject.model["name"], "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    address = f"{subject.home}/openai/v1/chat/completions"
    with reader.client as client, client.stream("POST", address, json=body, timeout=30.0) as answer:
        assert answer.status_code == 200
        lines = answer.iter_lines()
        next(lines)
        assert admin.delete(_right_to_chat(admin, subject, reader.user_id, end)).status_code == 204
        received = [line for line in _until_it_ends(lines) if line]
    assert len(received) < 70  # five seconds are fifty pieces
    assert "data: [DONE]" not in received


def _right_to_chat(admin: httpx.Client, subject: Subject, user_id: str, end: str) -> str:
    """What to DELETE, to end a person's right to chat."""
    if end == "token":
        tokens = admin.get("/api/v2/tokens").json()["data"]
        return next(f"/api/v2/tokens/{token['token_id']}" for token in tokens if token["user_id"] == user_id)
    return f"{subject.home}/members/{user_id}"


def _until_it_ends(lines: Iterator[str]) -> Iterator[str]:
    try:
        yield from lines
    except httpx.HTTPError:
        return

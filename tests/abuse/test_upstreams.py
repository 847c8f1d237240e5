"""Providers that redirect, or ask for patience: nobody is led elsewhere, and nobody is called again and again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.abuse.sink import Sink
from tests.abuse.subject import Subject, config, named
from tests.answers import Fails
from tests.server.access.people import new_secret
from tests.upstream import Upstream


@pytest.fixture
def chatting(subject: Subject, upstream: Upstream) -> Iterator[Subject]:
    """A model that calls `upstream`, with nothing said about retries."""
    secret = new_secret(subject.client, subject.workspace, hosts=[f"127.0.0.1:{upstream.port}"])
    generator = config(api_base_url=upstream.url, api_key=named(secret["name"]))
    assert subject.patch({"chat_generator_config": generator, "generation_kwargs": {}}).json()["connected"] is True
    yield subject


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_d5_a_redirect_is_not_followed(
    chatting: Subject, upstream: Upstream, sink: Sink, status: int, stream: bool
) -> None:
    upstream.script(*[Fails(status, headers={"location": f"{sink.url}/v1/chat/completions"})] * 3)
    assert chatting.chat(stream=stream).status_code == 502


@pytest.mark.parametrize(("status", "answered"), [(429, 429), (500, 502), (503, 502), (408, 504)])
def test_y3_a_provider_that_fails_is_asked_once_more_at_most(
    chatting: Subject, upstream: Upstream, status: int, answered: int
) -> None:
    upstream.script(*[Fails(status, headers={"retry-after": "0"})] * 20)
    assert chatting.chat().status_code == answered
    assert 1 <= len(upstream.seen) <= 2

"""A client that goes away ends its call upstream, and nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from starlette.requests import Request

from haymow.errors import Denied
from haymow.server.serving import routes
from tests.server.serving.served import TOKEN, Served, openai_config
from tests.server.serving.test_chat import HELLO
from tests.upstream import Hangs, Says, Upstream, wait_until

CHAT = {"model": "slow", "messages": HELLO}
HEADERS = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def own(served: Served) -> Iterator[Upstream]:
    """An upstream for this test alone, so that what it counts is this test's; the model `slow` calls it."""
    with Upstream() as upstream:
        served.add("slow", openai_config(upstream.url))
        yield upstream


@pytest.mark.parametrize("stream", [False, True])
def test_leaving_before_the_answer_ends_the_call(served: Served, own: Upstream, stream: bool) -> None:
    served.post(CHAT)
    own.script(Hangs())
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{served.url}/chat/completions", json={**CHAT, "stream": stream}, headers=HEADERS, timeout=0.3)
    wait_until(lambda: own.abandoned == 1, 3)
    assert served.post(CHAT).status_code == 200


def test_leaving_in_the_middle_ends_the_stream(served: Served, own: Upstream) -> None:
    own.script(Says("x" * 200, pieces=200, pause=0.05))
    body = {**CHAT, "stream": True}
    with httpx.stream("POST", f"{served.url}/chat/completions", json=body, headers=HEADERS) as answer:
        next(answer.iter_raw())
    wait_until(lambda: own.abandoned == 1, 3)


def test_leaving_a_silent_stream_ends_it(served: Served, own: Upstream) -> None:
    own.script(Says("one two", pieces=2, pause=1.0))
    body = {**CHAT, "stream": True}
    with httpx.stream("POST", f"{served.url}/chat/completions", json=body, headers=HEADERS, timeout=5) as answer:
        next(answer.iter_raw())
    wait_until(lambda: own.abandoned == 1, 0.7)


def test_a_stream_goes_on_when_another_client_of_the_model_leaves(served: Served, own: Upstream) -> None:
    own.script(Says("one two three", pieces=5, pause=0.1), Says("x" * 50, pieces=50, pause=0.1))
    with served.openai().chat.completions.create(model="slow", messages=HELLO, stream=True) as staying:
        next(staying)
        body = {**CHAT, "stream": True}
        with httpx.stream("POST", f"{served.url}/chat/completions", json=body, headers=HEADERS) as answer:
            next(answer.iter_raw())
        assert "".join(chunk.choices[0].delta.content or "" for chunk in staying) == "one two three"
    wait_until(lambda: own.abandoned == 1, 3)


def test_a_stream_that_begins_as_the_right_to_it_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the same turn of the loop: nobody takes the stream, so nobody else would end it."""
    monkeypatch.setattr(routes, "WATCH_SECONDS", 0.01)

    async def check() -> bool:
        begun, stream = asyncio.Event(), Stoppable()

        async def work() -> Stoppable:
            await begun.wait()
            return stream

        async def still() -> None:
            begun.set()
            await asyncio.sleep(0.01)
            raise Denied("The right has ended.")

        request = Request({"type": "http"}, receive=asyncio.Event().wait)  # of a client that stays
        with pytest.raises(Denied):
            await routes._wanted(request, still, work())
        await asyncio.sleep(0)
        return stream.stopped

    assert asyncio.run(check())


class Stoppable:
    stopped = False

    def stop(self) -> None:
        self.stopped = True

"""A client that goes away ends its call upstream, and nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from haymow.errors import Denied
from haymow.server.serving import watch
from tests.answers import Hangs, Says, Stalls
from tests.server.serving.served import HELLO, TOKEN, Served, openai_config
from tests.upstream import Upstream
from tests.waiting import wait_until

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
    own.script(Hangs())
    served.leave({**CHAT, "stream": stream}, lambda: len(own.seen) == 1)
    wait_until(lambda: own.abandoned == 1)
    assert served.post(CHAT).status_code == 200


def test_leaving_in_the_middle_ends_the_stream(served: Served, own: Upstream) -> None:
    own.script(Says("x" * 200, pieces=200, pause=0.05))
    body = {**CHAT, "stream": True}
    with httpx.stream("POST", f"{served.url}/chat/completions", json=body, headers=HEADERS) as answer:
        next(answer.iter_raw())
    wait_until(lambda: own.abandoned == 1)


def test_leaving_a_silent_stream_ends_it(served: Served, own: Upstream) -> None:
    own.script(Stalls(after=2))
    body = {**CHAT, "stream": True}
    with httpx.stream("POST", f"{served.url}/chat/completions", json=body, headers=HEADERS) as answer:
        next(answer.iter_raw())
    wait_until(lambda: own.abandoned == 1)


def test_a_stream_goes_on_when_another_client_of_the_model_leaves(served: Served, own: Upstream) -> None:
    own.script(Says("one two three", pieces=5, pause=0.1), Says("x" * 50, pieces=50, pause=0.1))
    with served.openai().chat.completions.create(model="slow", messages=HELLO, stream=True) as staying:
        next(staying)
        body = {**CHAT, "stream": True}
        with httpx.stream("POST", f"{served.url}/chat/completions", json=body, headers=HEADERS) as answer:
            next(answer.iter_raw())
        assert "".join(chunk.choices[0].delta.content or "" for chunk in staying) == "one two three"
    wait_until(lambda: own.abandoned == 1)


def test_work_that_ends_as_the_right_to_it_ends_cleans_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the same turn of the loop: nobody takes what it made, so it has to hear of it."""
    monkeypatch.setattr(watch, "GLANCE_SECONDS", 0.01)
    monkeypatch.setattr(watch, "WATCH_SECONDS", 0.01)

    async def check() -> list[str]:
        due, heard = asyncio.Event(), list[str]()

        async def work() -> None:
            try:
                await due.wait()
            except asyncio.CancelledError:
                heard.append("cancelled")
                raise

        async def still() -> None:
            due.set()
            raise Denied("The right has ended.")

        with pytest.raises(Denied):
            await watch.watched(asyncio.Event().wait, still, work())
        await asyncio.sleep(0)  # the caller's own task goes on: it was not cancelled itself
        return heard

    assert asyncio.run(check()) == ["cancelled"]


def test_an_end_that_comes_from_elsewhere_stays_one() -> None:
    """A server that ends cancels its requests: that is not the client's going away."""

    async def check() -> None:
        async def still() -> None: ...

        task = asyncio.ensure_future(watch.watched(asyncio.Event().wait, still, asyncio.sleep(60)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(check())

"""What the direct lane passes on, and what it does not, of streams that a provider writes in pieces of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest

from tests.authority import Looping
from tests.server.serving.served import HELLO, KEY, TOKEN, Served, openai_config

SSE = b"text/event-stream; charset=utf-8"


def chunk(content: str, **more: Any) -> bytes:
    choices = [{"index": 0, "delta": {"role": "assistant", "content": content}, "finish_reason": None}]
    document = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "up-1", "choices": choices, **more}
    return json.dumps(document).encode()


def event(content: str, **more: Any) -> bytes:
    return b"data: %b\n\n" % chunk(content, **more)


DONE = b"data: [DONE]\n\n"


class Pieces:
    """A provider that answers with these pieces, each in a packet of its own; `stays` leaves the connection open."""

    def __init__(self, looping: Looping) -> None:
        self.pieces: Sequence[bytes] = ()
        self.kind = SSE
        self.stays = False
        self.connections = 0
        self._server = looping.run(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
                await self._answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        pieces, stays = self.pieces, self.stays  # as they were when it was asked: a test may go on before the last line
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ntransfer-encoding: chunked\r\n\r\n" % self.kind)
        for piece in pieces:
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(0.001)  # so that the pieces are read one by one
        if not stays:
            writer.write(b"0\r\n\r\n")


@pytest.fixture
def provider(looping: Looping) -> Pieces:
    return Pieces(looping)


@pytest.fixture(scope="module")
def direct() -> Iterator[Served]:
    with Served(direct=True, timeout=5.0) as served:
        yield served


@pytest.fixture
def served(direct: Served, provider: Pieces) -> Served:
    direct.reset()
    direct.add("fast", openai_config(provider.url))
    return direct


def stream(served: Served) -> httpx.Response:
    return served.post({"model": "fast", "messages": HELLO, "stream": True})


def said(answer: httpx.Response) -> str:
    """What the model said; the stream must have come to its end."""
    assert answer.status_code == 200, answer.text
    *found, done, _ = answer.text.split("\n\n")
    assert done == "data: [DONE]"
    documents = [json.loads(one.removeprefix("data: ")) for one in found if one.startswith("data:")]
    assert all(document["model"] == "fast" for document in documents)
    return "".join(document["choices"][0]["delta"]["content"] for document in documents)


def cut(text: bytes, size: int) -> list[bytes]:
    return [text[at : at + size] for at in range(0, len(text), size)]


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_events_are_whole_however_they_are_cut(served: Served, provider: Pieces, size: int, newline: bytes) -> None:
    text = event("one ") + event("two ") + event("three") + DONE
    provider.pieces = cut(text.replace(b"\n", newline), size)
    assert said(stream(served)) == "one two three"


def test_what_a_model_says_is_left_alone(served: Served, provider: Pieces) -> None:
    """Even where it looks like the protocol: an end, an error, a model's name."""
    text = 'data: [DONE]\n\n {"error": {"message": "x"}} "model": "up-1" \\"model\\": \\"up-1\\"'
    provider.pieces = [event(text), event("[DONE]"), DONE]
    assert said(stream(served)) == text + "[DONE]"


def test_comments_and_a_providers_own_fields_are_passed_on(served: Served, provider: Pieces) -> None:
    provider.pieces = [b": PROCESSING\n\n", event("a", provider="Together", error=None), DONE]
    answer = stream(served)
    assert said(answer) == "a"
    assert ": PROCESSING" in answer.text and '"provider": "Together"' in answer.text


def test_a_stream_without_an_end_of_its_own_gets_one(served: Served, provider: Pieces) -> None:
    provider.pieces = [event("a"), event("b")]
    assert said(stream(served)) == "ab"


def test_what_comes_after_the_end_is_not_passed_on(served: Served, provider: Pieces) -> None:
    provider.pieces = [event("a"), DONE + event("after")]
    assert said(stream(served)) == "a"


def test_a_connection_that_stays_open_after_the_end_holds_nobody_up(served: Served, provider: Pieces) -> None:
    provider.pieces, provider.stays = [event("a"), DONE], True
    assert said(stream(served)) == "a"


def test_a_finished_stream_leaves_its_connection_to_the_next_call(served: Served, provider: Pieces) -> None:
    provider.pieces = [event("a"), DONE]
    for _ in range(3):
        assert said(stream(served)) == "a"
    assert provider.connections == 1


def test_an_error_in_the_middle_is_told_in_our_words_after_what_came_before(served: Served, provider: Pieces) -> None:
    failure = b'data: {"error": {"message": "key %b is bad", "code": 429}}\n\n' % KEY.encode()
    provider.pieces = [event("a"), event("b") + failure + event("c")]
    answer = stream(served)
    *good, last, end = answer.text.split("\n\n")
    assert [json.loads(one[6:])["choices"][0]["delta"]["content"] for one in good] == ["a", "b"]
    assert json.loads(last[6:])["error"]["code"] == "upstream_rate_limited" and end == ""
    assert KEY not in answer.text


def test_an_error_as_the_first_event_has_a_status(served: Served, provider: Pieces) -> None:
    provider.pieces = [b": wait\n\n", b'data: {"error": {"message": "%b"}}\n\n' % KEY.encode()]
    answer = stream(served)
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_failed")
    assert KEY not in answer.text


def test_a_stream_that_ends_in_the_middle_of_an_event_is_broken(served: Served, provider: Pieces) -> None:
    provider.pieces = [event("a"), event("b")[:20]]
    assert json.loads(stream(served).text.split("\n\n")[-2][6:])["error"]["code"] == "upstream_failed"


@pytest.mark.parametrize(
    ("pieces", "kind"),
    [
        ([b""], SSE),
        ([b": nothing but comments\n\n"], SSE),
        ([DONE], SSE),
        ([b"data: {\n\n"], SSE),
        ([b'data: {"choices": 5}\n\n'], SSE),
        ([b"data: []\n\n"], SSE),
        ([b"<html>It works!</html>"], b"text/html"),
        ([chunk("a")], b"application/json"),
    ],
)  # fmt: skip
def test_what_is_no_stream_of_a_chat_is_malformed(
    served: Served, provider: Pieces, pieces: list[bytes], kind: bytes
) -> None:
    provider.pieces, provider.kind = [piece for piece in pieces if piece], kind
    answer = stream(served)
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_malformed")


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"choices": []}', b'{"choices": [{}]}', b'{"choices": [{"message": 1}]}', b"\xff", b"{"],
)
def test_what_is_no_chat_completion_is_malformed(served: Served, provider: Pieces, body: bytes) -> None:
    provider.pieces, provider.kind = [body] if body else [], b"application/json"
    answer = served.post({"model": "fast", "messages": HELLO})
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_malformed")


@pytest.mark.parametrize("together", [False, True])
def test_a_name_that_the_first_event_does_not_have_is_the_callers_too(
    served: Served, provider: Pieces, together: bool
) -> None:
    """As Azure streams: what its filter says of the prompt comes first."""
    pieces = [b'data: {"choices": [], "model": "", "prompt_filter_results": []}\n\n', event("a"), event("b")]
    provider.pieces = [*([b"".join(pieces)] if together else pieces), DONE]
    answer = stream(served)
    assert answer.text.count('"model":"fast"') == 3 and "up-1" not in answer.text


def test_an_answer_keeps_what_the_provider_said_but_the_models_name(served: Served, provider: Pieces) -> None:
    message = {"role": "assistant", "content": "Hi", "reasoning_content": "Think.", "annotations": []}
    document = {"id": "up", "object": "chat.completion", "created": 5, "model": "up-1", "service_tier": "x"}
    document["choices"] = [{"index": 0, "message": message, "finish_reason": "stop"}]
    provider.pieces, provider.kind = [json.dumps(document).encode()], b"application/json"
    answer = served.post({"model": "fast", "messages": HELLO})
    assert answer.json() == {**document, "model": "fast"}


def test_tools_and_a_response_format_go_together(served: Served, provider: Pieces) -> None:
    """Which Haystack's generator cannot do: it calls a method of the SDK that parses."""
    message = {"role": "assistant", "content": "cut of", "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "length"}
    document = {"id": "u", "object": "chat.completion", "created": 5, "model": "up-1", "choices": [choice]}
    provider.pieces, provider.kind = [json.dumps(document).encode()], b"application/json"
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
    body = {"model": "fast", "messages": HELLO, "tools": [tool], "response_format": {"type": "json_object"}}
    assert served.post(body).json()["choices"] == [choice]


def test_a_client_that_leaves_in_the_middle_leaves_no_call_behind(served: Served, provider: Pieces) -> None:
    provider.pieces, provider.stays = [event("a")], True
    headers = {"authorization": f"Bearer {TOKEN}"}
    body = {"model": "fast", "messages": HELLO, "stream": True}
    with httpx.stream("POST", f"{served.url}/chat/completions", json=body, headers=headers) as answer:
        assert next(answer.iter_text()).startswith("data: ")
    provider.pieces, provider.stays = [event("b"), DONE], False
    assert said(stream(served)) == "b" and provider.connections == 2

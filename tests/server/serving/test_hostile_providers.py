"""What a provider can do to haymow that means it harm, or is broken: nothing that lasts."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress

import httpx
import pytest

from tests.authority import Looping
from tests.server.serving.served import KEY, TOKEN, Served, openai_config
from tests.server.serving.test_direct_lane import DONE, event

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
REPLY = (
    b'{"id": "u", "object": "chat.completion", "created": 5, "model": "up-1", "choices": '
    b'[{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}]}'
)
CHAT = {"model": "fast", "messages": [{"role": "user", "content": "Hello?"}]}

Script = Callable[[], AsyncIterator[bytes]]


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Provider:
    """A socket that answers every call with the bytes of `script`, as they are."""

    def __init__(self, looping: Looping) -> None:
        self.script: Script = nothing
        self.calls = 0
        self._server = looping.run(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._read(reader)
            async for part in self.script():
                writer.write(part)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """One call."""
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
        self.calls += 1


async def nothing() -> AsyncIterator[bytes]:
    return
    yield b""


async def pauses(first: bytes, again: bytes) -> AsyncIterator[bytes]:
    """Never silent for long."""
    yield first
    while True:
        yield again
        await asyncio.sleep(0.05)


async def hurries(first: bytes, again: bytes) -> AsyncIterator[bytes]:
    yield first
    while True:
        yield again


async def answers(body: bytes, status: str = "200 OK", **headers: str) -> AsyncIterator[bytes]:
    headers = {"content_type": "application/json", **headers}
    said = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{said}\r\n"
    yield head.encode() + body


async def streams(*events: bytes) -> AsyncIterator[bytes]:
    yield HEAD
    for one in events:
        yield chunked(one)
        await asyncio.sleep(0.01)
    yield b"0\r\n\r\n"


@pytest.fixture
def provider(looping: Looping) -> Provider:
    return Provider(looping)


@pytest.fixture(scope="module", params=[True, False], ids=["direct", "haystack"])
def lane(request: pytest.FixtureRequest) -> bool:
    """Whether it is the direct one."""
    return bool(request.param)


@pytest.fixture(scope="module")
def server(lane: bool) -> Iterator[Served]:
    with Served(direct=lane) as served:
        yield served


@pytest.fixture
def served(server: Served, provider: Provider) -> Served:
    server.reset()
    server.add("fast", openai_config(provider.url))
    return server


def ask(served: Served, stream: bool = True) -> httpx.Response:
    headers = {"authorization": f"Bearer {TOKEN}"}
    return httpx.post(f"{served.url}/chat/completions", json={**CHAT, "stream": stream}, headers=headers, timeout=30)


@pytest.mark.parametrize(
    "script",
    [
        lambda: pauses(HEAD, chunked(b": wait\n\n")),
        lambda: pauses(b"HTTP/1.1 200 OK\r\nx: ", b"a"),
        lambda: pauses(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    ],
    ids=["comments", "a header", "interim answers"],
)
def test_a_stream_that_does_not_begin_in_time_is_given_up(lane: bool, provider: Provider, script: Script) -> None:
    """However much comes of it meanwhile."""
    provider.script = script
    with Served(direct=lane, timeout=1.0) as served:
        served.add("fast", openai_config(provider.url))
        answer = ask(served)
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "upstream_timeout")


def test_a_stream_of_comments_fills_no_memory(looping: Looping) -> None:
    provider = Provider(looping)
    provider.script = lambda: hurries(HEAD, chunked(b": wait\n\n" * 1000))
    with Served(timeout=60.0) as served:
        served.add("fast", openai_config(provider.url))
        answer = ask(served)
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_malformed")


DEEP = b"[" * 100_000 + b"]" * 100_000


def test_an_error_that_is_nested_too_deeply_ends_a_stream_as_any_other(
    served: Served, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    provider.script = lambda: streams(event("a"), b'data: {"error": %b}\n\n' % DEEP, DONE)
    *_, last, _ = ask(served).text.split("\n\n")
    assert json.loads(last.removeprefix("data: "))["error"]["code"].startswith("upstream_")
    assert not [one for one in caplog.records if one.exc_info]


def test_an_answer_that_is_nested_too_deeply_is_malformed(served: Served, provider: Provider) -> None:
    provider.script = lambda: answers(b'{"choices": %b}' % DEEP)
    answer = ask(served, stream=False)
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_malformed")


@pytest.mark.parametrize("choices", [b"", b', "choices": [{"message": {"role": "assistant", "content": ""}}]'])
def test_an_error_with_a_status_of_success_is_told_in_our_words(
    looping: Looping, provider: Provider, choices: bytes
) -> None:
    error = b'{"error": {"message": "%b is no key", "code": 429}%b}' % (KEY.encode(), choices)
    provider.script = lambda: answers(error)
    with Served(timeout=5.0) as served:
        served.add("fast", openai_config(provider.url))
        answer = ask(served, stream=False)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "upstream_rate_limited")
    assert KEY not in answer.text


def test_a_number_beyond_all_numbers_is_no_time_to_wait(served: Served, provider: Provider) -> None:
    served.add("fast", openai_config(provider.url, max_retries=1))
    provider.script = lambda: answers(b"{}", "429 Too Many Requests", retry_after="9" * 5000, x_should_retry="false")
    assert ask(served, stream=False).status_code == 429


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("retries", [0, 1])
def test_a_call_that_is_never_answered_is_made_twice_at_most(
    served: Served, provider: Provider, retries: int, stream: bool
) -> None:
    served.add("fast", openai_config(provider.url, max_retries=retries))
    assert ask(served, stream).json()["error"]["code"] == "upstream_unreachable"
    assert provider.calls <= 2


class Closing(Provider):
    """One that keeps a connection for one answer, and closes it as the next call comes: cleanly, or as a socket does
    that was closed before."""

    is_clean = True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._read(reader)
        writer.write(b"".join([part async for part in answers(REPLY)]))
        await writer.drain()
        with suppress(asyncio.IncompleteReadError):  # the last connection has no second call
            await self._read(reader)
        if self.is_clean:
            writer.close()
        else:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


@pytest.mark.parametrize(("direct", "is_clean"), [(True, True), (True, False), (False, True)])
def test_a_call_on_a_connection_that_is_closed_just_then_is_made_again(
    looping: Looping, direct: bool, is_clean: bool
) -> None:
    """In Haystack's lane a reset may come in the middle of an answer as well: there it is the SDK's to repeat."""
    provider = Closing(looping)
    provider.is_clean = is_clean
    with Served(direct=direct) as served:
        served.add("fast", openai_config(provider.url))
        assert [ask(served, stream=False).status_code for _ in range(3)] == [200] * 3
    assert provider.calls == 5, "two of three calls met a connection that was closed"


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """A megabyte that stands for a thousand."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(1000)), packer.flush()])


@pytest.mark.parametrize("stream", [False, True])
def test_what_unpacks_without_end_is_not_unpacked(
    served: Served, provider: Provider, bomb: bytes, stream: bool
) -> None:
    kind = "text/event-stream" if stream else "application/json"
    provider.script = lambda: answers(bomb, content_encoding="gzip", content_type=kind)
    answer = ask(served, stream)
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_malformed")
    assert provider.calls == 1


def bare(text: bytes) -> bytes:
    """Deflate without zlib's header, as some send it."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(text) + packer.flush()


@pytest.mark.parametrize("coding", ["gzip", "deflate", "bare", "identity"])
def test_what_is_packed_is_read(served: Served, provider: Provider, coding: str) -> None:
    message = {"role": "assistant", "content": "Hi " * 100_000}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    document = {"id": "u", "object": "chat.completion", "created": 5, "model": "up-1", "choices": [choice]}
    packers: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress, "bare": bare}
    packed = packers.get(coding, bytes)(json.dumps(document).encode())
    provider.script = lambda: answers(packed, content_encoding=coding.replace("bare", "deflate"))
    assert ask(served, stream=False).json()["choices"][0]["message"]["content"] == message["content"]

"""The clients that every call goes through, on real sockets: a client for each HTTP library, held to the same door."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import httpcore
import httpcore2
import httpx
import httpx2
import pytest

from haymow.egress import Door, Egress, allowances
from haymow.egress.clients import aiohttp_session, httpx_client
from haymow.egress.lookups import Target
from haymow.errors import UpstreamFailed
from tests.abuse.sink import Sink
from tests.answers import Fails, Garbles
from tests.authority import Authority, Looping
from tests.upstream import Upstream

Ask = Callable[[Door, str], Awaitable[tuple[int, bytes]]]


def by(http: ModuleType, core: ModuleType) -> Ask:
    async def ask(door: Door, url: str) -> tuple[int, bytes]:
        async with httpx_client(http, core, door, timeout=10.0) as client:
            answer = await client.get(url)
            return answer.status_code, answer.content

    return ask


async def by_aiohttp(door: Door, url: str) -> tuple[int, bytes]:
    async with aiohttp_session(door, timeout=10.0) as session:
        answer = await session.get(url, allow_redirects=False)
        return answer.status, await answer.read()


@pytest.fixture(params=[by(httpx, httpcore), by(httpx2, httpcore2), by_aiohttp], ids=["httpx", "httpx2", "aiohttp"])
def ask(request: pytest.FixtureRequest) -> Ask:
    found: Ask = request.param
    return found


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(Garbles(b"here", "text/plain")) as server:
        yield server


def asked(ask: Ask, door: Door, url: str) -> tuple[int, bytes]:
    async def bounded() -> tuple[int, bytes]:
        return await asyncio.wait_for(ask(door, url), 20)

    return asyncio.run(bounded())


def codes(error: BaseException | None) -> set[str]:
    found = set()
    while error is not None:
        if isinstance(error, UpstreamFailed):
            found.add(error.code)
        error = error.__cause__
    return found


def is_blocked(ask: Ask, door: Door, url: str) -> bool:
    try:
        asked(ask, door, url)
    except Exception as error:
        return codes(error) == {"blocked_by_policy"}
    return False


def leading_to(port: int, *, allowed: str = "127.0.0.1:*", certificates: Any = None) -> Egress:
    """A policy whose resolver finds every name on this machine at `port`."""

    async def resolve(_host: str, _port: int) -> list[Target]:
        return [Target("127.0.0.1", port)]

    more: dict[str, Any] = {"certificates": lambda: certificates} if certificates else {}
    return Egress(allowances(allowed), resolve, **more)


def test_an_allowed_address_is_called(ask: Ask, upstream: Upstream) -> None:
    destination = f"127.0.0.1:{upstream.port}"
    door = Door(Egress(allowances(destination)), destination)
    assert asked(ask, door, f"http://{destination}/v1") == (200, b"here")


def test_what_is_not_allowed_is_not_connected_to(ask: Ask) -> None:
    with Sink() as sink:
        destination = f"127.0.0.1:{sink.port}"
        assert is_blocked(ask, Door(Egress(), destination), sink.url)
        assert not sink.was_reached


def test_another_place_than_the_destination_is_not_connected_to(ask: Ask) -> None:
    """A library that would rather call elsewhere, with the secret of this destination in its headers."""
    with Sink() as sink:
        assert is_blocked(ask, Door(Egress(allowances("127.0.0.1:*")), "127.0.0.1:9"), sink.url)
        assert not sink.was_reached


def test_a_redirect_is_not_followed(ask: Ask, upstream: Upstream) -> None:
    destination = f"127.0.0.1:{upstream.port}"
    upstream.script(Fails(307, headers={"location": f"http://{destination}/v1/elsewhere"}))
    status, _ = asked(ask, Door(Egress(allowances(destination)), destination), f"http://{destination}/v1")
    assert (status, len(upstream.seen)) == (307, 1)


def test_a_request_carries_what_it_is_given_beside_its_librarys_headers(ask: Ask, upstream: Upstream) -> None:
    destination = f"127.0.0.1:{upstream.port}"
    given = iter([{"x-given": "1"}, {}, {"x-given": "2"}])
    door = Door(Egress(allowances(destination), carried=lambda: next(given)), destination)
    for _ in range(3):
        asked(ask, door, f"http://{destination}/v1")
    assert [seen.headers.get("x-given") for seen in upstream.seen] == ["1", None, "2"]
    assert {seen.headers["accept-encoding"] for seen in upstream.seen} == {"gzip, deflate"}


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY", "http_proxy"])
def test_no_proxy_of_the_environment_is_used(
    ask: Ask, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    destination = f"127.0.0.1:{upstream.port}"
    door = Door(Egress(allowances(destination)), destination)
    assert asked(ask, door, f"http://{destination}/v1") == (200, b"here")


def test_a_name_is_resolved_once_and_the_connection_made_to_what_was_checked(ask: Ask, upstream: Upstream) -> None:
    """The second answer of a resolver that rebinds would lead elsewhere: nobody asks for it."""
    answers = [[Target("127.0.0.1", upstream.port)], [Target("127.0.0.1", 9)]]

    async def resolve(_host: str, _port: int) -> list[Target]:
        return answers.pop(0)

    door = Door(Egress(allowances("rebinding.example:80"), resolve), "http://rebinding.example:80")
    assert asked(ask, door, "http://rebinding.example/v1") == (200, b"here")
    assert len(answers) == 1 and upstream.seen[0].headers["host"] == "rebinding.example"


def test_the_next_address_is_tried_when_one_does_not_answer(ask: Ask, upstream: Upstream) -> None:
    async def resolve(_host: str, _port: int) -> list[Target]:
        return [Target("127.0.0.1", 9), Target("127.0.0.1", upstream.port)]

    door = Door(Egress(allowances("two.example:80"), resolve), "http://two.example:80")
    assert asked(ask, door, "http://two.example/v1") == (200, b"here")


@contextmanager
def over_tls(authority: Authority, host: str) -> Iterator[int]:
    """A port that answers over TLS with a certificate for `host`; gives 200 and the name it was asked for."""
    names: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = names[-1].encode()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()

    context = authority.server(host)
    context.sni_callback = lambda _socket, name, _context: names.append(name or "")
    with Looping() as looping:
        server = looping.run(asyncio.start_server(answer, "127.0.0.1", 0, ssl=context))
        yield server.sockets[0].getsockname()[1]
        looping.run(closed(server))


async def closed(server: asyncio.Server) -> None:
    server.close()


def test_tls_asks_for_the_name_and_checks_it(ask: Ask, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with over_tls(authority, "api.example.com") as port:
        egress = leading_to(port, certificates=authority.client())
        asked_for = asked(ask, Door(egress, "api.example.com:443"), "https://api.example.com/v1")
        assert asked_for == (200, b"api.example.com")
        with pytest.raises(Exception, match=r"(?i)certificate|hostname"):
            asked(ask, Door(egress, "other.example.com:443"), "https://other.example.com/v1")


def test_a_certificate_of_nobody_known_is_refused(ask: Ask, tmp_path: Path) -> None:
    with over_tls(Authority(tmp_path), "api.example.com") as port, pytest.raises(Exception, match=r"(?i)certificate"):
        asked(ask, Door(leading_to(port), "api.example.com:443"), "https://api.example.com/v1")


@pytest.mark.parametrize("client", [by(httpx, httpcore), by(httpx2, httpcore2)], ids=["httpx", "httpx2"])
def test_in_the_clear_is_another_destination(client: Ask) -> None:
    """The door of a host over TLS is none for the same host without: the secret would be read on the way.

    The URLs that aiohttp is given are checked when a generator is built.
    """
    with Sink() as sink:
        door = Door(leading_to(sink.port), "api.example.com:443")
        assert is_blocked(client, door, "http://api.example.com:443/v1")
        assert not sink.was_reached


def test_a_door_leads_to_one_place() -> None:
    door = Door(Egress(), "api.example.com:443")
    door.check("https://API.example.com./v1?x=1")
    for url in (
        "http://api.example.com:443",
        "https://api.example.com:444",
        "https://api.example.com@evil.example",
        "x",
    ):
        with pytest.raises(UpstreamFailed, match="operator"):
            door.check(url)

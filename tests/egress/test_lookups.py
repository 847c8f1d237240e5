"""Names are looked up without anybody else waiting for it."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest

from haymow.egress.lookups import Lookups, Target


class NameServer:
    """Answers as the system does, but for names that begin with `slow`, which wait for `go_on`."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go_on = threading.Event()

    def __call__(self, host: str, port: int, type: int) -> Any:
        self.asked.append(host)
        if host.startswith("slow"):
            self.go_on.wait(30)
        return socket.getaddrinfo("127.0.0.1", port, type=type)


def test_a_name_that_takes_its_time_holds_up_no_other_and_no_thread() -> None:
    server = NameServer()

    async def act() -> None:
        lookups = Lookups(server)
        waiting = [asyncio.ensure_future(lookups("slow.example", 443)) for _ in range(200)]
        try:
            async with asyncio.timeout(5):
                assert await lookups("quick.example", 443) == [Target("127.0.0.1", 443)]
                assert await asyncio.to_thread(lambda: "built") == "built"
        finally:
            server.go_on.set()
        assert await asyncio.gather(*waiting) == [[Target("127.0.0.1", 443)]] * 200

    asyncio.run(act())
    assert sorted(server.asked) == ["quick.example", "slow.example"]


def test_who_goes_away_does_not_end_it_for_others_and_it_is_asked_anew_afterwards() -> None:
    server = NameServer()

    async def act() -> None:
        lookups = Lookups(server)
        leaving, staying = (asyncio.ensure_future(lookups("slow.example", 1)) for _ in range(2))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait([leaving])
        server.go_on.set()
        assert await staying == [Target("127.0.0.1", 1)]
        assert await lookups("slow.example", 1) == [Target("127.0.0.1", 1)]

    asyncio.run(act())
    assert len(server.asked) == 2


def test_a_name_that_nobody_knows_is_an_oserror() -> None:
    with pytest.raises(OSError, match=r".+"):
        asyncio.run(Lookups()("nobody.invalid", 443))

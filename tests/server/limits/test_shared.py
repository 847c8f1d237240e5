"""Limits over several replicas: what is left behind, one server alone, and whose time it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from haymow.errors import RateLimited
from haymow.server.limits import shared, store
from haymow.server.limits.rules import Most
from haymow.server.limits.service import limits_of
from haymow.server.settings import Settings
from tests.server.limits.replicas import House, Replica, actor

pytestmark = pytest.mark.anyio


async def test_what_says_nothing_any_more_is_erased(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "PORTION", 2)
    replica, database = Replica(house, Most(requests_of_token=10, chats_of_token=10)), cast(Any, house.database)
    for token in range(5):
        await replica.limits.request(actor(token))
        await replica.limits.chat(actor(token))
    house.dies(replica)
    house.time.advance(minutes=10)
    assert await house.database.read(lambda connection: store.has_older(connection, house.time()))
    await shared.erase(database, house.now)
    assert not await house.database.read(lambda connection: store.has_older(connection, house.time()))


async def test_one_server_counts_in_memory_and_writes_nothing(house: House) -> None:
    settings = Settings(requests_per_token=3, requests_per_organization=4, chats_per_token=1, chats_per_organization=2)
    limits = limits_of(settings, cast(Any, house.database))
    for _ in range(3):
        await limits.request(actor())
    with pytest.raises(RateLimited, match="token"):
        await limits.request(actor())
    await limits.request(actor(8))
    with pytest.raises(RateLimited, match="organization"):
        await limits.request(actor(8))
    place = await limits.chat(actor())
    with pytest.raises(RateLimited, match="token"):
        await limits.chat(actor())
    await limits.chat(actor(8))
    with pytest.raises(RateLimited, match="organization"):
        await limits.chat(actor(9))
    place.leave()
    await limits.chat(actor(9))
    assert house.database.writes == 0
    assert not house.replicas


async def test_the_time_is_the_databases(house: House) -> None:
    at = await house.database.read(store.now)
    assert abs((datetime.now(UTC) - at).total_seconds()) < 5

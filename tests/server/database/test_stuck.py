"""A disk that does not answer, in an embedded database: who waits is told, and what was told is so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest

from haymow.errors import OutcomeUnknown, Unavailable
from haymow.server.database import writer
from haymow.server.database.embedded import SqliteDatabase
from haymow.server.database.reachable import check_reachable
from tests.server.database.conftest import Gate, Numbers, put


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "STUCK_SECONDS", 0.2)


async def refused(asked: Awaitable[object]) -> Unavailable:
    with pytest.raises(Unavailable) as raised:
        await asyncio.wait_for(asked, 10)
    return raised.value


def test_keeps_nobody_waiting_and_what_was_not_begun_never_is(database: SqliteDatabase, stored: Numbers) -> None:
    async def test() -> list[str]:
        gate = Gate()
        begun = asyncio.ensure_future(database.write(gate, long=True))
        await gate.holds()
        waiting = asyncio.ensure_future(database.write(put(1)))
        codes = [(await refused(asked)).code for asked in (begun, waiting, database.write(put(2)))]
        gate.open()
        await goes_on(database)
        await database.write(put(3))
        return codes

    assert asyncio.run(test()) == [OutcomeUnknown.code, "storage_failed", "storage_failed"]
    assert stored() == [3]


def test_is_not_ready_until_the_disk_answers_again(database: SqliteDatabase) -> None:
    async def test() -> str:
        gate = Gate()
        begun = asyncio.ensure_future(database.write(gate, long=True))
        await gate.holds()
        await check_reachable(database)
        await refused(begun)
        failure = await refused(check_reachable(database))
        gate.open()
        await goes_on(database)
        await check_reachable(database)
        return str(failure)

    assert asyncio.run(test()) == "The database does not finish what is changed."


def test_what_is_done_when_nobody_waits_for_it_any_more_is_known_of(database: SqliteDatabase) -> None:
    """What was read meanwhile may have been remembered, and whoever changed it has forgotten it too early."""

    async def test() -> tuple[int, int]:
        gate = Gate()
        begun = asyncio.ensure_future(database.write(gate, long=True))
        await gate.holds()
        await refused(begun)
        before = database.elsewhere()
        gate.open()
        await goes_on(database)
        return before, database.elsewhere()

    before, after = asyncio.run(test())
    assert before != after


async def goes_on(database: SqliteDatabase) -> None:
    async with asyncio.timeout(10):
        while database.is_stuck():  # noqa: ASYNC110 - nothing says when
            await asyncio.sleep(0.01)

"""The service on a real database, with a clock that a test sets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection

from haymow.errors import Conflict, HaymowError, InFlight, Invalid, RateLimited
from haymow.server.database import Database
from haymow.server.receipts import rules, service, store
from haymow.server.receipts.rules import KEPT_FOR, LEASE, MOST_KEPT_BYTES, Asked, Receipt, name_of
from haymow.server.receipts.service import Receipts
from tests import databases
from tests.clocks import Clock

pytestmark = pytest.mark.anyio

USER = UUID(int=7)
ANSWER = Receipt(201, [("content-type", "application/json"), ("location", "/x")], b'{"a": 1}')


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = databases.open_in(tmp_path)
    yield database
    database.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def turned(connection: Connection, organization_id: UUID, text: bytes, place: bytes) -> bytes:
    """No encryption: that of the house is tested where the house is. Its own inverse."""
    return bytes(byte ^ 0xFF for byte in text)


def replica(database: Database, clock: Clock) -> Receipts:
    return Receipts(database, turned, turned, now=lambda connection: clock())


def asked(key: str = "key", body: bytes = b"d" * 32, user: UUID = USER, workspace: UUID | None = None) -> Asked:
    return Asked(UUID(int=1), user, workspace, name_of("/path", [key]), body)


async def changed(receipts: Receipts, request: Asked, answer: Receipt = ANSWER) -> tuple[Any, int]:
    """What a change under a key answers, and how often it was made."""
    made: list[int] = []

    def make() -> tuple[str, Receipt]:
        made.append(1)
        return "made", answer

    return await receipts.database.write(lambda connection: receipts.once(connection, request, make)), len(made)


class TestChanges:
    async def test_are_made_once(self, database: Database, clock: Clock) -> None:
        receipts = replica(database, clock)
        assert await changed(receipts, asked()) == ("made", 1)
        assert await changed(receipts, asked()) == (ANSWER, 0)
        assert await receipts.look(asked()) == ANSWER

    async def test_are_made_once_by_all_replicas_and_by_the_next_start(self, database: Database, clock: Clock) -> None:
        await changed(replica(database, clock), asked())
        assert await changed(replica(database, clock), asked()) == (ANSWER, 0)

    async def test_that_fail_leave_no_receipt(self, database: Database, clock: Clock) -> None:
        receipts = replica(database, clock)

        def fail() -> tuple[str, Receipt]:
            raise Conflict("taken")

        with pytest.raises(Conflict):
            await database.write(lambda connection: receipts.once(connection, asked(), fail))
        assert await receipts.look(asked()) is None

    async def test_under_another_body_are_refused(self, database: Database, clock: Clock) -> None:
        receipts = replica(database, clock)
        await changed(receipts, asked())
        with pytest.raises(Invalid) as refused:
            await receipts.look(asked(body=b"e" * 32))
        assert refused.value.code == "idempotency_key_reused"
        with pytest.raises(Invalid):
            await changed(receipts, asked(body=b"e" * 32))

    @pytest.mark.parametrize(
        ("time", "makes"),
        [(timedelta(0), 0), (KEPT_FOR - timedelta(seconds=1), 0), (KEPT_FOR + timedelta(seconds=1), 1)],
    )
    async def test_are_kept_for_a_day(self, database: Database, clock: Clock, time: timedelta, makes: int) -> None:
        assert timedelta(hours=24) == KEPT_FOR
        receipts = replica(database, clock)
        await changed(receipts, asked())
        clock.time += time
        assert (await changed(receipts, asked()))[1] == makes

    async def test_with_a_large_answer_are_made_once_and_their_answer_is_not_kept(
        self, database: Database, clock: Clock
    ) -> None:
        receipts = replica(database, clock)
        await changed(receipts, asked(), ANSWER._replace(body=b"x" * (MOST_KEPT_BYTES + 1)))
        with pytest.raises(Conflict) as refused:
            await changed(receipts, asked())
        assert refused.value.code == "idempotency_not_kept"
        await changed(receipts, asked("other"), ANSWER._replace(body=b"x" * MOST_KEPT_BYTES))
        assert await receipts.look(asked("other")) is not None


class TestClaims:
    async def test_are_of_one_at_a_time(self, database: Database, clock: Clock) -> None:
        one, other = replica(database, clock), replica(database, clock)
        assert await one.claim(asked()) is None
        for receipts in (one, other):
            with pytest.raises(InFlight) as refused:
                await receipts.claim(asked())
            assert 1 <= refused.value.retry_after <= rules.LONGEST_WAIT
        await one.keep(asked(), ANSWER)
        assert await other.claim(asked()) == ANSWER
        assert await one.look(asked()) == ANSWER

    async def test_say_first_that_the_body_is_another(self, database: Database, clock: Clock) -> None:
        receipts = replica(database, clock)
        await receipts.claim(asked())
        with pytest.raises(Invalid):
            await receipts.look(asked(body=b"e" * 32))

    async def test_that_are_released_are_free(self, database: Database, clock: Clock) -> None:
        receipts = replica(database, clock)
        await receipts.claim(asked())
        receipts.release(asked())
        await asyncio.gather(*receipts._releasing)
        assert await replica(database, clock).claim(asked()) is None

    async def test_of_a_replica_that_died_end_with_their_lease(self, database: Database, clock: Clock) -> None:
        await replica(database, clock).claim(asked())
        other = replica(database, clock)
        clock.time += LEASE - timedelta(seconds=1)
        with pytest.raises(InFlight) as refused:
            await other.claim(asked())
        assert refused.value.retry_after == 1
        clock.time += timedelta(seconds=1)
        assert await other.claim(asked()) is None

    async def test_that_are_renewed_hold_on(self, database: Database, clock: Clock) -> None:
        one, other = replica(database, clock), replica(database, clock)
        await one.claim(asked())
        for _ in range(4):
            clock.time += LEASE - timedelta(seconds=1)
            await one.renew()
            with pytest.raises(InFlight):
                await other.claim(asked())
        await one.keep(asked(), ANSWER)
        clock.time += LEASE * 2
        assert await other.claim(asked()) == ANSWER

    async def test_that_were_lost_overwrite_nothing(self, database: Database, clock: Clock) -> None:
        slow, other = replica(database, clock), replica(database, clock)
        await slow.claim(asked())
        clock.time += LEASE
        await other.claim(asked())
        await slow.renew()
        await slow.keep(asked(), ANSWER._replace(body=b"late"))
        slow.release(asked())
        await asyncio.gather(*slow._releasing)
        with pytest.raises(InFlight):
            await slow.look(asked())
        await other.keep(asked(), ANSWER)
        assert await slow.look(asked()) == ANSWER


class TestRoom:
    async def test_for_keys_is_bounded_for_each_user(
        self, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rules, "MOST_KEYS_OF_USER", 3)
        receipts = replica(database, clock)
        for number in range(3):
            await receipts.look(asked(str(number)))
            await changed(receipts, asked(str(number)))
            clock.advance(hours=1)
        with pytest.raises(RateLimited) as refused:
            await receipts.look(asked("more"))
        assert refused.value.code == "idempotency_keys_used_up"
        assert refused.value.retry_after == 21 * 3600
        assert await receipts.look(asked("0")) == ANSWER
        assert await receipts.look(asked("more", user=UUID(int=8))) is None
        clock.advance(seconds=refused.value.retry_after)
        await receipts.erase()
        assert await receipts.look(asked("more")) is None

    async def test_for_bytes_is_bounded_too(
        self, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rules, "MOST_BYTES_OF_USER", 4000)
        receipts = replica(database, clock)
        await changed(receipts, asked("0"), ANSWER._replace(body=b"x" * 4000))
        with pytest.raises(RateLimited):
            await receipts.look(asked("more"))


class TestErasing:
    async def test_takes_what_is_old_in_portions_and_leaves_the_rest(
        self, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(service, "PORTION", 2)
        receipts = replica(database, clock)
        for number in range(5):
            await changed(receipts, asked(str(number)))
        clock.advance(hours=23)
        await changed(receipts, asked("young"))
        clock.advance(hours=2)
        await receipts.erase()
        assert await database.read(lambda c: store.totals(c, UUID(int=1), USER)) == (
            1, len(rules.packed(ANSWER)), clock() - timedelta(hours=2)
        )  # fmt: skip

    async def test_of_a_workspace_takes_its_own_alone(self, database: Database, clock: Clock) -> None:
        receipts, workspace = replica(database, clock), uuid4()
        await changed(receipts, asked("there", workspace=workspace))
        await changed(receipts, asked("elsewhere"))
        await database.write(lambda connection: service.erase_workspace(connection, workspace, 100))
        assert await receipts.look(asked("there")) is None
        assert await receipts.look(asked("elsewhere")) == ANSWER


def test_the_time_is_the_databases(tmp_path: Path) -> None:
    database = databases.open_in(tmp_path)
    at = asyncio.run(database.read(store.now))
    database.close()
    assert abs((datetime.now(UTC) - at).total_seconds()) < 5


@pytest.mark.parametrize("keys", [[""], ["\n"], ["a\nb"], ["x" * 256], ["caf\u00e9"], ["a", "b"], ["\x7f"]], ids=repr)
def test_a_malformed_key_is_invalid(keys: list[str]) -> None:
    with pytest.raises(Invalid):
        name_of("/", keys)


@pytest.mark.parametrize("other", [("/a/b", "c"), ("/a", "d"), ("/", "a\0c")])
def test_a_name_is_of_one_address_and_key(other: tuple[str, str]) -> None:
    assert name_of("/a", ["c"]) != (name_of(other[0], [other[1]]) if other[1].isprintable() else b"")


@pytest.mark.parametrize("receipt", [ANSWER, Receipt(204, [], b""), Receipt(200, [("a", "b\\n")], b"\n\n{}")])
def test_a_receipt_is_unpacked_as_it_was_packed(receipt: Receipt) -> None:
    assert rules.unpacked(receipt.status, rules.packed(receipt)) == receipt


def test_each_refusal_has_a_code_of_its_own() -> None:
    at = Clock()()
    refusals: list[Callable[[], HaymowError]] = [rules.not_kept, lambda: rules.in_flight(at, at)]
    assert {make().code for make in refusals} == {"idempotency_not_kept", "idempotency_in_flight"}

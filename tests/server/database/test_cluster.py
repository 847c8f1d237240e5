"""Units of work on PostgreSQL: transactions, attempts, and time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from haymow.errors import OutcomeUnknown, Unavailable
from haymow.server.database.pool import Mode, Pool
from tests import databases
from tests.ports import free_port
from tests.server.database.pools import pool_of

TABLE = "CREATE TABLE IF NOT EXISTS numbers (n integer PRIMARY KEY)"


@pytest.fixture(scope="module")
def url() -> str:
    """A database of these tests with a table of numbers."""
    return databases.postgresql().text()


@pytest.fixture
def admin(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLE)
        connection.execute("TRUNCATE numbers")
        yield connection


@pytest.fixture
def pool(url: str, admin: psycopg.Connection) -> Iterator[Pool]:
    with pool_of(2, url) as made:
        yield made


def numbers(admin: psycopg.Connection) -> list[int]:
    return [row[0] for row in admin.execute("SELECT n FROM numbers ORDER BY n").fetchall()]


def put(n: int) -> Any:
    return lambda connection: connection.execute(text("INSERT INTO numbers VALUES (:n)"), {"n": n})


def test_a_unit_is_all_or_nothing(pool: Pool, admin: psycopg.Connection) -> None:
    def unit(connection: Connection) -> None:
        put(1)(connection)
        raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(pool.run(unit, Mode.CHANGE))
    assert numbers(admin) == []


def test_two_that_each_decide_by_what_the_other_changes_run_one_after_the_other(
    pool: Pool, admin: psycopg.Connection
) -> None:
    """Under READ COMMITTED both would find nothing and both would write."""

    def first_come(n: int) -> Callable[[Connection], bool]:
        def unit(connection: Connection) -> bool:
            free = bool(connection.execute(text("SELECT count(*) FROM numbers")).scalar_one() == 0)
            connection.execute(text("SELECT pg_sleep(0.2)"))
            if free:
                put(n)(connection)
            return free

        return unit

    async def both() -> list[bool]:
        return list(await asyncio.gather(*(pool.run(first_come(n), Mode.CHANGE) for n in (1, 2))))

    assert sorted(asyncio.run(both())) == [False, True]
    assert len(numbers(admin)) == 1


def test_a_unit_that_goes_on_after_a_statement_failed_is_not_acknowledged(
    pool: Pool, admin: psycopg.Connection
) -> None:
    """PostgreSQL answers such a COMMIT with ROLLBACK, and no error."""

    def unit(connection: Connection) -> None:
        put(1)(connection)
        with pytest.raises(IntegrityError):
            put(1)(connection)

    with pytest.raises(RuntimeError, match="went on"):
        asyncio.run(pool.run(unit, Mode.CHANGE))
    assert numbers(admin) == []


def test_what_only_looks_cannot_write(pool: Pool, admin: psycopg.Connection) -> None:
    with pytest.raises(Unavailable):  # what a standby would answer
        asyncio.run(pool.run(put(1), Mode.SNAPSHOT))
    assert numbers(admin) == []


def test_a_connection_that_was_cut_while_idle_is_not_noticed(pool: Pool, admin: psycopg.Connection) -> None:
    async def test() -> int:
        pid = "SELECT pg_backend_pid()"
        seen = await pool.run(lambda c: c.exec_driver_sql(pid).scalar_one(), Mode.LOOK)
        admin.execute("SELECT pg_terminate_backend(%s)", [seen])
        await pool.run(put(1), Mode.CHANGE)
        return 0

    asyncio.run(test())
    assert numbers(admin) == [1]


def test_one_that_is_cut_during_the_commit_has_an_unknown_outcome(pool: Pool, admin: psycopg.Connection) -> None:
    """A deferred trigger makes COMMIT take as long as it takes to cut it."""

    async def cut() -> None:
        await pool.run(lambda _: None, Mode.LOOK)  # to connect takes time, too
        await pool.run(put(1), Mode.CHANGE, seconds=1.5)

    admin.execute(
        "CREATE OR REPLACE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_sleep(30); RETURN NULL; END $$"
    )
    admin.execute(
        "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON numbers DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION dawdle()"
    )
    try:
        with pytest.raises(OutcomeUnknown, match="may have been made"):
            asyncio.run(cut())
    finally:
        admin.execute("DROP TRIGGER slow ON numbers")


def test_the_log_says_why_there_is_no_connection(caplog: pytest.LogCaptureFixture) -> None:
    url = make_url(f"postgresql+psycopg://haymow:hush@127.0.0.1:{free_port()}/haymow")
    pool = Pool(url, 1, uuid4())
    with pytest.raises(Unavailable, match="cannot reach its storage"):
        asyncio.run(pool.run(lambda _: None, Mode.LOOK))
    pool.close()
    assert "the storage is lost: connection to server at" in caplog.text and "Connection refused" in caplog.text
    assert "hush" not in caplog.text


def test_a_unit_that_takes_too_long_is_given_up(pool: Pool) -> None:
    async def story() -> None:
        await pool.run(lambda _: None, Mode.LOOK)  # to connect takes time, too
        await pool.run(lambda c: c.execute(text("SELECT pg_sleep(30)")), Mode.LOOK, seconds=0.5)

    with pytest.raises(Unavailable) as refused:
        asyncio.run(story())
    assert refused.value.code == "storage_failed"


def test_a_fault_of_ours_stays_what_it_is(pool: Pool) -> None:
    with pytest.raises(ProgrammingError) as failed:
        asyncio.run(pool.run(lambda c: c.execute(text("SELECT nothing FROM nowhere")), Mode.LOOK))
    assert isinstance(failed.value.__cause__, psycopg.errors.UndefinedTable)


def test_an_error_names_nothing_that_was_sent(pool: Pool, admin: psycopg.Connection) -> None:
    canary = 748_291_553

    def twice(connection: Connection) -> None:
        put(canary)(connection)
        put(canary)(connection)

    with pytest.raises(IntegrityError) as failed:
        asyncio.run(pool.run(twice, Mode.CHANGE))
    assert f"'n': {canary}" not in str(failed.value)


def test_a_statement_that_is_given_up_twice_is_nothing_to_warn_of(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """As at the end of a command, whose errors would have a line of the driver's."""

    async def test() -> None:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            asked = asyncio.ensure_future(connection.execute("SELECT pg_sleep(60)"))
            while connection.info.transaction_status is not psycopg.pq.TransactionStatus.ACTIVE:  # noqa: ASYNC110 - nothing says when
                await asyncio.sleep(0)
            asked.cancel()
            await asyncio.sleep(0)
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            assert connection.closed

    asyncio.run(test())
    assert caplog.messages == []

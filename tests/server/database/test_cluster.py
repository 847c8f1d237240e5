"""Units of work on PostgreSQL: transactions, attempts, time, and what others are told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from haymow.errors import OutcomeUnknown, Unavailable
from haymow.server.audit.rules import Actor, Record
from haymow.server.audit.service import RECORDS, record
from haymow.server.database.cluster import PostgresDatabase
from haymow.server.database.news import LOOK_SECONDS, TELL_SECONDS
from haymow.server.database.pool import Mode, Pool
from haymow.server.database.units import Unit
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

    def first_come(n: int) -> Any:
        def unit(connection: Connection) -> bool:
            free = connection.execute(text("SELECT count(*) FROM numbers")).scalar_one() == 0
            connection.execute(text("SELECT pg_sleep(0.2)"))
            if free:
                put(n)(connection)
            return free

        return unit

    async def both() -> list[bool]:
        return await asyncio.gather(*(pool.run(first_come(n), Mode.CHANGE) for n in (1, 2)))

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
    with pytest.raises(Unavailable) as refused:
        asyncio.run(pool.run(lambda c: c.execute(text("SELECT pg_sleep(30)")), Mode.LOOK, seconds=0.5))
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


def opened(url: str) -> PostgresDatabase:
    return PostgresDatabase(make_url(url).set(drivername="postgresql+psycopg"), 2, unsafe=True)


async def settled(database: PostgresDatabase) -> int:
    """What is heard of others, once there are news: until then it is another number each time."""
    async with asyncio.timeout(30):
        while (heard := database.elsewhere()) != database.elsewhere():  # noqa: ASYNC110 - nothing says when
            await asyncio.sleep(0.05)
    return heard


def note(connection: Connection) -> None:
    """A change that leaves its record."""
    actor = Actor(uuid4(), uuid4(), None, "test")
    record(connection, Record(actor, None, "model.create", uuid4(), "m", datetime.now(UTC)))


def erase(connection: Connection) -> None:
    """A change that leaves none."""
    connection.execute(text("DELETE FROM audit"))


def look(connection: Connection) -> None:
    """A unit that finds nothing to change."""
    connection.execute(text("SELECT count(*) FROM audit"))


def undone(connection: Connection) -> None:
    """A change that is undone."""
    note(connection)
    raise LookupError


class TestVersion:
    @pytest.fixture
    def url(self) -> str:
        server = databases.postgresql()
        with psycopg.connect(server.text(), autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS versions WITH (FORCE)")
            connection.execute("CREATE DATABASE versions")
        return server.text("versions")

    @pytest.fixture
    def database(self, url: str) -> Iterator[PostgresDatabase]:
        made = opened(url)
        yield made
        made.close()

    @pytest.fixture
    def another(self, url: str, database: PostgresDatabase) -> Iterator[PostgresDatabase]:
        made = opened(url)
        yield made
        made.close()

    @pytest.mark.parametrize("unit", [note, erase, look])
    def test_it_is_another_one_after_a_commit(self, database: PostgresDatabase, unit: Unit[None]) -> None:
        """Also of a unit that found what another server has changed, and had nothing to write itself."""

        async def test() -> tuple[int, int]:
            database.follow(RECORDS)
            await settled(database)
            before = await database.version()
            await database.write(unit)
            return before, await database.version()

        before, after = asyncio.run(test())
        assert before != after

    def test_it_stays_after_a_quiet_write_and_one_that_came_to_nothing(self, database: PostgresDatabase) -> None:
        async def test() -> tuple[int, int]:
            database.follow(RECORDS)
            await settled(database)
            before = await database.version()
            await database.write(erase, quiet=True)
            await database.write(erase, quiet=True, long=True)
            with pytest.raises(LookupError):
                await database.write(undone)
            with pytest.raises(LookupError):
                await database.write(undone, long=True)
            return before, await database.version()

        before, after = asyncio.run(test())
        assert after == before

    def test_nothing_is_remembered_before_anything_was_heard(self, database: PostgresDatabase) -> None:
        assert database.elsewhere() != database.elsewhere()

    def test_what_another_server_commits_is_elsewhere_and_ones_own_is_not(
        self, database: PostgresDatabase, another: PostgresDatabase
    ) -> None:
        async def test() -> tuple[int, int, int, int]:
            for one in (database, another):
                one.follow(RECORDS)
            before, theirs = await settled(database), await settled(another)
            await database.write(note)
            async with asyncio.timeout(30):
                while another.elsewhere() == theirs:  # noqa: ASYNC110 - the same
                    await asyncio.sleep(0.05)
            await asyncio.sleep(3 * LOOK_SECONDS)  # its own looks have been there, too
            return before, await settled(database), theirs, await settled(another)

        before, after, theirs, heard = asyncio.run(test())
        assert after == before
        assert heard != theirs

    @pytest.mark.parametrize("long", [False, True])
    def test_others_hear_of_what_leaves_no_record_but_of_nothing_quiet_undone_or_unwritten(
        self, database: PostgresDatabase, another: PostgresDatabase, long: bool
    ) -> None:
        async def test() -> tuple[int, int]:
            for one in (database, another):
                one.follow(RECORDS)
            await settled(database)
            theirs = await settled(another)
            for _ in range(3):
                await database.write(erase, long=long, quiet=True)
                await database.write(look, long=long)
                with pytest.raises(LookupError):
                    await database.write(undone, long=long)
                await asyncio.sleep(2 * TELL_SECONDS)  # what is told is told by then
            await asyncio.sleep(LOOK_SECONDS)
            quiet = await settled(another)
            await database.write(erase, long=long)
            async with asyncio.timeout(30):
                while another.elsewhere() == quiet:  # noqa: ASYNC110 - nothing says when
                    await asyncio.sleep(0.05)
            return theirs, quiet

        theirs, quiet = asyncio.run(test())
        assert quiet == theirs

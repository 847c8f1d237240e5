"""Statements that are sent together: which of them failed, and what is left of the others and of the connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy import text as sql
from sqlalchemy.exc import DataError, IntegrityError, StatementError

from haymow.server.database import Prepared, UtcDateTime
from haymow.server.database.pool import Mode, Pool
from tests import databases
from tests.server.database.pools import pool_of

THINGS = Table(
    "things", MetaData(),
    Column("n", Integer, primary_key=True), Column("said", Text), Column("owner", Uuid), Column("at", UtcDateTime()),
)  # fmt: skip
QUOTES = '\'; DROP TABLE things; -- %s %(n)s $1 \\ "ü" \U0001f33e'
ADD = Prepared(insert(THINGS).inline())
FIND = Prepared(select(THINGS).where(THINGS.c.n == bindparam("number")))
RENAME = Prepared(update(THINGS).where(THINGS.c.n == bindparam("number")).values(said=bindparam("said")))
OTHER = Prepared(insert(THINGS).inline().values({name: bindparam(name) for name in ("n", "said")}))


@pytest.fixture(scope="module")
def url() -> str:
    return databases.postgresql().make("lines")


@pytest.fixture
def admin(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS things")
        connection.execute("CREATE TABLE things (n integer PRIMARY KEY, said text, owner uuid, at timestamptz)")
        yield connection


@pytest.fixture
def pool(url: str, admin: psycopg.Connection) -> Iterator[Pool]:
    with pool_of(1, url) as made:
        yield made


def thing(n: int, said: str | None = None, owner: UUID | None = None, at: datetime | None = None) -> dict[str, Any]:
    return {"n": n, "said": said, "owner": owner, "at": at}


def numbers(admin: psycopg.Connection) -> list[int]:
    return [row[0] for row in admin.execute("SELECT n FROM things ORDER BY n").fetchall()]


def pid(connection: Connection) -> int:
    return int(connection.execute(sql("SELECT pg_backend_pid()")).scalar_one())


@pytest.mark.parametrize(
    "one",
    [
        thing(1),
        thing(-2, QUOTES, uuid4(), datetime(2026, 2, 3, 4, 5, 6, 7, UTC)),
        thing(2**31 - 1, "", UUID(int=0), datetime(1, 1, 1, tzinfo=UTC)),
        thing(3, "x" * 20_000_000),  # more than the sockets hold: the server has to read before all is written
    ],
    ids=["nothing", "quotes", "limits", "large"],
)
def test_values_come_back_as_they_were_sent(pool: Pool, one: dict[str, Any]) -> None:
    def unit(connection: Connection) -> Any:
        ADD.running(connection, one)
        return FIND.first(connection, {"number": one["n"]})

    found = asyncio.run(pool.run(unit, Mode.CHANGE))
    assert found._asdict() == one


def test_what_was_sent_earlier_comes_before_what_sqlalchemy_executes(pool: Pool) -> None:
    def unit(connection: Connection) -> Any:
        ADD.running(connection, thing(1))
        ADD.running(connection, thing(2))
        return connection.execute(sql("SELECT count(*) FROM things")).scalar_one()

    assert asyncio.run(pool.run(unit, Mode.CHANGE)) == 2


def test_a_commit_fails_as_what_was_sent_before_it(pool: Pool, admin: psycopg.Connection) -> None:
    def unit(connection: Connection) -> None:
        ADD.run(connection, thing(1))
        OTHER.running(connection, {"n": 1, "said": "again"})
        ADD.running(connection, thing(2))

    with pytest.raises(IntegrityError) as caught:
        asyncio.run(pool.run(unit, Mode.CHANGE))
    assert "said" in str(caught.value.statement) and "owner" not in str(caught.value.statement)
    assert "again" not in str(caught.value.statement)
    assert numbers(admin) == []


def test_what_sqlalchemy_executes_fails_as_what_was_sent_before_it(pool: Pool, admin: psycopg.Connection) -> None:
    def unit(connection: Connection) -> None:
        ADD.run(connection, thing(1))
        ADD.running(connection, thing(1))
        connection.execute(sql("SELECT 1"))

    with pytest.raises(IntegrityError):
        asyncio.run(pool.run(unit, Mode.CHANGE))
    assert numbers(admin) == []


def test_a_value_that_cannot_be_sent_fails_alone(pool: Pool, admin: psycopg.Connection) -> None:
    with pytest.raises(DataError) as caught:
        asyncio.run(pool.run(lambda connection: ADD.running(connection, thing(1, "a\0b")), Mode.CHANGE))
    assert "a\0b" not in str(caught.value)
    asyncio.run(pool.run(lambda connection: ADD.running(connection, thing(1)), Mode.CHANGE))
    assert numbers(admin) == [1]


def test_a_connection_outlives_what_failed_on_it(pool: Pool, admin: psycopg.Connection) -> None:
    """Also a statement that could not be prepared, and one that was prepared and failed."""

    async def story() -> set[int]:
        seen = {await pool.run(pid, Mode.LOOK)}
        for _ in range(3):
            for broken in ("ALTER TABLE things RENAME TO away", "SELECT 1"):
                admin.execute(broken)
                with pytest.raises(StatementError):
                    await pool.run(lambda connection: [ADD.run(connection, thing(1)) for _ in range(2)], Mode.CHANGE)
                admin.execute("ALTER TABLE IF EXISTS away RENAME TO things")
            seen.add(await pool.run(pid, Mode.LOOK))
        await pool.run(lambda connection: ADD.running(connection, thing(1)), Mode.CHANGE)
        return seen

    assert len(asyncio.run(story())) == 1
    assert numbers(admin) == [1]


def test_a_connection_that_forgot_what_was_prepared_is_asked_again(pool: Pool, admin: psycopg.Connection) -> None:
    """What a pooler between does when it hands on another connection."""

    async def story() -> None:
        await pool.run(lambda connection: ADD.running(connection, thing(1)), Mode.CHANGE)
        await pool.run(lambda connection: connection.execute(sql("DEALLOCATE ALL")), Mode.LOOK)
        await pool.run(lambda connection: ADD.running(connection, thing(2)), Mode.CHANGE)

    asyncio.run(story())
    assert numbers(admin) == [1, 2]


def test_what_was_to_be_prepared_behind_a_failure_is_prepared_when_it_comes_again(pool: Pool) -> None:
    """Else it would be taken for prepared, and all the others be prepared a second time."""
    attempts = []

    def failing(connection: Connection) -> None:
        ADD.run(connection, thing(1))
        OTHER.running(connection, {"n": 1, "said": "again"})
        RENAME.running(connection, {"number": 1, "said": "never"})

    def unit(connection: Connection) -> None:
        attempts.append(0)
        RENAME.running(connection, {"number": 1, "said": "now"})

    async def story() -> list[str]:
        with pytest.raises(IntegrityError):
            await pool.run(failing, Mode.CHANGE)
        await pool.run(unit, Mode.CHANGE)
        return await pool.run(prepared, Mode.LOOK)

    statements = asyncio.run(story())
    assert len(attempts) == 1
    assert len(statements) == len(set(statements))


def prepared(connection: Connection) -> list[str]:
    query = "SELECT statement FROM pg_prepared_statements WHERE name LIKE 'haymow%'"
    return list(connection.execute(sql(query)).scalars())


def test_what_is_asked_for_behind_a_failure_fails_too(pool: Pool, admin: psycopg.Connection) -> None:
    def unit(connection: Connection) -> None:
        asked = [ADD.running(connection, thing(1)) for _ in range(3)]
        with pytest.raises(IntegrityError):
            asked[1]()
        asked[2]()

    with pytest.raises(RuntimeError, match="behind one that failed"):
        asyncio.run(pool.run(unit, Mode.CHANGE))
    assert numbers(admin) == []


def test_what_the_server_refused_before_the_commit_is_done_again(pool: Pool, admin: psycopg.Connection) -> None:
    """It said so and went: nobody has to wonder whether it was committed."""
    attempts = []

    def unit(connection: Connection) -> None:
        attempts.append(pid(connection))
        if len(attempts) == 1:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", [attempts[0]])
        ADD.running(connection, thing(1))

    asyncio.run(pool.run(unit, Mode.CHANGE))
    assert len(set(attempts)) == 2
    assert numbers(admin) == [1]


def test_what_is_read_before_a_transaction_keeps_nobody_waiting(pool: Pool, admin: psycopg.Connection) -> None:
    """Another change may come between, which what is read again in the transaction shows."""
    admin.execute("INSERT INTO things VALUES (1, 'old')")

    def unit(connection: Connection) -> list[str]:
        before = FIND.first_before(connection, {"number": 1})
        admin.execute("UPDATE things SET said = 'new'")
        ADD.running(connection, thing(2))
        return [before.said, FIND.first(connection, {"number": 1}).said]

    assert asyncio.run(pool.run(unit, Mode.CHANGE)) == ["old", "new"]
    assert numbers(admin) == [1, 2]


def test_what_was_only_read_before_it_begins_no_transaction(pool: Pool, admin: psycopg.Connection) -> None:
    def unit(connection: Connection) -> None:
        FIND.first_before(connection, {"number": 1})
        states = admin.execute("SELECT state FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'lines'")
        assert states.fetchall() == [("idle",)]
        raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(pool.run(unit, Mode.CHANGE))


def test_how_many_were_touched_is_known_behind_others(pool: Pool) -> None:
    def unit(connection: Connection) -> list[int]:
        ADD.run(connection, thing(1))
        renamed, missed = (RENAME.running(connection, {"number": n, "said": "x"}) for n in (1, 2))
        found = FIND.first(connection, {"number": 1})
        return [renamed(), missed(), found.said == "x"]

    assert asyncio.run(pool.run(unit, Mode.CHANGE)) == [1, 0, True]


@pytest.mark.parametrize(
    ("writes", "unit"),
    [
        (False, lambda connection: None),
        (False, lambda connection: FIND.first_before(connection, {"number": 1})),
        (False, lambda connection: FIND.all(connection, {"number": 1})),
        (False, lambda connection: connection.execute(select(THINGS)).all()),
        (True, lambda connection: ADD.run(connection, thing(1))),
        (True, lambda connection: ADD.running(connection, thing(1))),
        (True, lambda connection: connection.execute(insert(THINGS), [thing(1), thing(2)])),
        (True, lambda connection: connection.execute(sql("WITH gone AS (DELETE FROM things) SELECT 1"))),
        (True, lambda connection: (RENAME.run(connection, {"number": 1, "said": ""}), pid(connection))),
    ],
)
def test_whoever_commits_is_told_whether_anything_was_written(
    pool: Pool, admin: psycopg.Connection, unit: Callable[[Connection], Any], writes: bool
) -> None:
    told: list[bool] = []

    async def story() -> None:
        await pool.run(lambda connection: ADD.run(connection, thing(9)), Mode.CHANGE)  # on the same connection
        await pool.run(unit, Mode.CHANGE, changed=told.append)

    asyncio.run(story())
    assert told == [writes]

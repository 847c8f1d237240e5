"""Connections of a pool that come back broken, late or not at all: nobody waits for them, and no place is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from time import monotonic, sleep
from typing import Any, LiteralString

import psycopg
import pytest
from sqlalchemy import Connection, Float, bindparam, func, make_url, select, text

from haymow.errors import Unavailable
from haymow.server.database import Prepared
from haymow.server.database.pool import Mode, Pool
from haymow.server.database.postgres import UNIT_SECONDS
from tests import databases
from tests.faults.lines import Line, Way, line_to
from tests.server.database.pools import pool_of
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def url() -> str:
    return databases.postgresql().make("lending")


@pytest.fixture
def line(url: str) -> Iterator[Line]:
    """The way to the database."""
    with line_to(make_url(url).port or 0) as found:
        yield found


@pytest.fixture
def pool(url: str, line: Line) -> Iterator[Pool]:
    """One connection, by that way."""
    with pool_of(1, url, line.port) as made:
        yield made


@pytest.fixture
def direct(url: str) -> Iterator[Pool]:
    """One connection, on which the server is heard to its last word."""
    with pool_of(1, url) as made:
        yield made


def there(url: str, state: LiteralString = "true") -> int:
    """How many connections in this state the server has, but for the one that asks."""
    others: LiteralString = "datname = 'lending' AND pid <> pg_backend_pid()"
    with psycopg.connect(url, autocommit=True) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE " + others + " AND " + state
        found = connection.execute(query).fetchone()
    return int(found[0]) if found else 0


def refused_into(line: Line, silent: Callable[[], object] = lambda: None) -> Any:
    """A unit that raises when its transaction is begun and the server has become `silent`."""

    def unit(connection: Connection) -> None:
        connection.execute(text("SELECT 1"))
        line.way = Way.HOLE
        silent()
        raise LookupError

    return unit


def one(connection: Connection) -> int:
    return int(connection.execute(text("SELECT 1")).scalar_one())


def test_what_a_unit_raises_is_heard_in_time_though_nobody_answers_its_rollback(pool: Pool, line: Line) -> None:
    async def story() -> float:
        await pool.run(one, Mode.LOOK)  # to connect takes time, too
        begun = monotonic()
        with pytest.raises(LookupError):
            await asyncio.wait_for(pool.run(refused_into(line), Mode.CHANGE, seconds=1.0), 20)
        took = monotonic() - begun
        assert (pool.connections.open, pool.connections.in_use()) == (0, 0)
        line.way = Way.OPEN
        assert await pool.run(one, Mode.LOOK) == 1
        return took

    assert asyncio.run(story()) < 5


def test_a_place_is_free_again_though_its_rollback_was_cancelled(pool: Pool, line: Line) -> None:
    async def story() -> None:
        others, silent = asyncio.all_tasks(), asyncio.Event()
        running = asyncio.ensure_future(pool.run(refused_into(line, silent.set), Mode.CHANGE, seconds=30))
        await silent.wait()
        for task in asyncio.all_tasks() - others - {running}:
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert (pool.connections.open, pool.connections.in_use()) == (0, 0)
        line.way = Way.OPEN
        assert await pool.run(one, Mode.LOOK) == 1

    asyncio.run(story())


def test_nobody_waits_for_what_was_sent_when_its_unit_is_cancelled(direct: Pool, url: str) -> None:
    async def story() -> float:
        others = asyncio.all_tasks()
        running = asyncio.ensure_future(direct.run(lambda c: SLEEP.first(c, {"seconds": 3}), Mode.CHANGE))
        await asyncio.to_thread(wait_until, lambda: there(url, "wait_event = 'PgSleep'") > 0)
        begun = monotonic()
        for task in asyncio.all_tasks() - others - {running}:
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert direct.connections.open == 0
        return monotonic() - begun

    assert asyncio.run(story()) < 2


SLEEP = Prepared(select(func.pg_sleep(bindparam("seconds", type_=Float)).label("slept")))


def test_a_connection_is_counted_once_though_another_is_lost_while_it_is_opened(url: str, line: Line) -> None:
    """SQLAlchemy closes it then, and opens it again."""

    async def story(pool: Pool) -> None:
        await pool.run(one, Mode.LOOK)
        with psycopg.connect(url) as admin:
            lost = asyncio.ensure_future(pool.run(sleeping, Mode.LOOK, seconds=0.2))
            await asyncio.sleep(0)
            admin.execute("LOCK TABLE pg_db_role_setting IN ACCESS EXCLUSIVE MODE")  # nobody gets in
            opened = asyncio.ensure_future(pool.run(one, Mode.LOOK))
            with pytest.raises(Unavailable):
                await lost
        assert await opened == 1
        assert pool.connections.open == 1

    with pool_of(2, url, line.port) as pool:
        asyncio.run(story(pool))
    assert pool.connections.open == 0


def sleeping(connection: Connection) -> None:
    connection.execute(text("SELECT pg_sleep(1)"))


@pytest.mark.parametrize("mode", [Mode.LOOK, Mode.CHANGE])
def test_a_connection_that_the_server_closed_for_idling_is_not_noticed(direct: Pool, url: str, mode: Mode) -> None:
    """Operators limit that for a role or a database, `idle_session_timeout`."""

    async def story() -> None:
        await direct.run(lambda connection: connection.execute(text("SET idle_session_timeout = 10")), Mode.LOOK)
        wait_until(lambda: not there(url))
        assert await direct.run(one, mode) == 1

    asyncio.run(story())


@pytest.mark.parametrize("mode", [Mode.SNAPSHOT, Mode.CHANGE])
def test_a_transaction_that_the_server_closed_for_idling_is_run_again(direct: Pool, mode: Mode) -> None:
    attempts = []

    def unit(connection: Connection) -> int:
        attempts.append(0)
        if len(attempts) == 1:
            connection.execute(text("SET idle_in_transaction_session_timeout = 10"))
            sleep(0.1)  # the process was held up
        return one(connection)

    assert asyncio.run(direct.run(unit, mode)) == 1
    assert len(attempts) == 2


def test_what_a_silent_server_left_open_is_closed_soon_after_its_unit_could_have_ended(direct: Pool) -> None:
    """While it is open, nothing that SERIALIZABLE transactions read is forgotten: soon none can be committed."""

    def unit(connection: Connection) -> str:
        return str(connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one())

    assert asyncio.run(direct.run(unit, Mode.LOOK)) == f"{UNIT_SECONDS + 1:.0f}s"


def test_a_transaction_that_is_open_for_too_long_is_overload(direct: Pool) -> None:
    def unit(connection: Connection) -> None:
        connection.execute(text("SET transaction_timeout = 10"))
        one(connection)
        sleep(0.1)
        one(connection)

    with pytest.raises(Unavailable) as refused:
        asyncio.run(direct.run(unit, Mode.CHANGE))
    assert refused.value.code == "overloaded"

"""When the disk is full or the file is locked: 503 by name, nothing acknowledged that is not there, and it passes."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from haymow.errors import Unavailable
from haymow.server.database.embedded import SqliteDatabase
from haymow.server.http.errors import RETRY_AFTER
from tests.server.database.conftest import Numbers, in_one_batch, numbers, pragma, put


def fill(connection: Connection) -> int:
    """A unit that needs some 200 more pages."""
    connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS ballast (b)")
    connection.exec_driver_sql("INSERT INTO ballast VALUES (zeroblob(800000))")
    return 1


@pytest.fixture
def full(database: SqliteDatabase) -> SqliteDatabase:
    """A database that may hold no more pages than it has."""

    def freeze(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}").close()

    asyncio.run(database.write(freeze))
    return database


def test_a_full_disk_is_said_by_its_name(full: SqliteDatabase, stored: Numbers) -> None:
    with pytest.raises(Unavailable) as caught:
        asyncio.run(full.write(fill))
    assert caught.value.code == "storage_full"
    assert RETRY_AFTER[caught.value.code] >= 1
    assert stored() == []


def test_on_a_full_disk_exactly_what_is_acknowledged_is_there(full: SqliteDatabase, stored: Numbers) -> None:
    outcomes = asyncio.run(in_one_batch(full, put(1), fill, put(2), fill, put(3)))
    assert [type(outcome) for outcome in outcomes[1::2]] == [Unavailable, Unavailable]
    assert stored() == [outcome for outcome in outcomes if isinstance(outcome, int)]


def test_reading_goes_on_and_writing_comes_back(full: SqliteDatabase, stored: Numbers) -> None:
    with pytest.raises(Unavailable):
        asyncio.run(full.write(fill))
    assert asyncio.run(full.read(numbers)) == []
    asyncio.run(full.write(pragma("max_page_count = 100000")))
    assert asyncio.run(full.write(fill)) == 1
    assert asyncio.run(full.write(put(1))) == 1
    assert stored() == [1]


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Somebody else writes, and does not come to an end."""
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_a_locked_file_is_unavailable_and_nothing_is_acknowledged(
    database: SqliteDatabase, file: Path, stored: Numbers
) -> None:
    asyncio.run(database.write(pragma("busy_timeout = 50")))
    with locked(file):
        outcomes = asyncio.run(asyncio.wait_for(_two(database), 10))
        assert [type(outcome) for outcome in outcomes] == [Unavailable, Unavailable]
        assert {outcome.code for outcome in outcomes if isinstance(outcome, Unavailable)} == {"storage_failed"}
        assert asyncio.run(database.read(numbers)) == asyncio.run(database.scan(numbers)) == []
    assert stored() == []
    assert asyncio.run(database.write(put(1))) == 1, "it comes back by itself"


async def _two(database: SqliteDatabase) -> list[int | BaseException]:
    return list(await asyncio.gather(database.write(put(1)), database.write(put(2)), return_exceptions=True))


def test_a_damaged_file_is_unavailable_and_the_lane_goes_on(database: SqliteDatabase, file: Path) -> None:
    """What is read is not what was written: SQLite says so, and no caller waits for ever."""
    database.close()
    damage(file, "numbers")
    reopened = SqliteDatabase(file)
    try:
        for number in range(3):
            with pytest.raises(Unavailable):
                asyncio.run(asyncio.wait_for(reopened.write(put(number)), 5))
        for read in (reopened.read, reopened.scan):
            with pytest.raises(Unavailable):
                asyncio.run(asyncio.wait_for(read(whole_table), 5))
            assert asyncio.run(read(pragma("query_only"))) == 1, "what is not damaged is read"
    finally:
        reopened.close()


def whole_table(connection: Connection) -> list[int]:
    """Read the table itself; its index would do for the numbers alone."""
    return [row[0] for row in connection.exec_driver_sql("SELECT n FROM numbers NOT INDEXED")]


def damage(file: Path, table: str) -> None:
    """Write over the first page of a table."""
    connection = sqlite3.connect(file)
    (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    with file.open("r+b") as opened:
        opened.seek((page - 1) * size)
        opened.write(b"\xff" * size)


@pytest.mark.parametrize("how", ["read", "write", "scan"])
def test_what_goes_wrong_tells_nothing_of_what_was_sent(
    database: SqliteDatabase, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """Such an error is logged: what people sent is in its parameters, and is not to be in its words."""

    def unit(connection: Connection) -> None:
        connection.execute(text("SELECT n FROM nowhere WHERE n = :n"), {"n": "canary-7be1"}).close()

    with pytest.raises(Exception) as caught:
        asyncio.run(getattr(database, how)(unit))
    told = [str(caught.value), caplog.text]
    error: BaseException | None = caught.value
    while error is not None:
        told += [str(error), repr(error)]
        error = error.__cause__ or error.__context__
    assert "nowhere" in "".join(told)
    assert "canary" not in "".join(told)

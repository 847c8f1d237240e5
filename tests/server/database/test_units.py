"""Units of work: what a caller may count on, shown on a real database that a second connection looks at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, literal, select
from sqlalchemy.dialects import sqlite

from haymow.errors import NotFound, Unavailable
from haymow.server.database import UtcDateTime
from haymow.server.database.embedded import SqliteDatabase
from tests.server.database.conftest import Gate, Numbers, in_one_batch, numbers, pragma, put, traced


class TestABatch:
    def test_is_one_commit(self, database: SqliteDatabase, stored: Numbers) -> None:
        said = traced(database.write)
        assert asyncio.run(in_one_batch(database, *map(put, range(12)))) == list(range(12))
        assert said.count("COMMIT") == 3, "one for the trace, one for the gate, one for the twelve"
        assert stored() == list(range(12))

    def test_a_failing_unit_touches_no_other(self, database: SqliteDatabase, stored: Numbers) -> None:
        def half(connection: Connection) -> None:
            put(50)(connection)
            raise NotFound("no such thing")

        outcomes = asyncio.run(in_one_batch(database, put(1), half, put(2)))
        assert outcomes[0::2] == [1, 2]
        assert isinstance(outcomes[1], NotFound)
        assert stored() == [1, 2]

    def test_a_unit_that_meets_a_constraint_touches_no_other(self, database: SqliteDatabase, stored: Numbers) -> None:
        outcomes = asyncio.run(in_one_batch(database, put(1), put(1), put(2)))
        assert [type(outcome).__name__ for outcome in outcomes] == ["int", "IntegrityError", "int"]
        assert stored() == [1, 2]

    def test_a_later_unit_sees_an_earlier_one_and_none_that_failed(self, database: SqliteDatabase) -> None:
        def fail(connection: Connection) -> None:
            put(7)(connection)
            raise ValueError

        assert asyncio.run(in_one_batch(database, put(1), fail, numbers))[2] == [1]

    def test_whose_commit_fails_acknowledges_none_of_its_units(self, database: SqliteDatabase, stored: Numbers) -> None:
        def leave_an_orphan(connection: Connection) -> None:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")  # SQLite then looks at COMMIT
            connection.exec_driver_sql("INSERT INTO children VALUES (99)")

        def prepare(connection: Connection) -> None:
            connection.exec_driver_sql("CREATE TABLE children (parent REFERENCES numbers (n))")

        asyncio.run(database.write(prepare))
        outcomes = asyncio.run(in_one_batch(database, put(1), leave_an_orphan, put(2)))
        assert [isinstance(outcome, BaseException) for outcome in outcomes] == [True, True, True]
        assert stored() == []
        assert asyncio.run(database.write(put(3))) == 3, "the lane goes on"

    def test_has_a_bound(self, database: SqliteDatabase, stored: Numbers) -> None:
        assert asyncio.run(in_one_batch(database, *map(put, range(300)))) == list(range(300))
        assert stored() == list(range(300))


class TestAnAnswer:
    def test_comes_after_the_commit(self, database: SqliteDatabase, stored: Numbers) -> None:
        async def write() -> None:
            for number in range(50):
                await database.write(put(number))
                assert stored() == list(range(number + 1))

        asyncio.run(write())

    def test_is_not_there_while_the_batch_is_under_way(self, database: SqliteDatabase, stored: Numbers) -> None:
        async def write() -> None:
            gate = Gate()
            first = asyncio.ensure_future(database.write(gate, long=True))
            await gate.holds()
            second = asyncio.ensure_future(database.write(put(1)))
            await asyncio.sleep(0)
            assert not second.done()
            assert stored() == []
            gate.open()
            await asyncio.gather(first, second)

        asyncio.run(write())
        assert stored() == [1]

    @pytest.mark.parametrize("way", ["read", "scan"])
    def test_to_a_reader_holds_every_write_acknowledged_before(self, database: SqliteDatabase, way: str) -> None:
        async def one(number: int) -> None:
            await database.write(put(number))
            assert number in await getattr(database, way)(numbers)

        async def many() -> None:
            await asyncio.gather(*map(one, range(200)))

        asyncio.run(many())

    def test_to_a_reader_is_of_one_moment(self, database: SqliteDatabase) -> None:
        """Two looks within one unit are the same, whatever is committed in between."""
        gate = Gate()

        def look_twice(connection: Connection) -> tuple[list[int], list[int]]:
            before = numbers(connection)
            gate(connection)
            return before, numbers(connection)

        async def interleaved() -> tuple[list[int], list[int]]:
            looking = asyncio.ensure_future(database.scan(look_twice))
            await gate.holds()
            await database.write(put(1))
            gate.open()
            return await looking

        before, after = asyncio.run(interleaved())
        assert before == after == []
        assert asyncio.run(database.read(numbers)) == asyncio.run(database.scan(numbers)) == [1]

    def test_to_a_reader_does_not_wait_for_a_writer(self, database: SqliteDatabase) -> None:
        async def behind_a_writer() -> list[list[int]]:
            gate = Gate()
            writing = asyncio.ensure_future(database.write(gate, long=True))
            await gate.holds()
            try:
                return [await asyncio.wait_for(read(numbers), 5) for read in (database.read, database.scan)]
            finally:
                gate.open()
                await writing

        assert asyncio.run(behind_a_writer()) == [[], []]

    def test_to_a_reader_may_be_an_error_of_its_own(self, database: SqliteDatabase) -> None:
        def fail(connection: Connection) -> None:
            raise NotFound("no such thing")

        for read in (database.read, database.scan):
            with pytest.raises(NotFound, match="no such thing"):
                asyncio.run(read(fail))
            assert asyncio.run(read(numbers)) == [], "the next one is not touched"

    def test_may_have_nobody_to_take_it(self, database: SqliteDatabase, stored: Numbers) -> None:
        async def cancelled() -> list[object]:
            gate = Gate()
            held = asyncio.ensure_future(database.write(gate, long=True))
            await gate.holds()
            calls = [asyncio.ensure_future(database.write(put(number))) for number in range(3)]
            await asyncio.sleep(0)
            calls[1].cancel()
            gate.open()
            await held
            return await asyncio.gather(*calls, return_exceptions=True)

        first, second, third = asyncio.run(cancelled())
        assert (first, third) == (0, 2)
        assert isinstance(second, asyncio.CancelledError)
        assert {0, 2} <= set(stored())
        assert asyncio.run(database.write(put(9))) == 9, "the lane goes on"

    def test_may_come_for_a_loop_that_is_gone(self, database: SqliteDatabase, stored: Numbers) -> None:
        gate = Gate()

        async def leave() -> None:
            held = asyncio.ensure_future(database.write(gate, long=True))
            await gate.holds()
            held.cancel()

        asyncio.run(leave())
        gate.open()
        assert asyncio.run(database.write(put(1))) == 1
        assert stored() == [1]


class TestClosing:
    def test_finishes_what_is_queued(self, file: Path) -> None:
        async def close_behind(database: SqliteDatabase) -> list[int]:
            await database.write(lambda c: c.exec_driver_sql("CREATE TABLE numbers (n PRIMARY KEY)").close())
            calls = [asyncio.ensure_future(database.write(put(number))) for number in range(200)]
            await asyncio.sleep(0)
            database.close()
            return await asyncio.gather(*calls)

        assert asyncio.run(close_behind(SqliteDatabase(file))) == list(range(200))
        again = SqliteDatabase(file)
        assert asyncio.run(again.read(numbers)) == list(range(200))
        again.close()

    @pytest.mark.parametrize("method", ["read", "scan", "write"])
    def test_lets_nobody_wait_for_ever(self, file: Path, method: str) -> None:
        database = SqliteDatabase(file)
        database.close()
        run: Callable[..., asyncio.Future[int]] = getattr(database, method)
        with pytest.raises(Unavailable):
            asyncio.run(asyncio.wait_for(run(lambda connection: 1), 5))


class TestConnections:
    def test_a_commit_is_on_the_disk_before_it_is_acknowledged(self, database: SqliteDatabase) -> None:
        assert asyncio.run(database.write(pragma("synchronous"))) == 2, (
            "FULL: WAL with NORMAL does not sync every commit"
        )
        assert asyncio.run(database.write(pragma("journal_mode"))) == "wal"

    def test_constraints_between_tables_hold(self, database: SqliteDatabase) -> None:
        assert asyncio.run(database.write(pragma("foreign_keys"))) == 1

    def test_one_connection_does_all_checkpoints(self, database: SqliteDatabase) -> None:
        assert asyncio.run(database.write(pragma("wal_autocheckpoint"))) > 0
        assert asyncio.run(database.read(pragma("wal_autocheckpoint"))) == 0

    @pytest.mark.parametrize("way", ["read", "scan"])
    def test_readers_cannot_write(self, database: SqliteDatabase, stored: Numbers, way: str) -> None:
        read = getattr(database, way)
        with pytest.raises(Exception, match=r"readonly|storage"):
            asyncio.run(read(put(1)))
        assert stored() == []
        assert asyncio.run(read(numbers)) == [], "the next one is not touched"

    def test_the_file_is_closed_to_others(self, database: SqliteDatabase, file: Path) -> None:
        asyncio.run(database.write(put(1)))
        assert {path.name: path.stat().st_mode & 0o077 for path in file.parent.iterdir()} == {
            "haymow.db": 0, "haymow.db-wal": 0, "haymow.db-shm": 0
        }  # fmt: skip

    @pytest.mark.parametrize("name", ["a b", "per%20cent", "hash#", "question?mode=memory", "ümlaut", "semi;colon"])
    def test_a_folder_may_be_called_anything(self, tmp_path: Path, name: str) -> None:
        folder = tmp_path / name
        folder.mkdir()
        SqliteDatabase(folder / "haymow.db").close()
        assert [path.name for path in tmp_path.iterdir()] == [name]
        assert (folder / "haymow.db").stat().st_size > 0


def test_a_time_can_be_written_out_in_a_statement() -> None:
    """Migrations and people who look into them write values out."""
    at = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
    statement = select(literal(at, UtcDateTime())).compile(
        dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}
    )
    assert "'2026-11-26 12:00:00.000000'" in str(statement)

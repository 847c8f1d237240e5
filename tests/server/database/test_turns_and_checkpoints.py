"""Reads that share a turn of the event loop, and the log that is written back when nobody asks for anything."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection

from haymow.server.database import writer
from haymow.server.database.embedded import SqliteDatabase
from tests.server.database.conftest import numbers, put, traced


class TestReadsOfOneTurn:
    def test_share_a_snapshot(self, database: SqliteDatabase) -> None:
        async def read_twice() -> None:
            await database.read(numbers)
            await database.read(numbers)

        said = traced(database.read)
        asyncio.run(read_twice())
        assert [word for word in said[said.index("BEGIN") :] if not word.startswith("SELECT")] == ["BEGIN", "ROLLBACK"]

    def test_each_see_what_was_acknowledged_before_them(self, database: SqliteDatabase) -> None:
        async def write_between_reads() -> list[list[int]]:
            found = [await database.read(numbers)]
            for number in range(20):
                await database.write(put(number))
                found.append(await database.read(numbers))
            return found

        assert asyncio.run(write_between_reads()) == [list(range(end)) for end in range(21)]

    def test_see_what_somebody_else_was_told(self, database: SqliteDatabase) -> None:
        """The one who hears of a write passes it on at once, in the same turn, to one who has read before."""

        async def tell() -> list[int]:
            told = asyncio.Event()

            async def write() -> None:
                await database.write(put(1))
                told.set()

            async def read() -> list[int]:
                while not told.is_set():
                    await database.read(numbers)
                    await asyncio.wait([asyncio.ensure_future(told.wait())], timeout=0)
                return await database.read(numbers)

            return (await asyncio.gather(read(), write()))[0]

        assert asyncio.run(tell()) == [1]

    def test_end_their_snapshot_when_one_fails(self, database: SqliteDatabase) -> None:
        def fail(connection: Connection) -> None:
            raise ValueError

        async def read_after_a_failure() -> list[int]:
            with pytest.raises(ValueError):
                await database.read(fail)
            return await database.read(numbers)

        said = traced(database.read)
        assert asyncio.run(read_after_a_failure()) == []
        assert said.count("BEGIN") == 2


class TestTheLog:
    @staticmethod
    def pages_written_back(file: Path) -> bool:
        """Whether the database's own file, read without its log, holds the numbers."""
        copy = file.with_name("copy.db")
        copy.write_bytes(file.read_bytes())
        connection = sqlite3.connect(copy)
        try:
            return bool(connection.execute("SELECT count(*) FROM numbers").fetchone()[0])
        except sqlite3.DatabaseError:
            return False  # the table itself is in the log still, or the file was copied while pages were written
        finally:
            connection.close()

    def test_is_written_back_when_nothing_is_asked_for(
        self, database: SqliteDatabase, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(writer, "QUIET_SECONDS", 0.01)
        monkeypatch.setattr(writer, "UNITS_WORTH_IT", 3)

        async def write_and_wait() -> None:
            for number in range(3):
                await database.write(put(number))
            async with asyncio.timeout(10):
                while not self.pages_written_back(file):
                    await asyncio.to_thread(self.pages_written_back, file)

        assert not self.pages_written_back(file)
        asyncio.run(write_and_wait())
        assert self.pages_written_back(file)

    def test_is_left_alone_while_it_is_short(
        self, database: SqliteDatabase, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(writer, "QUIET_SECONDS", 0.0)

        async def write_once() -> None:
            await database.write(put(1))
            for _ in range(1000):
                await asyncio.sleep(0)

        asyncio.run(write_once())
        assert not self.pages_written_back(file)

    def test_makes_a_write_that_comes_meanwhile_wait_and_not_fail(
        self, database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(writer, "QUIET_SECONDS", 0.0)
        monkeypatch.setattr(writer, "UNITS_WORTH_IT", 1)

        async def write_often() -> list[int]:
            for number in range(100):
                await database.write(put(number))
                await asyncio.sleep(0)
            return await database.read(numbers)

        assert asyncio.run(write_often()) == list(range(100))

"""A real database in a folder of its own, with one small table for the units of these tests."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from haymow.server.database.embedded import SqliteDatabase

Numbers = Callable[[], list[int]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "haymow.db"


@pytest.fixture
def database(file: Path) -> Iterator[SqliteDatabase]:
    opened = SqliteDatabase(file)
    asyncio.run(
        opened.write(lambda connection: connection.exec_driver_sql("CREATE TABLE numbers (n PRIMARY KEY)").close())
    )
    yield opened
    opened.close()


@pytest.fixture
def stored(file: Path) -> Numbers:
    """What somebody else sees who opens the file now."""

    def read() -> list[int]:
        connection = sqlite3.connect(file)
        try:
            return [number for (number,) in connection.execute("SELECT n FROM numbers ORDER BY n")]
        finally:
            connection.close()

    return read


def put(number: int) -> Callable[[Connection], int]:
    """A unit that stores a number and answers it."""

    def unit(connection: Connection) -> int:
        connection.exec_driver_sql("INSERT INTO numbers VALUES (?)", (number,))
        return number

    return unit


def numbers(connection: Connection) -> list[int]:
    """A unit that reads every number."""
    return [row[0] for row in connection.exec_driver_sql("SELECT n FROM numbers ORDER BY n")]


def pragma(name: str) -> Callable[[Connection], Any]:
    """A unit that asks, or with `name = value` tells, SQLite something of its connection."""
    return lambda connection: connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def traced(ask: Callable[[Callable[[Connection], None]], Coroutine[Any, Any, None]]) -> list[str]:
    """Every statement that the connection behind `database.write`, or `.read`, runs from now on."""
    said: list[str] = []

    def listen(connection: Connection) -> None:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.set_trace_callback(said.append)

    asyncio.run(ask(listen))
    return said


class Gate:
    """A unit that holds its lane, so that what is asked for meanwhile makes one batch."""

    def __init__(self) -> None:
        self._entered, self._opened = threading.Event(), threading.Event()

    def __call__(self, _: Connection) -> None:
        self._entered.set()
        assert self._opened.wait(10)

    async def holds(self) -> None:
        """Return when the lane stands at the gate."""
        assert await asyncio.to_thread(self._entered.wait, 10)

    def open(self) -> None:
        self._opened.set()


async def in_one_batch(database: SqliteDatabase, *units: Callable[[Connection], Any]) -> list[Any]:
    """Run the units as one batch of the writer; each one's result or error."""
    gate = Gate()
    held: Awaitable[None] = asyncio.ensure_future(database.write(gate, long=True))
    await gate.holds()
    calls = [asyncio.ensure_future(database.write(unit)) for unit in units]
    await asyncio.sleep(0)  # every call has put its unit into the queue
    gate.open()
    await held
    return await asyncio.gather(*calls, return_exceptions=True)

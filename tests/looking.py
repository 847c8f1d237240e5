"""Looking past haymow into the database that a test runs on, and putting into it what haymow would not.

Statements are SQL that SQLite and PostgreSQL both read, with `:name` for each value.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Uuid, bindparam, create_engine, event, inspect, make_url, text
from sqlalchemy.pool import NullPool

from tests import databases


@contextmanager
def connected(data: Path) -> Iterator[Connection]:
    """A connection to the database of a data folder; each statement is a transaction of its own."""
    url = databases.settings(data).database_url
    where = make_url(url).set(drivername="postgresql+psycopg") if url else f"sqlite:///{data / 'haymow.db'}"
    patience: dict[str, Any] = {} if url else {"timeout": 30}
    engine = create_engine(where, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=patience)
    if not url:
        # Writing the log back is for the server's own connection to do.
        event.listen(engine, "connect", lambda driver, _: driver.execute("PRAGMA wal_autocheckpoint = 0").close())
    with engine.connect() as connection:
        yield connection


def rows(data: Path, sql: str, **values: Any) -> list[tuple[Any, ...]]:
    """What a query finds."""
    with connected(data) as connection:
        return [tuple(row) for row in connection.execute(_statement(sql, values), values)]


def execute(data: Path, sql: str, **values: Any) -> int:
    """Change something past every check; how many rows were touched."""
    with connected(data) as connection:
        return connection.execute(_statement(sql, values), values).rowcount


def _statement(sql: str, values: dict[str, Any]) -> Any:
    """SQLite keeps a UUID as text and PostgreSQL as what it is: the type knows."""
    typed = [bindparam(name, type_=Uuid()) for name, value in values.items() if isinstance(value, UUID)]
    return text(sql).bindparams(*typed)


def contents(data: Path) -> bytes:
    """All that the database holds: the bytes of SQLite's files, on PostgreSQL each value of each row."""
    if not databases.is_shared():
        return b"".join(path.read_bytes() for path in sorted(data.glob("haymow.db*")))
    with connected(data) as connection:
        tables = inspect(connection).get_table_names()
        found = [row for table in tables for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"')]
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for row in found for value in row)


def files(data: Path) -> Iterator[tuple[str, bytes]]:
    """What is on disk: each file of the data folder; on PostgreSQL also each of its server's since haymow's start.

    A row that was deleted, a write-ahead log and the server's own log are there, too.
    """
    yield from _read(data, 0)
    if databases.is_shared():
        with connected(data) as connection:
            connection.exec_driver_sql("CHECKPOINT")
        yield from _read(databases.postgresql().folder, (data / "master.key").stat().st_mtime)


def _read(folder: Path, since: float) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # the server removes what it has done with
            if path.is_file() and path.stat().st_mtime >= since:
                yield str(path.relative_to(folder)), path.read_bytes()


@contextmanager
def refusing(data: Path, table: str, *, when: str = "", words: str = "", raising: str = "ABORT") -> Iterator[None]:
    """The database refuses rows that are new in `table`, those for which `when` holds, as long as the block runs.

    `raising` is how SQLite ends what it refuses; PostgreSQL has one way.
    """
    for statement in _made(table, when, words, raising):
        with connected(data) as connection:
            connection.exec_driver_sql(statement)
    try:
        yield
    finally:
        with connected(data) as connection:
            on = f" ON {table}" if databases.is_shared() else ""
            connection.exec_driver_sql(f"DROP TRIGGER refusing{on}")


def _made(table: str, when: str, words: str, raising: str) -> list[str]:
    condition = f"WHEN ({when})" if when else ""
    if not databases.is_shared():
        body = f"BEGIN SELECT RAISE({raising}, '{words}'); END"
        return [f"CREATE TRIGGER refusing BEFORE INSERT ON {table} {condition} {body}"]
    return [
        "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{words}'; END $$",
        f"CREATE TRIGGER refusing BEFORE INSERT ON {table} FOR EACH ROW {condition} EXECUTE FUNCTION refuse()",
    ]


@contextmanager
def without(data: Path, table: str) -> Iterator[None]:
    """The table is not there while the block runs: a fault that no code expects."""
    execute(data, f"ALTER TABLE {table} RENAME TO {table}_away")
    try:
        yield
    finally:
        execute(data, f"ALTER TABLE {table}_away RENAME TO {table}")

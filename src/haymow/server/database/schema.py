"""Bringing a database to this haymow's schema. Alembic is imported only when there is something to migrate.

A schema may be newer than the haymow that works with it: while several servers are upgraded one after the other, and
after going back. The database says how old a haymow may be (docs/adr/0018).
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, inspect, select
from sqlalchemy.exc import DatabaseError

from haymow.errors import StartFailed

log = logging.getLogger(__name__)

HEAD = "0008"
"""The newest revision in `migrations/versions`; a test holds the two together."""

MIGRATIONS = Path(__file__).parent / "migrations"

compatibility_table: Final = Table("schema_compatibility", MetaData(), Column("oldest", String(32), primary_key=True))
"""One row: the newest schema that a haymow has to know, at least, to work with this database. Migrations write it."""


OWN_TABLES: Final = frozenset({"alembic_version", compatibility_table.name})
"""What says which schema it is, and holds nothing of a haymow's."""


class Foreign(DatabaseError):
    """There are tables, and none of them says that they are haymow's."""

    def __init__(self) -> None:
        super().__init__("foreign", None, Exception())


class Permission(NamedTuple):
    """Whether a schema may be changed, and whom to tell how it goes."""

    granted: bool = True
    tell: Callable[[str], None] = log.info


_TROUBLE = {
    sqlite3.SQLITE_BUSY: "is in use by another program. Close it there and start again.",
    sqlite3.SQLITE_LOCKED: "is in use by another program. Close it there and start again.",
    sqlite3.SQLITE_FULL: "cannot be written: the disk is full. Make room and start again.",
    sqlite3.SQLITE_READONLY: "cannot be written: it is read-only. Make it writable for this user.",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk fails. Look at the system's log.",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened. Make it and its folder writable for this user.",
}


GRANTED: Final = Permission()

Alone = Callable[[Connection], AbstractContextManager[None]]
"""One transaction, beside which nobody else migrates."""


def prepare(engine: Engine, file: Path, permission: Permission = GRANTED) -> bool:
    """Migrate to HEAD when needed; whether it was. Raises StartFailed with one line: what is wrong, and what to do."""
    make_file(file)
    try:
        with engine.connect() as connection:
            return migrate(connection, f"The database {file}", permission, transaction)
    except DatabaseError as error:
        if trouble := _TROUBLE.get(getattr(error.orig, "sqlite_errorcode", 0) & 0xFF):
            raise StartFailed(f"The database {file} {trouble}") from error
        message = f"{file} is not a haymow database or is damaged. Restore it from a backup, or move it away."
        raise StartFailed(message) from error


def make_file(file: Path) -> None:
    """Make a database's file, closed to others, when it is missing: SQLite would leave it open. Raises StartFailed."""
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        message = f"Cannot open the database {file} ({error.strerror}). Make it writable for this user."
        raise StartFailed(message) from error


def migrate(connection: Connection, what: str, permission: Permission, alone: Alone) -> bool:
    """Migrate what `connection` is connected to, which is called `what`; whether there was anything to do.

    Raises StartFailed, DatabaseError.
    """
    if not is_older(connection, what):
        return False
    if not permission.granted:
        raise StartFailed(
            f"{what} has not the schema {HEAD} of this haymow, and HAYMOW_MIGRATE=off keeps a start from changing it. "
            "Run `haymow admin migrate`, then start again."
        )
    with alone(connection):
        if not is_older(connection, what):
            return False  # somebody else has done it meanwhile
        if is_new := revision_of(connection) is None:
            permission.tell(f"{what} held no haymow: a new one begins there. {_ANOTHER}")
        make_steps(connection, log.debug if is_new else permission.tell)  # nobody waits for the steps of nothing
        return True


_ANOTHER: Final = "If another place was meant, name it by HAYMOW_DATA or HAYMOW_DATABASE_URL."


def is_older(connection: Connection, what: str) -> bool:
    """Whether there is something to migrate. Raises StartFailed when the database is too new for this haymow."""
    revision = revision_of(connection)
    if revision is None or is_known(revision):
        return revision != HEAD
    oldest = _oldest(connection)
    if oldest is None or oldest > HEAD:
        raise _too_new(what, revision)
    log.info("the database has a newer schema, %s, with which this haymow (%s) works", revision, HEAD)
    return False


def upgrade(connection: Connection, what: str, wanted: str) -> None:
    """Migrate to the revision `wanted`, in a transaction of its own; what is beyond it stays as it is.

    Raises StartFailed, DatabaseError.
    """
    revision = revision_of(connection)
    if revision is not None and wanted <= revision <= HEAD:
        return
    newest = max(revision or wanted, wanted)
    if not is_known(newest):
        raise _too_new(what, newest)
    with transaction(connection):
        make_steps(connection, log.debug, wanted)


def make_steps(connection: Connection, tell: Callable[[str], None], revision: str = "head") -> None:
    """Make every step up to a revision that is missing, in the transaction that has begun."""
    from alembic import command  # noqa: PLC0415 - 0.2 s, paid only by a start that migrates
    from alembic.config import Config  # noqa: PLC0415 - the same

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes.update(connection=connection, tell=tell, compatibility=compatibility_table)
    command.upgrade(config, revision)


def is_known(revision: str) -> bool:
    """Whether this haymow has the migration that makes a schema."""
    return any(MIGRATIONS.glob(f"versions/{revision}_*.py"))


def _too_new(what: str, revision: str) -> StartFailed:
    return StartFailed(
        f"{what} was written by a newer haymow (schema {revision}, this one knows {HEAD}). "
        "Start that version or a newer one, or restore a backup made before the upgrade."
    )


def revision_of(connection: Connection) -> str | None:
    """The schema's revision; None where there are no tables. Raises Foreign, DatabaseError."""
    names = inspect(connection).get_table_names()
    if "alembic_version" in names:
        row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
        return row[0] if row else None
    if names:
        raise Foreign
    return None


def _oldest(connection: Connection) -> str | None:
    if compatibility_table.name not in inspect(connection).get_table_names():
        return None
    return connection.execute(select(compatibility_table.c.oldest)).scalar()


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """All of the block or nothing of it, on a connection that commits by itself else."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.dialect.name == "sqlite" else "BEGIN")
    try:
        yield
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        with suppress(DatabaseError):  # the connection may be lost
            connection.exec_driver_sql("ROLLBACK")
        raise

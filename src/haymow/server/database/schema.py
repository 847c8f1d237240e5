"""Bringing a database to this haymow's schema. Alembic is imported only when there is something to migrate."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.exc import DatabaseError

from haymow.errors import StartFailed

HEAD = "0005"
"""The newest revision in `migrations/versions`; a test holds the two together."""

MIGRATIONS = Path(__file__).parent / "migrations"


_TROUBLE = {
    sqlite3.SQLITE_BUSY: "is in use by another program. Close it there and start again.",
    sqlite3.SQLITE_LOCKED: "is in use by another program. Close it there and start again.",
    sqlite3.SQLITE_FULL: "cannot be written: the disk is full. Make room and start again.",
    sqlite3.SQLITE_READONLY: "cannot be written: it is read-only. Make it writable for this user.",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk fails. Look at the system's log.",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened. Make it and its folder writable for this user.",
}


def prepare(engine: Engine, file: Path) -> None:
    """Migrate to HEAD when needed. Raises StartFailed with one line that says what is wrong and what to do."""
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        with engine.connect() as connection:
            migrate(connection, f"The database {file}")
    except OSError as error:
        message = f"Cannot open the database {file} ({error.strerror}). Make it writable for this user."
        raise StartFailed(message) from error
    except DatabaseError as error:
        if trouble := _TROUBLE.get(getattr(error.orig, "sqlite_errorcode", 0) & 0xFF):
            raise StartFailed(f"The database {file} {trouble}") from error
        message = f"{file} is not a haymow database or is damaged. Restore it from a backup, or move it away."
        raise StartFailed(message) from error


def migrate(connection: Connection, what: str) -> None:
    """Migrate what `connection` is connected to, which is called `what`. Raises StartFailed, DatabaseError."""
    upgrade(connection, what, HEAD)


def upgrade(connection: Connection, what: str, wanted: str) -> None:
    """Migrate to the revision `wanted`; what is beyond it stays as it is. Raises StartFailed, DatabaseError."""
    revision = revision_of(connection)
    if revision is not None and wanted <= revision <= HEAD:
        return
    from alembic import command  # noqa: PLC0415 - 0.2 s, paid only by a start that migrates
    from alembic.config import Config  # noqa: PLC0415 - the same

    newest = max(revision or wanted, wanted)
    if not list(MIGRATIONS.glob(f"versions/{newest}_*.py")):
        raise StartFailed(
            f"{what} was written by a newer haymow (schema {newest}, this one knows {HEAD}). "
            "Start that version or a newer one, or restore a backup made before the upgrade."
        )
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, wanted)


def revision_of(connection: Connection) -> str | None:
    """The schema's revision; None where there are no tables. Raises DatabaseError for tables that are not haymow's."""
    names = inspect(connection).get_table_names()
    if "alembic_version" in names:
        row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
        return row[0] if row else None
    if names:
        raise DatabaseError("foreign", None, Exception())
    return None

"""A database by its name on the command line, opened for one long transaction: a data folder, or PostgreSQL's URL."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, inspect, literal, select, table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from haymow.errors import CommandFailed, StartFailed
from haymow.server.database import schema, sqlite
from haymow.server.database.urls import name_of, url_of, words_of
from haymow.server.settings import Settings, database_url_of

log = logging.getLogger(__name__)

FILE: Final = "haymow.db"
_BUSY: Final = f"PRAGMA busy_timeout={int(sqlite.WAIT_SECONDS * 1000)}"
_LONG: Final[dict[str, Any]] = {
    "application_name": "haymow admin",
    # However many rows there are: no time-out, neither of a statement nor of a transaction.
    "options": "-c timezone=UTC -c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=3s",
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database is. `name` has no password in it; `by` says how an operator names another."""

    name: str
    folder: Path | None
    url: URL | None
    by: str

    @property
    def file(self) -> Path | None:
        return None if self.folder is None else self.folder / FILE


def place_named(text: str, argument: str) -> Place:
    """The place that an operator names by an argument of the command line. Raises StartFailed."""
    by = f"as {argument}"
    if "://" not in text:
        return _folder(Path(text).absolute(), by)
    return _server(url_of(database_url_of(text, argument, "name a data folder"), argument), by)


def place_of(settings: Settings) -> Place:
    """The place that a server with these settings uses. Raises StartFailed."""
    if settings.database_url is None:
        return _folder(settings.data, "by HAYMOW_DATA or HAYMOW_DATABASE_URL")
    return _server(url_of(settings.database_url), "by HAYMOW_DATABASE_URL")


def _folder(path: Path, by: str) -> Place:
    return Place(str(path), path, None, by)


def _server(url: URL, by: str) -> Place:
    return Place(name_of(url), None, url, by)


def require_haymow(settings: Settings) -> None:
    """Raise StartFailed where none was ever started: who asks for something of one would make another by mistake."""
    place = place_of(settings)
    with _explained(place), _connected(place, writes=False) as connection:
        require_started(connection, place)


def require_started(connection: Connection, place: Place) -> None:
    """Raise StartFailed for a database in which none was ever started, whether or not it has its tables."""
    if schema.revision_of(connection) is None or first_filled(connection) is None:
        raise StartFailed(_other_schema(place, None))


def require_empty(place: Place) -> None:
    """Raise CommandFailed for a database with rows in it, StartFailed for one that is not haymow's; none may be there.

    Nothing is made or changed.
    """
    if place.file is not None and not place.file.exists():
        return
    with _explained(place), _connected(place, writes=False) as connection:
        schema.revision_of(connection)
        require_no_rows(connection, place)


def require_no_rows(connection: Connection, place: Place) -> None:
    """Raise CommandFailed for a database with rows in it."""
    if (name := first_filled(connection)) is not None:
        raise CommandFailed(
            f"{place.name} is not empty (it has {name}), and nothing is written over. Name an empty one {place.by}.",
            code="not_empty",
        )


def is_newest(place: Place) -> bool:
    """Whether a database that somebody may be using has this haymow's schema, or a newer one that it works with.

    Nothing is made or changed. Raises StartFailed.
    """
    if place.file is not None and not place.file.exists():
        return False
    with _explained(place), _connected(place, writes=False) as connection:
        return not schema.is_older(connection, place.name)


def first_filled(connection: Connection) -> str | None:
    """The name of a table with rows of a haymow's; None where there is none."""
    names = sorted(inspect(connection).get_table_names())
    return next((name for name in names if name not in schema.OWN_TABLES and _has_rows(connection, name)), None)


def _has_rows(connection: Connection, name: str) -> bool:
    return connection.execute(select(literal(1)).select_from(table(name)).limit(1)).first() is not None


@contextmanager
def looking(place: Place) -> Iterator[Connection]:
    """One snapshot of a database, to read; servers go on with it meanwhile. Raises StartFailed."""
    with _explained(place), _connected(place, writes=False) as connection:
        begin = "BEGIN" if place.url is None else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        connection.exec_driver_sql(begin)
        found = schema.revision_of(connection)  # a first look, too: here the snapshot begins
        if found != schema.HEAD:
            raise StartFailed(_other_schema(place, found))
        yield connection


@contextmanager
def changing(place: Place) -> Iterator[Connection]:
    """A connection that begins and ends its transactions itself. What is open when the block ends is rolled back."""
    with _explained(place), _connected(place, writes=True) as connection:
        yield connection


def _other_schema(place: Place, found: str | None) -> str:
    if found is None:
        return f"{place.name} holds no haymow yet. Name the place that does, {place.by}, or start one there first."
    older = ", or run `haymow admin migrate` on it first" if found < schema.HEAD else ""
    return (
        f"{place.name} has schema {found}, and this haymow works with {schema.HEAD}. "
        f"Use the version of haymow that serves it{older}."
    )


@contextmanager
def _connected(place: Place, *, writes: bool) -> Iterator[Connection]:
    engine = _server_engine(place.url) if place.url is not None else _file_engine(place, writes)
    with engine.connect() as connection:
        if place.url is None:
            connection.exec_driver_sql(_BUSY)
        yield connection
    engine.dispose()


def _file_engine(place: Place, writes: bool) -> Engine:
    assert place.file is not None
    if writes:
        schema.make_file(place.file)
        return sqlite.writing_engine(place.file)
    if not place.file.exists():
        raise StartFailed(_other_schema(place, None))
    return sqlite.reading_engine(place.file)


def _server_engine(url: URL) -> Engine:
    try:
        return create_engine(
            url, isolation_level="AUTOCOMMIT", poolclass=NullPool, connect_args=_LONG, hide_parameters=True
        )
    except ImportError as error:
        raise StartFailed("PostgreSQL's driver is not installed. Install haymow[postgresql].") from error


@contextmanager
def _explained(place: Place) -> Iterator[None]:
    try:
        yield
    except schema.Foreign:
        raise StartFailed(f"{place.name} holds tables that are not haymow's. Name another place {place.by}.") from None
    except DBAPIError as error:
        log.debug("the database failed", exc_info=error)
        state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None)
        reason = f"failed with {state}" if state else f"cannot be reached: {words_of(error)}"
        raise StartFailed(f"The database {place.name} {reason}. {_ADVICE.get(str(state), _OTHERWISE)}") from None


_OTHERWISE: Final = "Look at its log and at its disk, and try again."
_ADVICE: Final = {
    "SQLITE_FULL": "Its disk is full, and no row was kept: make room, and try again.",
    "SQLITE_NOTADB": "It is damaged, or none of haymow's: restore it from a backup, or name another place.",
    "SQLITE_CORRUPT": "It is damaged: restore it from a backup.",
    "53100": "Its disk is full, and no row was kept: make room, and try again.",
    "None": "Check the URL and the server's log, and try again.",
    "SQLITE_CANTOPEN": "If its disk is read-only, copy the folder to one that is not, and name the copy.",
    "42501": "The user of the URL may not do that: name the database's owner.",
}

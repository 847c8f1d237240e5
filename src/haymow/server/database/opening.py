"""Which database it is: a file in the data folder, or the one that several servers share."""

from __future__ import annotations

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from haymow.errors import StartFailed
from haymow.server.database.database import Database
from haymow.server.database.embedded import SqliteDatabase
from haymow.server.settings import Settings


def open_database(settings: Settings) -> Database:
    """Open and migrate the database that the settings name. Raises StartFailed with one line that says what to do."""
    if settings.database_url is None:
        return SqliteDatabase(settings.database_file)
    try:
        from haymow.server.database.cluster import PostgresDatabase  # noqa: PLC0415 - an extra, and 0.1 s
    except ImportError as error:
        raise StartFailed("PostgreSQL's driver is not installed. Install haymow[postgresql].") from error
    url = url_of(settings.database_url)
    return PostgresDatabase(url, settings.database_connections, unsafe=settings.unsafe_storage)


def url_of(text: str) -> URL:
    """A URL of PostgreSQL, for its driver. Raises StartFailed."""
    try:
        return make_url(text).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        raise StartFailed(
            "The database's URL cannot be read. Is a letter of the password not %-encoded? See HAYMOW_DATABASE_URL."
        ) from None

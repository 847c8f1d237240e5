"""Which database it is: a file in the data folder, or the one that several servers share."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from haymow.errors import StartFailed
from haymow.server.database import schema, sqlite
from haymow.server.database.database import Database
from haymow.server.database.embedded import SqliteDatabase
from haymow.server.database.schema import Permission
from haymow.server.settings import Settings


def open_database(settings: Settings) -> Database:
    """Open and migrate the database that the settings name. Raises StartFailed with one line that says what to do."""
    permission, traced = Permission(settings.migrate), bool(settings.otel)
    if settings.database_url is None:
        return SqliteDatabase(settings.database_file, permission, unsafe=settings.unsafe_storage, traced=traced)
    try:
        from haymow.server.database.cluster import PostgresDatabase  # noqa: PLC0415 - an extra, and 0.1 s
    except ImportError as error:
        raise StartFailed(_NO_DRIVER) from error
    url, unsafe = url_of(settings.database_url), settings.unsafe_storage
    return PostgresDatabase(url, settings.database_connections, unsafe=unsafe, permission=permission, traced=traced)


def migrate_database(settings: Settings, tell: Callable[[str], None]) -> bool:
    """Migrate the database that the settings name; whether there was anything to do.

    `tell` hears what happens. Raises StartFailed, as `open_database` does.
    """
    permission = Permission(tell=tell)
    if settings.database_url is None:
        engine = sqlite.writing_engine(settings.database_file)
        return schema.prepare(engine, settings.database_file, permission)
    try:
        from haymow.server.database import cluster_schema  # noqa: PLC0415 - an extra, and 0.1 s
    except ImportError as error:
        raise StartFailed(_NO_DRIVER) from error
    return cluster_schema.prepare(url_of(settings.database_url), permission, unsafe=settings.unsafe_storage)


_NO_DRIVER = "PostgreSQL's driver is not installed. Install haymow[postgresql]."


def url_of(text: str, name: str = "HAYMOW_DATABASE_URL") -> URL:
    """A URL of PostgreSQL, for its driver; `name` is what an operator wrote it as. Raises StartFailed."""
    try:
        url = make_url(text).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        raise StartFailed(f"{name} {_NO_URL}") from None
    if "@" in (url.host or ""):  # what is before it belongs to the password, and would be shown with the host
        raise StartFailed(f"{name} {_NO_URL}")
    return url


_NO_URL = (
    "cannot be read as a URL. Is a letter of the password not %-encoded? Are there several hosts? Write them "
    "as ?host=one:5432&host=two:5432 behind the database's name."
)


def name_of(url: URL) -> str:
    """A URL as an operator knows it, with nothing secret in it."""
    return URL.create("postgresql", url.username, None, url.host, url.port, url.database).render_as_string()


def words_of(error: DBAPIError) -> str:
    """What the driver says of a connection that did not come about, or was lost: in one line, and nothing secret.

    Such an error has no SQLSTATE. The words are the server's, the system's or libpq's: they have the host, the port,
    the user and the database.
    """
    lines = str(error.orig).removeprefix("connection failed: ").splitlines()
    text = "; ".join(words for line in lines if (words := " ".join(line.split()))).rstrip(".?")
    return "".join(filter(str.isprintable, text))[:_MOST_WORDS]


_MOST_WORDS = 500

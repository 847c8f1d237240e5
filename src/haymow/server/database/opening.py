"""Which database it is: a file in the data folder, or the one that several servers share."""

from __future__ import annotations

from collections.abc import Callable

from haymow.errors import StartFailed
from haymow.server.database import schema, sqlite
from haymow.server.database.database import Database
from haymow.server.database.embedded import SqliteDatabase
from haymow.server.database.schema import Permission
from haymow.server.database.urls import url_of
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

"""Storage: the engine, column types and units of work. Rooms see `Database`, never a driver."""

from haymow.server.database.columns import CONFIDENTIAL, ORDERED_TEXT, UtcDateTime, metadata
from haymow.server.database.database import Database
from haymow.server.database.folder import DataFolder
from haymow.server.database.opening import migrate_database, open_database
from haymow.server.database.portions import delete_scope, delete_some
from haymow.server.database.prepared import Prepared
from haymow.server.database.units import Counts, Records, server_of

__all__ = [
    "CONFIDENTIAL",
    "ORDERED_TEXT",
    "Counts",
    "DataFolder",
    "Database",
    "Prepared",
    "Records",
    "UtcDateTime",
    "delete_scope",
    "delete_some",
    "metadata",
    "migrate_database",
    "open_database",
    "server_of",
]

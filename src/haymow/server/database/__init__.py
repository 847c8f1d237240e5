"""Storage: the engine, column types and units of work. Rooms see `Database`, never a driver."""

from haymow.server.database.columns import UtcDateTime, metadata
from haymow.server.database.database import Database
from haymow.server.database.folder import DataFolder

__all__ = ["DataFolder", "Database", "UtcDateTime", "metadata"]

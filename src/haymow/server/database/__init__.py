"""Storage: the engine, column types and units of work. Rooms see `Database`, never a driver."""

from haymow.server.database.columns import UtcDateTime, metadata
from haymow.server.database.database import Database
from haymow.server.database.folder import DataFolder
from haymow.server.database.prepared import Prepared

__all__ = ["DataFolder", "Database", "Prepared", "UtcDateTime", "metadata"]

"""Whether a database can be reached."""

from __future__ import annotations

import asyncio

from haymow.errors import Unavailable
from haymow.server.database.database import Database

READY_SECONDS = 2.0
"""How long the database may take to show that this server is ready."""


async def check_reachable(database: Database) -> None:
    """Have the database answer once. Raises Unavailable when it does not, takes too long, or is stuck with a change."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            await database.read(lambda connection: connection.exec_driver_sql("SELECT 1").scalar())
    except TimeoutError as error:
        message = f"The database did not answer within {READY_SECONDS:.0f} seconds."
        raise Unavailable(message, code="storage_failed") from error
    if database.is_stuck():
        raise Unavailable("The database does not finish what is changed.", code="storage_failed")

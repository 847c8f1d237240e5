"""PostgreSQL, and what speaks its protocol: how connections are opened, and what their errors mean."""

from __future__ import annotations

import logging
from typing import Any, Final

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from haymow.errors import Unavailable
from haymow.server.database.cluster_statements import TracedCursor
from haymow.server.database.urls import words_of

log = logging.getLogger(__name__)
# It warns of connections that are closed in the middle of something: they were given up, or a command has ended.
logging.getLogger("psycopg").setLevel(logging.ERROR)

WAIT_SECONDS: Final = 1.0
"""How long a unit waits for a connection of the pool."""
UNIT_SECONDS: Final = 4.0
"""How long a unit may take, with all of its attempts."""
LONG_SECONDS: Final = 20.0
"""The same for one that may touch thousands of rows; no transaction is open longer."""

SETTINGS: Final = {
    "timezone": "UTC",
    "statement_timeout": f"{LONG_SECONDS:.0f}s",
    "lock_timeout": "3s",
    # A server that was cut off or held up in a transaction holds up the changes of all others: what SERIALIZABLE ones
    # read is kept while it is open, until it is too much and none is committed any more.
    "idle_in_transaction_session_timeout": f"{UNIT_SECONDS + 1:.0f}s",
}
CONNECT: Final[dict[str, Any]] = {
    "application_name": "haymow",
    "options": " ".join(f"-c {name}={value}" for name, value in SETTINGS.items()),
    "connect_timeout": 2,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": int(UNIT_SECONDS * 1000),
}


def engine(url: URL, *, traced: bool = False) -> AsyncEngine:
    """An engine that keeps no connections. AUTOCOMMIT: runners say BEGIN themselves, as on SQLite."""
    return create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        use_native_hstore=False,  # else each engine asks for its number first, in a transaction
        hide_parameters=True,  # an error may be logged, what people sent may not
        poolclass=NullPool,
        connect_args={**CONNECT, "cursor_factory": TracedCursor} if traced else CONNECT,
    )


class Lost(Exception):
    """The connection was lost before anything could be committed."""


class Again(Exception):
    """Another transaction came between; nothing of this one was done."""


_AGAIN: Final = {"40001", "40P01", "26000"}  # serialization failure, deadlock, a statement is not prepared any more
# Stopped, crashed, starting, idle for too long, also in a transaction; a standby, which cannot write.
_LOST: Final = {"57P01", "57P02", "57P03", "57P05", "25P03", "25006"}
# Connections, limits; a lock, a statement or a transaction that took too long.
_BUSY: Final = {"53300", "53400", "55P03", "57014", "25P04"}
_TROUBLE: Final = {"53", "58", "F0", "P0", "XX"}  # resources, the system, its files, a trigger of others, itself

TOO_MUCH: Final = "haymow has more to do than it can. Nothing was changed; try again."
_AWAY: Final = "haymow cannot reach its storage now. Nothing was changed; try again."
_FAILED: Final = "haymow cannot write to its storage now. Nothing was changed; try again."


def overloaded() -> Unavailable:
    """More is asked for than there are connections, or than one row can bear."""
    return Unavailable(TOO_MUCH, code="overloaded")


def given_up(error: Exception) -> Unavailable:
    """What is said after the last attempt."""
    return overloaded() if isinstance(error, Again) else Unavailable(_AWAY, code="storage_failed")


def explained(error: DBAPIError) -> Exception:
    """What an error means: Again, Lost, Unavailable, or what it is, when it is a caller's or a bug."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if state in _AGAIN:
        return Again()
    if state in _LOST or state[:2] == "08" or _is_nobody(error, state):
        log.warning("the storage is lost: %s", state or words_of(error))
        return Lost()
    if state in _BUSY:
        return overloaded()
    if state[:2] in _TROUBLE:
        log.error("storage failed: %s", state)
        return Unavailable(_FAILED, code="storage_full" if state == "53100" else "storage_failed")
    return error


def broken_constraint(error: Exception) -> str | None:
    """The constraint whose breach made a unit end so; None for any other end.

    A breach comes from a row that the unit's own snapshot may not have: what it had looked for before, a receipt or
    its own first attempt, may be there by now. So a unit is run again when it ends so, until the same one is broken
    twice in a row: then its snapshot had the row.
    """
    breach = error if isinstance(error, IntegrityError) else error.__cause__
    if not isinstance(breach, IntegrityError):
        return None
    told = getattr(breach.orig, "diag", None)
    return str(getattr(told, "constraint_name", None))


def _is_nobody(error: DBAPIError, state: str) -> bool:
    """Whether nobody was there to say what is wrong: connections fail without a state."""
    return not state and type(error.orig).__name__ in ("OperationalError", "ConnectionTimeout")

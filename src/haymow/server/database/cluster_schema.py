"""Bringing a shared database to this haymow's schema, and asking whether it keeps what it acknowledges."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.pool import NullPool

from haymow.errors import StartFailed
from haymow.server.database import schema
from haymow.server.database.postgres import CONNECT

log = logging.getLogger(__name__)

_LOCK: Final = 0x6861796D6F77  # "haymow", so that no other program's lock is meant
_LOCK_TIMEOUT: Final = "2s"
_ATTEMPTS: Final = 10

_GUARANTEES: Final = {"fsync": {"on"}, "full_page_writes": {"on"}, "synchronous_commit": {"on", "remote_apply"}}
"""With these a commit that was acknowledged survives a crash; `remote_write` and `local` fall short of a standby's."""


def prepare(url: URL, *, unsafe: bool) -> None:
    """Migrate to HEAD when needed. Raises StartFailed with one line that says what is wrong and what to do."""
    where = url.set(username=None, password=None, query={}).render_as_string()
    try:
        with _connected(url) as connection:
            _check_guarantees(connection, unsafe)
            with alone(connection):
                schema.migrate(connection, where)
    except DBAPIError as error:
        log.debug("the database cannot be opened", exc_info=error)
        raise StartFailed(f"{_reason(error)} ({where}). Check HAYMOW_DATABASE_URL and the server's log.") from None


@contextmanager
def _connected(url: URL) -> Iterator[Connection]:
    engine = create_engine(
        url, isolation_level="AUTOCOMMIT", poolclass=NullPool, connect_args=CONNECT, hide_parameters=True
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(f"SET lock_timeout = '{_LOCK_TIMEOUT}'")
        yield connection


def _check_guarantees(connection: Connection, unsafe: bool) -> None:
    found = {name: _shown(connection, name) for name in _GUARANTEES}
    log.info("the database's guarantees: %s", ", ".join(f"{name}={value}" for name, value in found.items()))
    weak = [f"{name}={value}" for name, value in found.items() if value is not None and value not in _GUARANTEES[name]]
    if weak and not unsafe:
        raise StartFailed(
            f"The database could lose changes that it acknowledged: {', '.join(weak)}. Turn them on at the server, or "
            "set HAYMOW_UNSAFE_STORAGE=on where that does not matter."
        )


def _shown(connection: Connection, name: str) -> str | None:
    """A setting of the server; None, where it has none of this name, as distributed engines have."""
    with suppress(ProgrammingError):
        return str(connection.exec_driver_sql(f"SHOW {name}").scalar_one())
    return None


@contextmanager
def alone(connection: Connection) -> Iterator[None]:
    """Let one server migrate at a time, where the engine has such locks; elsewhere their commits decide."""
    with suppress(ProgrammingError):
        connection.exec_driver_sql("SET lock_timeout = 0")  # another start's migration is waited for
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
        connection.exec_driver_sql(f"SET lock_timeout = '{_LOCK_TIMEOUT}'")
    yield  # the lock goes with the connection


def _reason(error: DBAPIError) -> str:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if state[:2] in ("28", "3D"):
        return "The database does not let haymow in"
    return f"The database failed with {state}" if state else "The database cannot be reached"

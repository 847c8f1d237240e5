"""Bringing a shared database to this haymow's schema, and asking whether it keeps what it acknowledges."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError, NotSupportedError, ProgrammingError
from sqlalchemy.pool import NullPool

from haymow.errors import StartFailed
from haymow.server.database import schema
from haymow.server.database.postgres import CONNECT
from haymow.server.database.schema import Permission
from haymow.server.database.urls import name_of, words_of

log = logging.getLogger(__name__)

LOCK: Final = 0x6861796D6F77
""""haymow": the advisory lock of who migrates, so that no other program's is meant."""

_IN_THE_WAY: Final = {"55P03", "40001", "40P01"}  # a lock that took too long, and what the database ended
_LOCK_TIMEOUT: Final = "2s"
_ATTEMPTS: Final = 10
_PAUSE_SECONDS: Final = 1.0

_GUARANTEES: Final = {"fsync": {"on"}, "full_page_writes": {"on"}, "synchronous_commit": {"on", "remote_apply"}}
"""With these a commit that was acknowledged survives a crash; `remote_write` and `local` fall short of a standby's."""


def prepare(url: URL, permission: Permission, *, unsafe: bool) -> bool:
    """Migrate to HEAD when needed; whether it was. Raises StartFailed with one line: what is wrong, and what to do."""
    where = name_of(url)
    try:
        with _connected(url) as connection:
            _check_guarantees(connection, unsafe)
            return _migrated(connection, where, permission)
    except schema.Foreign:
        raise StartFailed(
            f"{where} holds tables that are not haymow's, and haymow leaves them alone. "
            "Make an empty database for it, and name that in HAYMOW_DATABASE_URL."
        ) from None
    except DBAPIError as error:
        log.debug("the database cannot be opened", exc_info=error)
        raise StartFailed(
            f"The database {where} {_reason(error)}. Check HAYMOW_DATABASE_URL and the server's log."
        ) from None


def _migrated(connection: Connection, where: str, permission: Permission) -> bool:
    """Servers go on working meanwhile: whoever uses a table now is waited for 2 s, then it is tried again."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return schema.migrate(connection, where, permission, partial(_alone, tell=permission.tell))
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _IN_THE_WAY:
                raise
            permission.tell(f"A table was in use for {_LOCK_TIMEOUT}; nothing was changed (attempt {attempt}).")
            time.sleep(random.uniform(0.5, 1.5) * _PAUSE_SECONDS)
    raise StartFailed(
        f"The schema of {where} could not be changed: other transactions hold its tables. Nothing was changed. "
        "End them, or run `haymow admin migrate` when less is going on."
    )


@contextmanager
def _connected(url: URL) -> Iterator[Connection]:
    engine = create_engine(
        url, isolation_level="AUTOCOMMIT", poolclass=NullPool, connect_args=CONNECT, hide_parameters=True
    )
    with _greeted(engine) as connection:
        with suppress(ProgrammingError):  # a migration that is killed lets its tables go at once
            connection.exec_driver_sql("SET client_connection_check_interval = '1s'")
        yield connection


def _greeted(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except AssertionError as error:  # SQLAlchemy's: it looks for "PostgreSQL" in what the server says of its version
        raise StartFailed(
            f"The server does not call itself PostgreSQL, and haymow cannot work with it. ({error})"
        ) from None


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
    """Keep every migration away for longer than a transaction, where the engine has such locks."""
    with suppress(ProgrammingError, NotSupportedError):
        connection.exec_driver_sql("SET lock_timeout = 0")  # another start's migration is waited for
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({LOCK})")
        connection.exec_driver_sql(f"SET lock_timeout = '{_LOCK_TIMEOUT}'")
    yield  # the lock goes with the connection


@contextmanager
def _alone(connection: Connection, tell: Callable[[str], None]) -> Iterator[None]:
    """A transaction with an advisory lock, where the engine has such locks; elsewhere their commits decide.

    The lock is the transaction's own: a pooler may stand between, and a migration that was killed leaves none.
    """
    has_locks = _has_locks(connection, tell)
    with schema.transaction(connection):
        if has_locks:
            connection.exec_driver_sql("SET LOCAL lock_timeout = 0")  # another migration is waited for
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
        yield


def _has_locks(connection: Connection, tell: Callable[[str], None]) -> bool:
    with suppress(ProgrammingError, NotSupportedError):
        if not connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({LOCK})").scalar_one():
            tell("Another migration is under way; waiting for its end.")
        return True
    return False


def _reason(error: DBAPIError) -> str:
    state = getattr(error.orig, "sqlstate", None)
    if state == "42501":
        return "lets its user make no tables (42501): make that user its owner"
    return f"failed with {state}" if state else f"cannot be opened: {words_of(error)}"

"""The database that tests run on: a file in the test's folder, or PostgreSQL with `--database=postgresql`.

A test names its data folder; on PostgreSQL each folder has a database of its own, which is there as long as the
session, so that what is stopped and started again finds what it left.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import psycopg

from haymow.server.database import Database, open_database
from haymow.server.settings import Settings
from tests import postgres

_TEMPLATE = "haymow_template"
_kind = "sqlite"


def choose(kind: str) -> None:
    """Run the session's tests on `sqlite` or on `postgresql`."""
    global _kind
    _kind = kind


def is_shared() -> bool:
    """Whether the tests run on PostgreSQL."""
    return _kind == "postgresql"


def settings(data: Path) -> Settings:
    """Settings of a house whose data folder is `data`."""
    return on_postgresql(data) if is_shared() else Settings(data=data)


def on_postgresql(data: Path) -> Settings:
    """The same on PostgreSQL, whatever the tests run on."""
    return _settings(data, _database_of(data))


def _settings(data: Path, database: str) -> Settings:
    return Settings(data=data, database_url=_server().text(database), unsafe_storage=True)


def environ(data: Path) -> Mapping[str, str]:
    """What a server in a process of its own is told, so that it opens the same database."""
    return (
        {"HAYMOW_DATABASE_URL": _server().text(_database_of(data)), "HAYMOW_UNSAFE_STORAGE": "on"}
        if is_shared()
        else {}
    )


def open_in(folder: Path) -> Database:
    """The database of a data folder, without a house."""
    return open_database(settings(folder))


def copy(source: Path, folder: Path) -> None:
    """Give `folder` what the closed house in `source` left."""
    shutil.copytree(source, folder, dirs_exist_ok=True)
    if is_shared():
        _make(_name(folder), _name(source))


def _database_of(data: Path) -> str:
    name = _name(data)
    _make(name, _TEMPLATE)
    return name


def _name(data: Path) -> str:
    return f"t{hashlib.sha256(str(data.absolute()).encode()).hexdigest()[:24]}"


_made: set[str] = set()


def _make(name: str, template: str) -> None:
    if name in _made:
        return
    _template()
    with psycopg.connect(_server().text(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    _made.add(name)


@cache
def _template() -> None:
    """A migrated database without rows, which others are copies of."""
    with psycopg.connect(_server().text(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {_TEMPLATE}")
    with tempfile.TemporaryDirectory() as folder:
        open_database(_settings(Path(folder), _TEMPLATE)).close()


def postgresql() -> postgres.Postgres:
    """The session's server, for what is about PostgreSQL whatever the tests run on."""
    return _server()


@cache
def _server() -> postgres.Postgres:
    """The session's. It syncs nothing: no test that pulls a plug uses it."""
    return postgres.create("-F")

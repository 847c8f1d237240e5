"""Where faults are made: servers of haymow on a database that keeps what it acknowledges, and their clients."""

from __future__ import annotations

import os
import shutil
import sqlite3
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.pool import NullPool

from haymow.server.database import open_database
from haymow.server.settings import Settings
from tests import postgres
from tests.conftest import client_of, definition
from tests.running import RunningServer, running

PLAIN = {"HAYMOW_UNSAFE_STORAGE": "", "HAYMOW_DATABASE_URL": ""}
"""Whatever the session's tests run on, nothing of it holds here."""


@dataclass
class Storage:
    """A database of a test's own. `url` is "" for SQLite, whose file is in the folder of the one server."""

    kind: str
    folder: Path
    url: str = ""
    started: list[Path] = field(default_factory=list)
    token: str = ""

    @property
    def is_shared(self) -> bool:
        return self.kind == "postgresql"

    @contextmanager
    def serving(self, name: str = "data", more: Mapping[str, str] | None = None) -> Iterator[RunningServer]:
        """A server, which knows the token of the first one's start."""
        told = {
            **PLAIN,
            "HAYMOW_DATABASE_URL": self.url,
            "HAYMOW_MASTER_KEY_FILE": str(self.folder / "master.key"),
            "HAYMOW_LOG": "json",
            **(more or {}),
        }
        with running(self.folder / name, more=told) as server:
            self.token = self.token or server.token
            self.started.append(self.folder / name)
            yield RunningServer(server.url, self.token, server.link, server.data, server.process, server.log)

    @contextmanager
    def client(self, server: RunningServer) -> Iterator[httpx.Client]:
        with client_of(server.url, self.token) as client:
            yield client

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """What somebody else finds or changes in the database."""
        if self.is_shared:
            with psycopg.connect(self.url, autocommit=True) as shared:
                cursor = shared.execute(statement)
                return cursor.fetchall() if cursor.description else []
        connection = sqlite3.connect(self.folder / "data" / "haymow.db", isolation_level=None, timeout=10)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()

    def engine(self) -> Engine:
        """For what is many rows, beside a server, too."""
        if self.is_shared:
            return create_engine(make_url(self.url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
        file = self.folder / "data" / "haymow.db"
        return create_engine(f"sqlite:///{file}", poolclass=NullPool, connect_args={"timeout": 30})

    def require_whole(self) -> None:
        """R3: what a fault left is no damaged file."""
        if not self.is_shared:
            assert self.sql("PRAGMA integrity_check") == [("ok",)]
            assert self.sql("PRAGMA foreign_key_check") == []


@contextmanager
def two_servers(storage: Storage, more: Mapping[str, str] | None = None) -> Iterator[tuple[RunningServer, ...]]:
    """Two of them on one database, the first one started first."""
    with ExitStack() as stack:
        yield tuple(stack.enter_context(storage.serving(name, more)) for name in ("one", "two"))


def models_of(client: httpx.Client) -> str:
    """The address of the default workspace's models."""
    workspace = client.get("/api/v1/workspaces/default").json()["workspace_id"]
    return f"/api/v2/workspaces/{workspace}/models"


def made(client: httpx.Client, name: str = "") -> str:
    """The address of a new model that may be changed."""
    path = models_of(client)
    answer = client.post(f"{path}/custom", json=definition(name or f"m-{uuid.uuid4().hex}"))
    assert answer.status_code == 201, answer.text
    return f"{path}/custom/{answer.json()['model_id']}"


def seen_at(address: str) -> str:
    """Where a model that may be changed is read."""
    return address.replace("/models/custom/", "/models/")


@cache
def durable() -> postgres.Postgres:
    """The session's PostgreSQL, which syncs what it commits. Tests that stop it have one of their own."""
    return postgres.create("")


def new_database(server: postgres.Postgres) -> str:
    """The URL of a new database, migrated."""
    name = f"f{uuid.uuid4().hex}"
    with psycopg.connect(server.text(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.text(name)


def migrated(url: str, folder: Path) -> str:
    open_database(Settings(data=folder, database_url=url)).close()
    return url


def through(url: str, port: int) -> str:
    """The same database by another port."""
    return make_url(url).set(port=port).render_as_string(hide_password=False)


def require(program: str) -> str:
    """A program that a test cannot do without. CI has to have it."""
    found = shutil.which(program)
    if found is None:
        missing(f"there is no {program} on this machine")
    return str(found)


def missing(why: str) -> None:
    """Leave a test out with its reason; where CI is set, that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"{why}, and CI has to have it")
    pytest.skip(why)

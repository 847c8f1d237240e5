"""A migration beside servers of the version before writes no table of theirs anew (docs/adr/0018)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

from haymow.server.database import schema
from tests import databases

_FILES = "SELECT relname, relfilenode FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    """An empty database of PostgreSQL's."""
    server = databases.postgresql()
    admin = create_engine(server.text().replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with admin.connect() as asked:
        asked.exec_driver_sql("CREATE DATABASE rewrites")
    url = server.text("rewrites").replace("postgresql://", "postgresql+psycopg://")
    with create_engine(url, isolation_level="AUTOCOMMIT").connect() as opened:
        yield opened


def files(connection: Connection) -> dict[str, int]:
    """Where each table is kept: another file after it was written anew."""
    return {name: file for name, file in connection.exec_driver_sql(_FILES) if name not in schema.OWN_TABLES}


def steps() -> list[tuple[str, str]]:
    """Each migration in its order, and which schema a haymow has to know to work with it."""
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    found = reversed(list(ScriptDirectory.from_config(config).walk_revisions()))
    return [(step.revision, getattr(step.module, "works_with", step.revision)) for step in found]


def test_what_works_with_the_version_before_rewrites_and_drops_nothing(connection: Connection) -> None:
    rewritten = {}
    for revision, _ in steps():
        before = files(connection)
        schema.upgrade(connection, "the test's database", revision)
        after = files(connection)
        rewritten[revision] = {name for name, file in before.items() if after.get(name) != file}
    assert {revision: rewritten[revision] for revision, oldest in steps() if oldest < revision} == {
        revision: set() for revision, oldest in steps() if oldest < revision
    }
    assert rewritten["0004"] == {"receipts"}, "a table that is made anew is not seen"

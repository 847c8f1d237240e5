"""What a distributed engine that speaks PostgreSQL would have to have: nothing that the usual ones lack.

None of them was run. Every statement, the tables and each migration are compiled for PostgreSQL and by CockroachDB's
own dialect, and held to a list of what they may use. That dialect (sqlalchemy-cockroachdb 2.0.4) asks for SQLAlchemy
before 2.1 and is installed beside 2.1 all the same: its compilers are thin layers on PostgreSQL's.
"""

from __future__ import annotations

import asyncio
import io
import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.config import Config
from alembic.ddl.postgresql import PostgresqlImpl
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Computed, Dialect, Integer, MetaData, Table, column, make_url, select, table
from sqlalchemy.exc import CompileError
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

from haymow.errors import StartFailed
from haymow.server.database import metadata, open_database, schema
from haymow.server.settings import Settings
from tests import databases
from tests.server.database import hearing
from tests.server.database.everything import everything
from tests.server.database.hearing import Heard


class CockroachImpl(PostgresqlImpl):
    """How Alembic is told of a dialect that it does not know."""

    __dialect__ = "cockroachdb"


DIALECTS: dict[str, Dialect] = {
    name: make_url(f"{name}+psycopg://").get_dialect()() for name in ("postgresql", "cockroachdb")
}
FUNCTIONS = {"coalesce", "count", "length", "max", "min", "sum", "substr", "lower"}
OF_A_RESTORE = {"setval", "pg_get_serial_sequence"}
"""Audit numbers go on above those that were restored, where a sequence gives them: the engines have both."""
WORDS = {  # what stands before a bracket and is no function
    "and", "as", "by", "exists", "filter", "from", "in", "not", "on", "or", "select", "values",
    "where", "when", "then",
}  # fmt: skip
LACKING = re.compile(r"(?i)\b(advisory|listen|notify|nextval|setval|ctid|xmin|tablesample|for update|extension|xml)\b")
IN_PASSING = {"registry/store.py: _visible", "registry/store.py: _saving"}
"""What makes prepared statements when its file is imported."""
KEYS = {"scope_id", "organization_id", "workspace_id", "seen_from"}
"""What a shard would be of; `seen_from` is a scope."""
OTHER_KEYS = {
    "users.user_id": "people are there before they belong to an organization, and are few",
    "users.email_key": "an address is one person's in the whole database",
    "tokens.token_id": "looked for before anything of its owner is known",
    "tokens.digest": "the same",
    "tokens.user_id": "the tokens of one person, when they leave",
    "tokens.parent_id": "what a token lent, when it is revoked",
    "audit.number": "one order of all changes, which servers hear of each other by",
    "removed_members.user_id": "few, and only while their tokens go",
    "vault.id": "one row",
    "receipts.at": "erasing what is old, a portion at a time",
    "request_limits.full_at": "the same",
    "chat_limits.until": "the same",
    "model_secrets.name": "which models name a secret; the scope is next",
}


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Heard:
    """Everything that is asked while a house does a little of everything."""
    hearing.import_rooms()
    with hearing.hearing() as found:
        asyncio.run(everything(tmp_path_factory.mktemp("everything")))
    return found


@pytest.fixture(scope="module")
def rooms() -> None:
    """All tables are there."""
    hearing.import_rooms()


def compiled(heard: Heard, dialect: Dialect) -> set[str]:
    """The SQL of every statement. SQLAlchemy's own looks at the catalog are each dialect's to write."""
    said = {str(one.compile(dialect=dialect)) for one in hearing.prepared()}
    said |= {str(one.compile(dialect=dialect, column_keys=names)) for one, names in heard.statements}
    return {sql for sql in said if "pg_catalog." not in sql}


def test_every_function_of_every_store_is_asked(heard: Heard) -> None:
    """Else there might be a statement that nobody compiles here."""
    silent = {
        f"{file.parent.name}/{file.name}: {name}"
        for file in hearing.stores()
        for name in hearing.functions(file)
        if (str(file), name) not in heard.functions
    }
    assert silent == IN_PASSING


@pytest.mark.parametrize("dialect", DIALECTS)
def test_statements_use_nothing_that_such_engines_lack(heard: Heard, dialect: str) -> None:
    said = compiled(heard, DIALECTS[dialect])
    assert len(hearing.prepared()) >= 10
    assert len(said) >= 140
    assert {sql for sql in said if faults(sql) - OF_A_RESTORE} == set()


@pytest.mark.usefixtures("rooms")
@pytest.mark.parametrize("dialect", DIALECTS)
def test_tables_use_nothing_that_such_engines_lack(dialect: str) -> None:
    tables = metadata.sorted_tables
    indexes = [index for one in tables for index in one.indexes]
    parts: list[ExecutableDDLElement] = [*map(CreateTable, tables), *map(CreateIndex, indexes)]
    said = [str(part.compile(dialect=DIALECTS[dialect])) for part in parts]
    assert len(said) > len(tables)
    assert [sql for sql in said if LACKING.search(sql)] == []


@pytest.mark.usefixtures("rooms")
@pytest.mark.parametrize("dialect", DIALECTS)
def test_migrations_use_nothing_that_such_engines_lack(dialect: str) -> None:
    said = io.StringIO()
    context = MigrationContext.configure(dialect=DIALECTS[dialect], opts={"as_sql": True, "output_buffer": said})
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    with Operations.context(context):
        for step in reversed(list(ScriptDirectory.from_config(config).walk_revisions())):
            step.module.upgrade()
    assert said.getvalue().count("CREATE TABLE") >= len(metadata.tables)
    assert LACKING.findall(said.getvalue()) == []


def test_it_is_the_compiler_of_cockroachdb_that_is_asked() -> None:
    """It quotes words of its own, and refuses what that engine has not."""
    said = str(select(column("index")).select_from(table("t")).compile(dialect=DIALECTS["cockroachdb"]))
    assert said.split() == ["SELECT", '"index"', "FROM", "t"]
    virtual = Table("t", MetaData(), Column("n", Integer, Computed("1", persisted=False)))
    with pytest.raises(CompileError):
        CreateTable(virtual).compile(dialect=DIALECTS["cockroachdb"])


def test_a_server_that_does_not_call_itself_postgresql_is_refused(tmp_path: Path) -> None:
    """As CockroachDB does not: SQLAlchemy's dialect for PostgreSQL, which migrates, reads no other version."""
    url = databases.postgresql().make("another_engine")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET allow_system_table_mods = on")
        said = "RETURNS text LANGUAGE sql AS $$ SELECT 'CockroachDB v25.2.1' $$"
        connection.execute(f"CREATE OR REPLACE FUNCTION pg_catalog.version() {said}")
    with pytest.raises(StartFailed, match=r"does not call itself PostgreSQL.*CockroachDB v25\.2\.1"):
        open_database(Settings(data=tmp_path, database_url=url, unsafe_storage=True))


@pytest.mark.parametrize(
    "sql", ["SELECT pg_advisory_lock(1)", "SELECT ctid FROM models", "SELECT 1 FOR UPDATE", "SELECT now()"]
)
def test_what_they_lack_is_found(sql: str) -> None:
    assert faults(sql)


def faults(sql: str) -> set[str]:
    """What a statement uses that is not known to be everywhere."""
    names = {name.lower() for name in re.findall(r"\b([A-Za-z_]+) ?\(", sql)}
    tables = {table.name for table in metadata.tables.values()} | schema.OWN_TABLES
    named_here = set(re.findall(r"WITH RECURSIVE (\w+)\(", sql))
    return {*LACKING.findall(sql), *(names - FUNCTIONS - WORDS - tables - named_here)}


@pytest.mark.usefixtures("rooms")
def test_keys_lead_with_what_a_shard_would_be_of() -> None:
    leading = {f"{table.name}.{column}" for table in metadata.tables.values() for column in first_columns(table)}
    assert {one for one in leading if one.partition(".")[2] not in KEYS} == set(OTHER_KEYS)


def first_columns(table: Table) -> set[str]:
    """The first column of the primary key, of each unique constraint and of each index."""
    uniques = [one for one in table.constraints if one.__visit_name__ == "unique_constraint"]
    keys: list[Any] = [table.primary_key, *uniques, *table.indexes]
    return {next(iter(key.columns)).name for key in keys}

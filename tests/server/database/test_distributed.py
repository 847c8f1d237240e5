"""What a distributed engine that speaks PostgreSQL would have to have: nothing that the usual ones lack.

None of them was run. CockroachDB's dialect for SQLAlchemy (sqlalchemy-cockroachdb 2.0.4) asks for SQLAlchemy before
2.1, so statements are compiled for PostgreSQL's dialect, which it extends, and held to a list of what they may use.
"""

from __future__ import annotations

import asyncio
import gc
import io
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, Table, event
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import DDLElement

import haymow.server
from haymow.server.database import Prepared, metadata, schema
from tests.conftest import definition
from tests.server.registry.inside import opened
from tests.server.registry.shelf import openai_config

DIALECT = postgresql.dialect()
FUNCTIONS = {"coalesce", "count", "length", "max", "min", "sum", "substr", "lower"}
WORDS = {  # what stands before a bracket and is no function
    "and", "as", "by", "exists", "filter", "from", "in", "not", "on", "or", "select", "values", "where", "when", "then",
}  # fmt: skip
LACKING = re.compile(r"(?i)\b(advisory|listen|notify|nextval|setval|ctid|xmin|tablesample|for update|extension|xml)\b")
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
    "vault.id": "one row",
    "receipts.at": "erasing what is old, a portion at a time",
    "request_limits.full_at": "the same",
    "chat_limits.until": "the same",
    "model_secrets.name": "which models name a secret; the scope is next",
}


@pytest.fixture(scope="module")
def rooms() -> None:
    """Every store is imported, so that all tables and prepared statements are there."""
    folder = Path(haymow.server.__file__).parent
    for file in [*folder.glob("*/tables.py"), *folder.glob("*/*store.py")]:
        import_module(f"haymow.server.{file.parent.name}.{file.stem}")


@pytest.fixture
def asked() -> Iterator[list[Any]]:
    """Every statement that SQLAlchemy is given, in whatever engine."""
    found: list[Any] = []

    def hear(_connection: Any, statement: Any, *_: Any) -> None:
        found.append(statement)

    event.listen(Engine, "before_execute", hear)
    yield found
    event.remove(Engine, "before_execute", hear)


async def everything(client: httpx.AsyncClient, prefix: str) -> None:
    """A request of each kind that reaches the database."""

    async def ask(method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = await client.request(method, path, json=body, headers=headers)
        assert answer.status_code < 300, (method, path, answer.text)
        return answer.json() if answer.content else None

    model = await ask("POST", f"{prefix}/models/custom", definition("m"), **{"idempotency-key": "k"})
    await ask("POST", f"{prefix}/models/custom", definition("m"), **{"idempotency-key": "k"})
    one, custom = f"{prefix}/models/{model['model_id']}", f"{prefix}/models/custom/{model['model_id']}"
    await ask("PATCH", custom, {"name": "n", "chat_generator_config": openai_config("OTHER")})
    secret = await ask("POST", f"{prefix}/secrets", {"name": "OTHER", "secret": "v"})
    mine = f"{prefix}/secrets/{secret['secret_id']}"
    person = {"given_name": "A", "family_name": "B", "email": "a@example.com", "role": "user"}
    member = await ask("POST", "/api/v2/members", person)
    await ask("PUT", f"{prefix}/members", {"user_id": member["user_id"], "role": "editor"})
    token = await ask("POST", "/api/v2/tokens", {"name": "t"})
    states = f"{prefix}/model_states?model_ids={model['model_id']}"
    for path in (
        one, f"{one}/revisions", f"{prefix}/models?connected=true&name=n&provider=openai&include_shadowed=true",
        f"{prefix}/models?q=n&sort=-updated_at&limit=1", f"{prefix}/secrets?limit=1",
        f"{prefix}/secrets?after={secret['secret_id']}", mine,
        f"{mine}/uses", f"{prefix}/audit?action=model&since=2020-01-01T00:00:00Z", "/api/v2/audit?before=5",
        f"{prefix}/members", "/api/v2/members", "/api/v2/tokens", "/api/v1/workspaces", f"{prefix}/openai/v1/models",
    ):  # fmt: skip
        await ask("GET", path)
    await client.get(states)
    await ask("PUT", mine, {"secret": "w", "hosts": ["api.openai.com"]})
    await ask("DELETE", custom)
    await ask("POST", f"{one}/revisions/1/restore")
    await ask("DELETE", f"/api/v2/tokens/{token['token_id']}")
    await ask("DELETE", f"{mine}?force=true")
    await ask("DELETE", f"{prefix}/members/{member['user_id']}")
    await ask("DELETE", f"/api/v2/members/{member['user_id']}")
    await ask("DELETE", "/api/v1/workspaces/default?force=true")


@pytest.mark.usefixtures("rooms")
def test_statements_use_nothing_that_such_engines_lack(tmp_path: Path, asked: list[Any]) -> None:
    async def story() -> None:
        async with opened(tmp_path) as (_, client, prefix):
            await everything(client, prefix)

    asyncio.run(story())
    prepared = [one._statement for one in gc.get_objects() if type(one) is Prepared]
    said = {str(one.compile(dialect=DIALECT)) for one in (*prepared, *asked) if not isinstance(one, DDLElement)}
    assert len(prepared) >= 10
    assert len(said) >= 60
    assert {sql for sql in said if faults(sql)} == set()


@pytest.mark.usefixtures("rooms")
def test_migrations_use_nothing_that_such_engines_lack() -> None:
    said = io.StringIO()
    context = MigrationContext.configure(dialect=DIALECT, opts={"as_sql": True, "output_buffer": said})
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    with Operations.context(context):
        for step in reversed(list(ScriptDirectory.from_config(config).walk_revisions())):
            step.module.upgrade()
    assert said.getvalue().count("CREATE TABLE") >= len(metadata.tables)
    assert LACKING.findall(said.getvalue()) == []


@pytest.mark.parametrize(
    "sql", ["SELECT pg_advisory_lock(1)", "SELECT ctid FROM models", "SELECT 1 FOR UPDATE", "SELECT now()"]
)
def test_what_they_lack_is_found(sql: str) -> None:
    assert faults(sql)


def faults(sql: str) -> set[str]:
    """What a statement uses that is not known to be everywhere."""
    names = {name.lower() for name in re.findall(r"\b([A-Za-z_]+) ?\(", sql)}
    tables = {table.name for table in metadata.tables.values()} | schema.OWN_TABLES
    return {*LACKING.findall(sql), *(names - FUNCTIONS - WORDS - tables)}


@pytest.mark.usefixtures("rooms")
def test_keys_lead_with_what_a_shard_would_be_of() -> None:
    leading = {f"{table.name}.{column}" for table in metadata.tables.values() for column in first_columns(table)}
    assert {one for one in leading if one.partition(".")[2] not in KEYS} == set(OTHER_KEYS)


def first_columns(table: Table) -> set[str]:
    """The first column of the primary key, of each unique constraint and of each index."""
    uniques = [one for one in table.constraints if one.__visit_name__ == "unique_constraint"]
    keys: list[Any] = [table.primary_key, *uniques, *table.indexes]
    return {next(iter(key.columns)).name for key in keys}

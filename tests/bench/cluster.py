"""A PostgreSQL that keeps what it acknowledges, databases of it with haymow's rows in them, and its own pgbench."""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import psycopg

from haymow.documents import to_text
from tests import postgres
from tests.bench import bodies, servers, stage
from tests.bench.jobs import Job
from tests.bench.servers import Server
from tests.bench.stage import Stage

TARGETS = 10_000
"""Of more models than these, so many, chosen at random, are asked for."""
SCRIPT = Path(__file__).parent / "update.pgbench.sql"
_WORDS = {
    "new_provider": "openai-0000000000", "new_tag": "0123456789ab", "secret": bodies.SECRET, "change": "update",
    "changes": "provider,chat_generator_config,generation_kwargs", "action": "model.update", "source": "127.0.0.1",
    "at": "2026-11-01 12:00:00.000001+00:00",
}  # fmt: skip
_RATE = re.compile(r"tps = ([0-9.]+)")

# The first model and its workspace, again and again under other ids, which pgbench can work out, too.
_MODEL, _WORKSPACE = "md5('m' || i)::uuid", "md5('w' || i % {workspaces})::uuid"
_MULTIPLIED = (
    ("workspaces", "workspace_id", {"workspace_id": "md5('w' || i)::uuid", "name": "'w' || i", "name_key": "'w' || i"}),
    ("models", "model_id", {"scope_id": _WORKSPACE, "model_id": _MODEL, "name": "'m' || i", "name_key": "'m' || i"}),
    ("model_secrets", "model_id", {"scope_id": _WORKSPACE, "model_id": _MODEL}),
    ("revisions", "model_id", {"scope_id": _WORKSPACE, "model_id": _MODEL}),
)


@dataclass
class Shared:
    """A database with `models` in so many `workspaces`, after a first start whose folder and token are in `first`."""

    cluster: postgres.Postgres
    database: str
    first: Stage
    models: int
    workspaces: int

    def copied(self) -> Shared:
        """The same rows in another database of the same PostgreSQL. No server may be connected."""
        name = f"{self.database}_copy"
        with psycopg.connect(self.cluster.text(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {self.database}")
        return replace(self, database=name)

    @contextmanager
    def served(self) -> Iterator[Server]:
        """One more server of it."""
        key = {"HAYMOW_MASTER_KEY_FILE": str(self.first.data / "master.key")}
        url = {"HAYMOW_DATABASE_URL": self.cluster.text(self.database)}
        with tempfile.TemporaryDirectory() as folder, servers.haymow(Path(folder, "data"), key | url) as server:
            yield server

    @cached_property
    def _addresses(self) -> list[tuple[str, str]]:
        """Workspace and model of those that are asked for."""
        numbers = ", ".join(str(random.randint(1, self.models)) for _ in range(min(TARGETS, self.models)))
        query = f"SELECT {_WORKSPACE}, {_MODEL} FROM unnest(ARRAY[{numbers}]) AS i"
        with psycopg.connect(self.cluster.text(self.database)) as connection:
            found = connection.execute(query.format(workspaces=self.workspaces)).fetchall()
        return [(str(workspace), str(model)) for workspace, model in found]

    def patches(self, port: int) -> Job:
        """Updates that change provider, config and generation_kwargs."""
        return self._job(self.first.patches(port), "models/custom/{1}")

    def reads(self, port: int) -> Job:
        """Reads of one model each."""
        return self._job(self.first.reads(port), "models/{1}")

    def lists(self, port: int) -> Job:
        """The first 100 models of workspaces."""
        return self._job(self.first.lists(port), "models?limit=100")

    def _job(self, job: Job, path: str) -> Job:
        prefix = "/api/v2/workspaces/{0}/"
        return replace(job, targets=[(prefix + path).format(*address) for address in self._addresses])

    @cached_property
    def _said(self) -> dict[str, str]:
        """What SCRIPT says in a PATCH's statements, by the names of its variables."""
        asked = json.loads(bodies.update() % {"n": 0})
        with psycopg.connect(self.cluster.text(self.database)) as connection:
            found = connection.execute(
                "SELECT requirements, updated_by, (SELECT organization_id FROM organizations) "
                "FROM models WHERE updated_by IS NOT NULL LIMIT 1"
            ).fetchone()
        required, *ids = map(str, found or ("", "", ""))
        texts = {"config": to_text(asked["chat_generator_config"]), "schema": to_text(asked["generation_kwargs"])}
        named = dict(
            zip(("person", "organization", "token", "server"), (*ids, str(uuid4()), str(uuid4())), strict=True)
        )
        return {**texts, **named, "required": required, **_WORDS}

    def pgbench(self, clients: int, seconds: float) -> float:
        """Updates per second by pgbench: what a PATCH says to the database, and nothing else."""
        connection = ("-h", "127.0.0.1", "-p", str(self.cluster.port), "-U", postgres.USER)
        values = {"models": self.models, "workspaces": self.workspaces, **self._said}
        said = postgres.run(
            "pgbench", "-n", "-M", "prepared", *connection, "-c", str(clients), "-T", str(max(1, round(seconds))),
            *(word for name, value in values.items() for word in ("-D", f"{name}={value}")), "-f", str(SCRIPT),
            self.database,
        )  # fmt: skip
        found = _RATE.search(said)
        if found is None:
            raise RuntimeError(f"pgbench said: {said}")
        return float(found[1])


def create(cluster: postgres.Postgres, folder: Path, models: int, workspaces: int) -> Shared:
    """haymow's first start on a new database, and so many models more, written by SQL."""
    database = f"bench_{models}"
    with psycopg.connect(cluster.text(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {database}")
    first = stage.begin(folder / database, models=1, more={"HAYMOW_DATABASE_URL": cluster.text(database)})
    with psycopg.connect(cluster.text(database), autocommit=True) as connection:
        for table, key, changed in _MULTIPLIED:
            of = first.workspace_id if table == "workspaces" else first.model_ids[0]
            _multiply(connection, table, f"{key} = '{of}'", changed, models, workspaces)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    return Shared(cluster, database, first, models, workspaces)


def _multiply(
    connection: psycopg.Connection, table: str, key: str, changed: Mapping[str, str], models: int, workspaces: int
) -> None:
    found = connection.execute(f"SELECT * FROM {table} LIMIT 0").description
    columns = [column.name for column in found or ()]
    values = ", ".join(changed.get(column, f"one.{column}") for column in columns)
    rows = workspaces - 1 if table == "workspaces" else models
    begin = 0 if table == "workspaces" else 1
    query = (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM generate_series({begin}, {rows}) AS i, "
        f"(SELECT * FROM {table} WHERE {key}) AS one"
    )
    connection.execute(query.format(workspaces=workspaces))

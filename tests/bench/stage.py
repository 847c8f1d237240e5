"""Data folders with models in them: the first ones made through the API, many more written beside a stopped server."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, create_engine, insert, select

from haymow.server.audit.tables import audit_table
from haymow.server.registry.tables import model_secrets_table, models_table, revisions_table
from tests.bench import bodies, jobs, servers
from tests.bench.jobs import Job
from tests.bench.servers import Server

FIRST_MODELS = 100
LISTED_MODELS = 5000
ROWS_AT_ONCE = 2000
TEAMS = ("billing", "claims", "legal", "research", "search", "support")
KINDS = ("claude-sonnet", "gpt-4o", "gpt-4o-mini", "llama-3.1-8b", "mistral-small")
T = TypeVar("T")

_TOKEN = re.compile(r"API token, shown this once: (\S+)")


@dataclass(frozen=True)
class Stage:
    """A data folder of a server that is not running, its administrator's token, and the workspace with the models."""

    data: Path
    token: str
    workspace_id: str
    model_ids: Sequence[str]

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    @property
    def prefix(self) -> str:
        return f"/api/v2/workspaces/{self.workspace_id}"

    @property
    def openai(self) -> str:
        """Where OpenAI's API begins."""
        return f"{self.prefix}/openai/v1"

    def patches(self, port: int, **more: Any) -> Job:
        """Updates that change provider, config and generation_kwargs, spread over the models."""
        targets = [f"{self.prefix}/models/custom/{model_id}" for model_id in self.model_ids]
        return Job(port, "PATCH", targets, self.headers, bodies.update(), **more)

    def reads(self, port: int, **more: Any) -> Job:
        """Reads of one model each, spread over the models."""
        targets = [f"{self.prefix}/models/{model_id}" for model_id in self.model_ids]
        return Job(port, "GET", targets, self.headers, **more)

    def lists(self, port: int, **more: Any) -> Job:
        """The first page of 100 models."""
        return Job(port, "GET", [f"{self.prefix}/models?limit=100"], self.headers, **more)

    def call(self, port: int, method: str, path: str, body: object = None) -> Any:
        """One request of the administrator's, and its document. Raises RuntimeError."""
        return call(port, method, path, self.headers, None if body is None else json.dumps(body))


def call(port: int, method: str, path: str, headers: Mapping[str, str], body: str | None = None) -> Any:
    """One request and the document of its answer. Raises RuntimeError for a status that is not 2xx."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body, {**headers, **({"content-type": "application/json"} if body else {})})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    if answer.status // 100 != 2:
        raise RuntimeError(f"{method} {path}: {answer.status} {text}")
    return json.loads(text) if text else None


def begin(data: Path, models: int = FIRST_MODELS, more: Mapping[str, str] | None = None) -> Stage:
    """haymow's first start: so many models of 2 KB and the secret they name, all through the API."""
    with servers.haymow(data, more) as server:
        stage = _entered(data, server)
        stage.call(server.port, "POST", f"{stage.prefix}/secrets", {"name": bodies.SECRET, "secret": "sk-of-the-bench"})
        job = Job(server.port, "POST", [f"{stage.prefix}/models/custom"], stage.headers, bodies.new_model(),
                  connections=8, requests=models)  # fmt: skip
        outcome = jobs.run(job)
        if outcome.failures:
            raise RuntimeError(f"the models could not be made: {outcome.failures} {outcome.example}")
        page = stage.call(server.port, "GET", f"{stage.prefix}/models?limit=100&origin=WORKSPACE")
        return replace(stage, model_ids=[model["model_id"] for model in page["data"]])


def add_served_model(stage: Stage, server: Server, upstream: Server) -> None:
    """A model that calls `upstream`, with its key."""
    host = f"127.0.0.1:{upstream.port}"
    secret = {"name": "BENCH_KEY", "secret": "sk-bench", "hosts": [host]}
    stage.call(server.port, "POST", f"{stage.prefix}/secrets", secret)
    model = bodies.served_model(f"http://{host}/v1")
    stage.call(server.port, "POST", f"{stage.prefix}/models/custom", model)


def copied(stage: Stage, data: Path) -> Stage:
    """A copy of a folder, as it is."""
    shutil.copytree(stage.data, data)
    return replace(stage, data=data)


def grown(stage: Stage, models: int, data: Path) -> Stage:
    """A copy of a folder with so many models: copies of one, written with SQLAlchemy Core into haymow's own tables."""
    shutil.copytree(stage.data, data)
    added = [uuid.uuid4() for _ in range(models - len(stage.model_ids))]
    engine = create_engine(f"sqlite:///{data / 'haymow.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA synchronous=OFF")
        for table in (models_table, model_secrets_table, revisions_table):
            _multiply(connection, table, table.c.model_id, uuid.UUID(stage.model_ids[0]), added)
        _multiply(connection, audit_table, audit_table.c.subject_id, uuid.UUID(stage.model_ids[0]), added)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    _put_on_disk(data / "haymow.db")
    return replace(stage, data=data, model_ids=[*stage.model_ids, *map(str, added)])


def _put_on_disk(file: Path) -> None:
    """Else the server's first checkpoint would write all that was made here, for seconds, and be measured with it."""
    with file.open("rb") as written:
        os.fsync(written.fileno())


def _entered(data: Path, server: Server) -> Stage:
    found = _TOKEN.search(server.log.read_text())
    if found is None:
        raise RuntimeError(f"haymow printed no token:\n{server.log.read_text()}")
    stage = Stage(data, found[1], "", ())
    workspaces = stage.call(server.port, "GET", "/api/v1/workspaces")
    return replace(stage, workspace_id=workspaces[0]["workspace_id"])


def _multiply(connection: Connection, table: Table, column: Any, model: uuid.UUID, added: Sequence[uuid.UUID]) -> None:
    rows = [dict(row) for row in connection.execute(select(table).where(column == model)).mappings()]
    for some in _portions(list(enumerate(added))):
        copies = [_copy(row, column.name, *one) for one in some for row in rows]
        connection.execute(insert(table), copies)


def _copy(row: dict[str, Any], column: str, number: int, model_id: uuid.UUID) -> dict[str, Any]:
    copy = {**row, column: model_id}
    copy.pop("number", None)
    if "name_key" in row:
        name = _name(number)
        copy |= {"name": name, "name_key": name}
    return copy


def _name(number: int) -> str:
    """As people name them, each once: random letters would be all that a packed list is made of."""
    chosen = random.Random(number)
    return f"{chosen.choice(TEAMS)}-{chosen.choice(KINDS)}-{number:06}"


def _portions(added: Sequence[T]) -> Iterator[Sequence[T]]:
    for at in range(0, len(added), ROWS_AT_ONCE):
        yield added[at : at + ROWS_AT_ONCE]

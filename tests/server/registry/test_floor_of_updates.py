"""The floor that an update on PostgreSQL is measured against says what an update says (tests/bench)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from haymow.server.database.line import Line
from tests.bench import bodies
from tests.bench.cluster import SCRIPT
from tests.server.registry.inside import opened

pytestmark = [pytest.mark.anyio, pytest.mark.shared("pgbench is PostgreSQL's")]

_PARAMETER = re.compile(r"\$\d+|md5\('\w' \|\| :\w::int\)|(?<!:):[a-z_]+|\bNULL(?=::)")
_JSON = {"content-type": "application/json"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def words(statement: str) -> str:
    """A statement without the names of its parameters, however it is broken into lines."""
    return " ".join(_PARAMETER.sub("?", statement).split())


def script() -> list[str]:
    lines = [line for line in SCRIPT.read_text().splitlines() if not line.startswith(("--", "\\"))]
    own = (r"\gset", "ON CONFLICT DO NOTHING")
    return [words(re.sub("|".join(map(re.escape, own)), "", line.rstrip(";"))) for line in lines]


async def test_pgbench_says_what_a_patch_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    send = Line.send

    def heard(line: Line, sql: str, values: object) -> object:
        said.append(words(sql))
        return send(line, sql, values)  # type: ignore[arg-type]  # whatever it was given

    async with opened(tmp_path / "data") as (_, client, workspace):
        made = await client.post(f"{workspace}/models/custom", content=bodies.new_model() % {"n": 1}, headers=_JSON)
        address = f"{workspace}/models/custom/{made.json()['model_id']}"
        await client.patch(address, content=bodies.update() % {"n": 2}, headers=_JSON)  # whose caller is known then
        monkeypatch.setattr(Line, "send", heard)
        answer = await client.patch(address, content=bodies.update() % {"n": 3}, headers=_JSON)
        monkeypatch.undo()
    assert answer.status_code == 200
    assert sorted(said) == sorted(script())

"""A haymow of a version to come: this one's files with one more migration, in a folder of their own."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import haymow
from haymow.server.database.schema import HEAD
from tests.running import environment, haymow_command

NEXT = "9001"
_STEP = '''"""What the next version needs."""

import os
import time
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"
works_with = "{works_with}"


def pause() -> None:
    Path(os.environ["PAUSE_BEGUN"]).touch()
    while not Path(os.environ["PAUSE_OVER"]).exists():
        op.execute("SELECT 1")  # it is at work: PostgreSQL ends a transaction in which nothing is asked for 5 s
        time.sleep(0.01)


def upgrade() -> None:
    op.add_column("models", sa.Column("color", sa.String(16), nullable=True))
    op.create_table("novelties", sa.Column("novelty_id", sa.Uuid(), primary_key=True))
    {then}
'''


@dataclass(frozen=True)
class NextVersion:
    """Where its packages are."""

    folder: Path

    def environ(self) -> Mapping[str, str]:
        return {"PYTHONPATH": str(self.folder)}

    def migrating(self, data: Path, more: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """`haymow admin migrate` of it, under way."""
        return subprocess.Popen(
            haymow_command("admin", "migrate"),
            env=environment(data, {**self.environ(), **(more or {})}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def migrate(self, data: Path) -> str:
        """Migrate, and what it said."""
        return finished(self.migrating(data))


def finished(process: subprocess.Popen[str]) -> str:
    """What a command said, which went well."""
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return said


def next_version(folder: Path, *, works_with: str = HEAD, then: str = "") -> NextVersion:
    """Make one whose migration adds a column and a table, and does `then` before it ends."""
    ours = Path(haymow.__file__).parent
    shutil.copytree(ours, folder / "haymow", ignore=shutil.ignore_patterns("__pycache__", "ui"))
    known = folder / "haymow" / "server" / "database" / "schema.py"
    text, changed = re.subn(rf'^HEAD = "{HEAD}"$', f'HEAD = "{NEXT}"', known.read_text(), flags=re.MULTILINE)
    assert changed == 1
    known.write_text(text)
    step = _STEP.format(revision=NEXT, before=HEAD, works_with=works_with, then=then)
    (known.parent / "migrations" / "versions" / f"{NEXT}_novelties.py").write_text(step)
    return NextVersion(folder)

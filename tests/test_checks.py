"""`make test` runs what is about one database alone on that one: elsewhere it is skipped, and nobody would miss it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.check import ON_POSTGRESQL

ROOT = Path(__file__).parent.parent
MARK = "pytest.mark." + "shared("  # in two, or this file would have it
ONLY_THERE = sorted(
    str(file.relative_to(ROOT)) for file in (ROOT / "tests").rglob("test_*.py") if MARK in file.read_text("utf-8")
)


@pytest.mark.parametrize("file", ONLY_THERE)
def test_what_is_about_postgresql_alone_runs_there(file: str) -> None:
    assert any(Path(file).is_relative_to(path) for path in ON_POSTGRESQL if not path.startswith("--"))

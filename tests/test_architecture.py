"""ARCHITECTURE.md against the tree: what it names is there, and every file of the server has its place in it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "ARCHITECTURE.md").read_text()
FOLDERS = ("src", "scripts", "tests", "docs", "web/src", "deploy")
FIVE = {"rules.py", "tables.py", "store.py", "service.py", "routes.py"}
"""What every room may have."""
SERVER = ROOT / "src" / "haymow" / "server"


def test_every_file_it_names_is_there() -> None:
    there = {f"/{path.relative_to(ROOT)}" for folder in FOLDERS for path in (ROOT / folder).rglob("*.*")}
    there |= {f"/{path.name}" for path in ROOT.glob("*.*")}
    named = set(re.findall(r"[\w./-]+\.(?:py|md|json|toml)\b", TEXT))
    assert {name for name in named if not any(path.endswith(f"/{name}") for path in there)} == set()


def test_every_file_of_the_server_is_told_of() -> None:
    in_rooms = {path.relative_to(SERVER) for path in SERVER.glob("*/*.py")}
    told = set(re.findall(r"[\w]+\.py", TEXT)) | FIVE | {"__init__.py"}
    assert {str(path) for path in in_rooms if path.name not in told} == set()


def test_every_file_and_room_of_the_server_stands_in_the_drawing() -> None:
    drawing = TEXT.split("```")[1]
    names = {path.stem for path in SERVER.iterdir() if not path.name.startswith("__")}
    assert {name for name in names if not re.search(rf"\b{name}\b", drawing)} == set()

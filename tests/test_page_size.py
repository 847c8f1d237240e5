"""What a browser fetches before it shows the models: gzipped, in kilobytes of 1000 bytes, from the built page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

BUILT = Path(__file__).parent.parent / "src" / "haymow" / "ui"
ENTRY = "index.html"
LIMIT = 450.0


def test_the_first_load_stays_within_its_limit(capsys: pytest.CaptureFixture[str]) -> None:
    files = javascript(ENTRY)
    kilobytes = sum((BUILT / f"{file}.gz").stat().st_size for file in files) / 1000
    with capsys.disabled():
        print(f"\nThe page's first load: {kilobytes:.0f} kB of JavaScript in {len(files)} files, {LIMIT:.0f} allowed")
    assert kilobytes < LIMIT


def test_the_editor_is_fetched_when_it_is_opened() -> None:
    assert manifest()["src/ui/editor/code-mirror.tsx"]["file"] not in javascript(ENTRY)


def test_the_first_requests_wait_for_no_other_script() -> None:
    scripts = re.findall(r'<script [^>]*src="\./([^"]+)"', (BUILT / ENTRY).read_text())
    early = next(chunk for chunk in manifest().values() if chunk.get("name") == "early")
    assert scripts == [early["file"], manifest()[ENTRY]["file"]]
    assert not early.get("imports")


def manifest() -> dict[str, Any]:
    chunks: dict[str, Any] = json.loads((BUILT / ".vite" / "manifest.json").read_text())
    return chunks


def javascript(*names: str) -> set[str]:
    """The files of these chunks, and of all that they import before they run."""
    chunks = manifest()
    seen, due = set[str](), list(names)
    while due:
        name = due.pop()
        if name not in seen:
            seen.add(name)
            due += chunks[name].get("imports", [])
    return {chunks[name]["file"] for name in seen}

"""Write docs/openapi.json, the document that haymow serves; `--check` compares, and exits 1 when it differs."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from haymow.server.app import open_house
from haymow.server.settings import Settings

TARGET = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"


async def document() -> str:
    """The document as text, in the order of its operations."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_house(Settings(data=Path(folder) / "data")) as house:
            return json.dumps(house.document(), indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    text = asyncio.run(document())
    if "--check" in sys.argv:
        same = TARGET.exists() and TARGET.read_text() == text
        print("docs/openapi.json is up to date" if same else "docs/openapi.json differs: run `make openapi`")
        return 0 if same else 1
    TARGET.write_text(text)
    print(f"wrote {TARGET.name}: {len(text)} characters")
    return 0


if __name__ == "__main__":
    sys.exit(main())

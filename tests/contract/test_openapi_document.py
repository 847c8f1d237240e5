"""docs/openapi.json is what haymow serves."""

from __future__ import annotations

import json
from pathlib import Path

import httpx

from tests.running import RunningServer

WRITTEN = Path(__file__).parents[2] / "docs" / "openapi.json"


def test_the_written_document_is_the_served_one(server: RunningServer) -> None:
    served = httpx.get(f"{server.url}/openapi.json").json()
    assert json.loads(WRITTEN.read_text()) == served, "run `make openapi`"

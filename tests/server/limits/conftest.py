"""A database for replicas to share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import databases
from tests.server.limits.replicas import Counted, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    database = databases.open_in(tmp_path)
    yield House(Counted(database))
    database.close()

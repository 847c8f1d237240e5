"""A filled database, made once and copied for each test, and the provider that its models call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import databases
from tests.server.archive.stock import Stock, fill
from tests.upstream import Upstream


@pytest.fixture(scope="session")
def provider() -> Iterator[Upstream]:
    with Upstream() as upstream:
        yield upstream


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, provider: Upstream) -> Stock:
    """Made once; for tests that only read it."""
    return fill(tmp_path_factory.mktemp("filled") / "data", provider.url)


@pytest.fixture
def stock(filled: Stock, tmp_path: Path) -> Stock:
    """A copy for one test."""
    (tmp_path / "stock").mkdir(mode=0o700)
    databases.copy(filled.folder, tmp_path / "stock")
    return Stock(tmp_path / "stock", filled.token)

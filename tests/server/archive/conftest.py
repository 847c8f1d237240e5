"""A filled database, made once and copied for each test, backups of it, and the provider that its models call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from haymow.server.archive import run_backup
from tests import databases
from tests.server.archive.stock import PASSPHRASE, Stock, fill, quiet
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


@pytest.fixture(scope="session")
def backup(filled: Stock, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With secrets; for tests that only read it."""
    file = tmp_path_factory.mktemp("backup") / "haymow.backup"
    run_backup(filled.settings, file, True, PASSPHRASE, quiet)
    return file


@pytest.fixture(scope="session")
def plain(filled: Stock, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without secrets and without a passphrase."""
    file = tmp_path_factory.mktemp("plain") / "haymow.backup"
    run_backup(filled.settings, file, False, None, quiet)
    return file

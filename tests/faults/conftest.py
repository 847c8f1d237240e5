"""The promises R1 to R18: each is broken on purpose, and what was seen is printed as a figure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.place import Storage, durable, new_database

Figure = Callable[[str, str], None]
_figures: list[tuple[str, str, str]] = []


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    """Say what was seen of a promise: it is in the table at the end."""

    def say(promise: str, seen: str) -> None:
        _figures.append((promise, seen, request.node.name))

    return say


@pytest.fixture
def late(request: pytest.FixtureRequest) -> float:
    """How many times as long as is promised something may take: once in `make faults`, which has a machine for itself.

    Among other tests, on a machine that does other things too, what takes longer says nothing.
    """
    return 1 if request.config.getoption("--thorough") else 4


@pytest.fixture(params=["sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """A durable database of either kind; the file of one is whole after each test."""
    kept = Storage(request.param, tmp_path, new_database(durable()) if request.param == "postgresql" else "")
    yield kept
    if kept.started:
        kept.require_whole()


@pytest.fixture
def shared(tmp_path: Path) -> Storage:
    """A durable database that servers share."""
    return Storage("postgresql", tmp_path, new_database(durable()))


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Storage]:
    """A durable database in a file, which is whole afterwards."""
    kept = Storage("sqlite", tmp_path)
    yield kept
    if kept.started:
        kept.require_whole()


@pytest.fixture(autouse=True)
def _takes(request: pytest.FixtureRequest) -> Iterator[None]:
    begun = time.monotonic()
    yield
    _took[request.node.name] = time.monotonic() - begun


_took: dict[str, float] = {}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not _figures:
        return
    terminalreporter.section("what was seen of the promises")
    for promise, seen, name in sorted(_figures, key=lambda one: int(one[0].split()[0][1:])):
        terminalreporter.write_line(f"{promise:24} {seen}   [{name}, {_took.get(name, 0):.0f} s]")

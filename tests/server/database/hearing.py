"""What haymow asks of its database: every statement that SQLAlchemy is given, and which functions ran."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import CodeType
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.schema import DDLElement

import haymow.server
from haymow.server.database import Prepared

ROOMS = Path(haymow.server.__file__).parent


@dataclass
class Heard:
    """Statements, each with the names that it was given values for, and functions by file and name."""

    statements: list[tuple[Any, list[str] | None]] = field(default_factory=list)
    functions: set[tuple[str, str]] = field(default_factory=set)


@contextmanager
def hearing() -> Iterator[Heard]:
    """Hear what is asked of whatever database while the block runs, in threads that begin meanwhile, too."""
    heard = Heard()

    def hear(_: Any, statement: Any, several: list[dict[str, Any]], values: dict[str, Any], __: Any) -> None:
        if not isinstance(statement, DDLElement):
            given = several[0] if several else values
            heard.statements.append((statement, sorted(given) or None))

    def note(frame: Any, what: str, _: Any) -> None:
        if what == "call":
            heard.functions.add((frame.f_code.co_filename, frame.f_code.co_qualname))

    for one in _of_the_rooms():
        if hasattr(one, "cache_clear"):  # what another test has asked would not be asked again
            one.cache_clear()
    event.listen(Engine, "before_execute", hear)
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield heard
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        event.remove(Engine, "before_execute", hear)


def stores() -> list[Path]:
    """The files with the rooms' SQL."""
    return sorted(ROOMS.glob("*/*store.py"))


def import_rooms() -> None:
    """Import every store, so that all tables and prepared statements are there."""
    for file in [*ROOMS.glob("*/tables.py"), *stores()]:
        import_module(f"haymow.server.{file.parent.name}.{file.stem}")


def prepared() -> list[Any]:
    """The statements of the hot path, which are handed to the driver: not those that other tests have made."""
    return [one._statement for one in _of_the_rooms() if type(one) is Prepared]


def _of_the_rooms() -> list[Any]:
    """What stands in haymow's modules by a name."""
    rooms = [module for name, module in sys.modules.items() if name.startswith("haymow.server.")]
    return [one for room in rooms for one in vars(room).values()]


def functions(file: Path) -> set[str]:
    """What a file defines, by its name there."""
    return {code.co_qualname for code in _inside(compile(file.read_text(), str(file), "exec"))}


def _inside(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            if not one.co_name.startswith("<"):
                yield one
            yield from _inside(one)

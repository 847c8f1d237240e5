"""Rows as they travel from one database to another: lines of JSON that are the same on both."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import BigInteger, Boolean, Column, Double, LargeBinary, MetaData, Table, Text, Uuid
from sqlalchemy.types import TypeEngine

from haymow.server.database.columns import UtcDateTime

_KINDS: Final[Mapping[type, str]] = {
    UUID: "uuid", bytes: "bytes", int: "integer", str: "text", bool: "boolean", float: "number",
}  # fmt: skip
_TYPES: Final[Mapping[str, Callable[[], TypeEngine[Any]]]] = {
    "uuid": Uuid, "time": UtcDateTime, "bytes": LargeBinary, "integer": BigInteger, "text": Text, "boolean": Boolean,
    "number": Double,
}  # fmt: skip
_DECODED: Final[Mapping[str, Callable[[Any], Any]]] = {
    "uuid": UUID,
    "time": datetime.fromisoformat,
    "bytes": base64.b64decode,
}
_MODULUS: Final = 2**256


@dataclass(frozen=True, slots=True)
class Shape:
    """A table's name and its columns, each with the kind of its values; what a row's line is read by."""

    name: str
    columns: tuple[tuple[str, str], ...]

    def table(self) -> Table:
        """The table as SQL is written for it, without its constraints, whatever today's haymow knows of it.

        Raises KeyError for a kind that is none.
        """
        return Table(self.name, MetaData(), *(Column(name, _TYPES[kind]()) for name, kind in self.columns))

    def values(self, lines: Iterable[bytes]) -> list[dict[str, Any]]:
        """The values of rows by column. Raises ValueError for a line that is no row of this table."""
        names = [name for name, _ in self.columns]
        decoders = [(place, _DECODED[kind]) for place, (_, kind) in enumerate(self.columns) if kind in _DECODED]
        return [_row(names, decoders, orjson.loads(line)) for line in lines]


def _row(names: Sequence[str], decoders: Sequence[tuple[int, Callable[[Any], Any]]], row: Any) -> dict[str, Any]:
    for place, decode in decoders:
        if row[place] is not None:
            row[place] = decode(row[place])
    return dict(zip(names, row, strict=True))


def shape_of(table: Table) -> Shape:
    """The shape of a table that a room declares."""
    return Shape(table.name, tuple((column.name, _kind(column.type)) for column in table.columns))


def _kind(of: TypeEngine[Any]) -> str:
    return "time" if isinstance(of, UtcDateTime) else _KINDS[of.python_type]


def line_of(row: Sequence[Any]) -> bytes:
    """A row as JSON: times in UTC, bytes in base64. Without a line's end."""
    return orjson.dumps(tuple(row), default=_encoded)


def _encoded(value: Any) -> str:
    return base64.b64encode(value).decode()


class Digest:
    """How many rows a table has, and a hash that does not depend on their order: the sum of the rows' SHA-256.

    Two databases sort texts differently, so no order could be relied on.
    """

    __slots__ = ("_sum", "rows")

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, line: bytes) -> None:
        """Count a row."""
        self.rows += 1
        self._sum += int.from_bytes(hashlib.sha256(line).digest(), "big")

    def hex(self) -> str:
        """The hash."""
        return f"{self._sum % _MODULUS:064x}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digest) and (self.rows, self.hex()) == (other.rows, other.hex())

    __hash__ = None  # type: ignore[assignment]  # it changes with each row

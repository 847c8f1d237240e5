"""Column types and the metadata that every room's tables belong to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import DateTime, Dialect, MetaData, Text
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeDecorator, TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)


CONFIDENTIAL: Final = "confidential"
"""In a table's `info`: why a backup without secrets leaves it out."""

ORDERED_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is compared byte by byte, so that lists have one order on every database, whatever its language."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC. SQLite keeps no time zone, so it is taken off and put back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(_SQLITE_TEXT if dialect.name == "sqlite" else self.impl_instance)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).isoformat(" ", "microseconds").removesuffix("+00:00")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name == "sqlite":
            return datetime.fromisoformat(f"{value}+00:00")
        aware: datetime = value.astimezone(UTC)
        return aware


class _SqliteText(sqlite.DATETIME):
    """Text as SQLAlchemy's own type writes it, which takes three times as long; an update has four times."""

    def bind_processor(self, dialect: Dialect) -> None:
        return None

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        return None

    def literal_processor(self, dialect: Dialect) -> Callable[[str], str]:
        return lambda text: f"'{text}'"


_SQLITE_TEXT = _SqliteText()  # type: ignore[no-untyped-call]  # SQLAlchemy's has no types

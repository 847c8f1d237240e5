"""The receipts table."""

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text, Uuid

from haymow.server.database import UtcDateTime, metadata

receipts_table = Table(
    "receipts",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("digest", LargeBinary(32), nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index(None, "at"),
)

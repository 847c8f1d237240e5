"""The audit table."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, Uuid

from haymow.server.database import UtcDateTime, metadata

audit_table = Table(
    "audit",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("organization_id", Uuid, nullable=False),
    Column("workspace_id", Uuid),
    Column("action", String(64), nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("subject_name", Text, nullable=False),
    Column("revision", Integer),
    Column("changes", Text, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("token_id", Uuid),
    Column("source", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("server", Uuid),
    Index(None, "organization_id", "number"),
    Index(None, "workspace_id", "number"),
)

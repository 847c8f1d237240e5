"""Tables of what replicas share of the limits."""

from sqlalchemy import Column, Integer, Table, Uuid

from haymow.server.database import UtcDateTime, metadata

request_limits_table = Table(
    "request_limits",
    metadata,
    Column("organization_id", Uuid, primary_key=True),
    Column("subject_id", Uuid, primary_key=True),
    # When the whole limit is there again.
    Column("full_at", UtcDateTime, nullable=False, index=True),
)

chat_limits_table = Table(
    "chat_limits",
    metadata,
    Column("organization_id", Uuid, primary_key=True),
    Column("subject_id", Uuid, primary_key=True),
    Column("replica", Uuid, primary_key=True),
    Column("chats", Integer, nullable=False),
    Column("until", UtcDateTime, nullable=False, index=True),
)

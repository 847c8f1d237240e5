"""The receipts table."""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Uuid

from haymow.server.database import CONFIDENTIAL, UtcDateTime, metadata

receipts_table = Table(
    "receipts",
    metadata,
    Column("organization_id", Uuid, primary_key=True),
    Column("user_id", Uuid, primary_key=True),
    Column("name", LargeBinary(32), primary_key=True),
    Column("workspace_id", Uuid, index=True),
    Column("digest", LargeBinary(32), nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("status", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    # Headers and body, encrypted. None of an answer that is still being made, and of one that is too large to keep.
    Column("sealed", LargeBinary),
    # Who is making the answer, and until when it is believed to be; none of an answer that was given.
    Column("holder", Uuid),
    Column("until", UtcDateTime),
    # How much a user has here is read from this index alone.
    Index(None, "organization_id", "user_id", "at", "size"),
    info={CONFIDENTIAL: "answers, a new token's text among them"},
)

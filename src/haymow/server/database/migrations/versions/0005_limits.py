"""What replicas share of the limits of requests and chats."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from haymow.server.database.columns import UtcDateTime

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
works_with: str = "0004"


def upgrade() -> None:
    op.create_table(
        "request_limits",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("full_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "subject_id", name=op.f("pk_request_limits")),
    )
    op.create_index(op.f("ix_request_limits_full_at"), "request_limits", ["full_at"], unique=False)
    op.create_table(
        "chat_limits",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("replica", sa.Uuid(), nullable=False),
        sa.Column("chats", sa.Integer(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "subject_id", "replica", name=op.f("pk_chat_limits")),
    )
    op.create_index(op.f("ix_chat_limits_until"), "chat_limits", ["until"], unique=False)

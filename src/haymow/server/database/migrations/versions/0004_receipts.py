"""Receipts of every POST: by organization and user, encrypted, and claimed while their answer is being made.

The table is made anew: what was kept by Idempotency-Key within the last 24 hours is forgotten by this upgrade.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from haymow.server.database.columns import UtcDateTime

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.drop_table("receipts")
    op.create_table(
        "receipts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.LargeBinary(length=32), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=True),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("holder", sa.Uuid(), nullable=True),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "user_id", "name", name=op.f("pk_receipts")),
    )
    op.create_index(op.f("ix_receipts_at"), "receipts", ["at"], unique=False)
    op.create_index(
        op.f("ix_receipts_organization_id_user_id_at_size"),
        "receipts",
        ["organization_id", "user_id", "at", "size"],
        unique=False,
    )
    op.create_index(op.f("ix_receipts_workspace_id"), "receipts", ["workspace_id"], unique=False)

"""Tokens of deleted workspaces and of removed members go in portions: whose are left, and an index to find them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from haymow.server.database.columns import UtcDateTime

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
works_with: str = "0007"


def upgrade() -> None:
    op.add_column("workspaces", sa.Column("deleted_at", UtcDateTime(), nullable=True))
    op.create_table(
        "removed_members",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_removed_members")),
    )
    # Not CONCURRENTLY: tokens are few for a table, and all that waits is who makes one or signs in (docs/adr/0018).
    limited = sa.text("workspace_id IS NOT NULL")
    op.create_index(
        op.f("ix_tokens_workspace_id"),
        "tokens",
        ["workspace_id"],
        unique=False,
        postgresql_where=limited,
        sqlite_where=limited,
    )

"""The last connection test of each model, from each scope it was tested from."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from haymow.server.database.columns import UtcDateTime

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "connection_tests",
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("seen_from", sa.Uuid(), nullable=False),
        sa.Column("tag", sa.String(length=16), nullable=False),
        sa.Column("secrets", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("latency_ms", sa.Integer(), nullable=True),
        sa.Column("tested_at", UtcDateTime(), nullable=False),
        sa.Column("tested_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["scope_id", "model_id"],
            ["models.scope_id", "models.model_id"],
            name=op.f("fk_connection_tests_scope_id_model_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("scope_id", "model_id", "seen_from", name=op.f("pk_connection_tests")),
    )
    op.create_index(op.f("ix_connection_tests_seen_from"), "connection_tests", ["seen_from"], unique=False)

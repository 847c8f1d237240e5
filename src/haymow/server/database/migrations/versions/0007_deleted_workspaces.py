"""Which workspaces are deleted and have still something left, that is taken away in portions."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from haymow.server.database.columns import UtcDateTime

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
works_with: str = "0006"


def upgrade() -> None:
    op.create_table(
        "deleted_workspaces",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_deleted_workspaces")),
    )

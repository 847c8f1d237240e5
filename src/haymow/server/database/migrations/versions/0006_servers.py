"""Which server made an audit record: so that each can tell the others' changes from its own."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
works_with: str = "0005"


def upgrade() -> None:
    op.add_column("audit", sa.Column("server", sa.Uuid(), nullable=True))

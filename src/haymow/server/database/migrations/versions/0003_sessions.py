"""Sessions of the page and links that begin one, beside the API tokens that they are like."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("tokens", sa.Column("kind", sa.String(length=8), nullable=False, server_default="token"))
    parent = sa.Column("parent_id", sa.Uuid(), sa.ForeignKey("tokens.token_id", ondelete="CASCADE"), nullable=True)
    op.add_column("tokens", parent, inline_references=True)
    op.create_index(op.f("ix_tokens_parent_id"), "tokens", ["parent_id"], unique=False)

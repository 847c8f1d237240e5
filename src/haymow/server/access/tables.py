"""Tables of organizations, people, workspaces, roles and tokens."""

from typing import Final

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from haymow.server.database import CONFIDENTIAL, ORDERED_TEXT, UtcDateTime, metadata

organizations_table = Table(
    "organizations",
    metadata,
    Column("organization_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

users_table = Table(
    "users",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("given_name", Text, nullable=False),
    Column("family_name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("email_key", ORDERED_TEXT, nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
)

members_table = Table(
    "members",
    metadata,
    Column("organization_id", Uuid, ForeignKey("organizations.organization_id"), primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.user_id"), primary_key=True),
    Column("role", Integer, nullable=False),
)

# Those whose tokens and sessions are still being taken away, in portions.
removed_members_table = Table(
    "removed_members",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("removed_at", UtcDateTime, nullable=False),
)

workspaces_table = Table(
    "workspaces",
    metadata,
    Column("workspace_id", Uuid, primary_key=True),
    Column("organization_id", Uuid, ForeignKey("organizations.organization_id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", ORDERED_TEXT, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    # Only of one that is deleted and whose tokens, which need the row, are still being taken away: nobody sees it.
    Column("deleted_at", UtcDateTime),
    UniqueConstraint("organization_id", "name_key"),
)

# Those whose tokens, models, secrets and the like are still being taken away, in portions.
deleted_workspaces_table = Table(
    "deleted_workspaces",
    metadata,
    Column("workspace_id", Uuid, primary_key=True),
    Column("deleted_at", UtcDateTime, nullable=False),
)

workspace_members_table = Table(
    "workspace_members",
    metadata,
    Column("workspace_id", Uuid, ForeignKey("workspaces.workspace_id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.user_id"), primary_key=True),
    Column("role", Integer, nullable=False),
)

_LIMITED: Final = text("workspace_id IS NOT NULL")

tokens_table = Table(
    "tokens",
    metadata,
    Column("token_id", Uuid, primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("prefix", String(16), nullable=False),
    Column("organization_id", Uuid, ForeignKey("organizations.organization_id"), nullable=False),
    Column("user_id", Uuid, ForeignKey("users.user_id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("role", Integer, nullable=False),
    Column("workspace_id", Uuid, ForeignKey("workspaces.workspace_id", ondelete="CASCADE")),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    # API tokens, and what is like them in all that matters: sessions of the page, and links that begin one.
    Column("kind", String(8), nullable=False, server_default="token"),
    Column("parent_id", Uuid, ForeignKey("tokens.token_id", ondelete="CASCADE"), index=True),
    Index("ix_tokens_workspace_id", "workspace_id", sqlite_where=_LIMITED, postgresql_where=_LIMITED),
    info={CONFIDENTIAL: "digests of tokens, and who has one"},
)

"""Tables of models, of the secrets they name, of their revisions, and of tests of their connections."""

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, String, Table, Text, Uuid, text

from haymow.server.database import ORDERED_TEXT, UtcDateTime, metadata

_LIVE = text("deleted_at IS NULL")

models_table = Table(
    "models",
    metadata,
    Column("scope_id", Uuid, primary_key=True),
    Column("model_id", Uuid, primary_key=True),
    Column("organization_id", Uuid),
    Column("name", Text, nullable=False),
    Column("name_key", ORDERED_TEXT, nullable=False),
    Column("provider", ORDERED_TEXT, nullable=False),
    Column("chat_generator_config", Text, nullable=False),
    Column("generation_kwargs", Text, nullable=False),
    Column("requirements", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("tag", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", Uuid),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("updated_by", Uuid),
    Column("deleted_at", UtcDateTime),
    # The race for a name is decided here; a deleted model's name is free again.
    Index(
        "uq_models_scope_id_name_key", "scope_id", "name_key", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE
    ),
)

model_secrets_table = Table(
    "model_secrets",
    metadata,
    Column("scope_id", Uuid, primary_key=True),
    Column("model_id", Uuid, primary_key=True),
    Column("name", Text, primary_key=True),
    ForeignKeyConstraint(["scope_id", "model_id"], ["models.scope_id", "models.model_id"], ondelete="CASCADE"),
    Index(None, "name", "scope_id"),
)

revisions_table = Table(
    "revisions",
    metadata,
    Column("scope_id", Uuid, primary_key=True),
    Column("model_id", Uuid, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("change", String(16), nullable=False),
    Column("changes", Text, nullable=False),
    Column("restored_from", Integer),
    Column("name", Text, nullable=False),
    Column("provider", ORDERED_TEXT, nullable=False),
    Column("chat_generator_config", Text, nullable=False),
    Column("generation_kwargs", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", Uuid),
    ForeignKeyConstraint(["scope_id", "model_id"], ["models.scope_id", "models.model_id"], ondelete="CASCADE"),
)

# The last test of each model from each scope it was tested from: the same model has other secrets elsewhere.
connection_tests_table = Table(
    "connection_tests",
    metadata,
    Column("scope_id", Uuid, primary_key=True),
    Column("model_id", Uuid, primary_key=True),
    Column("seen_from", Uuid, primary_key=True),
    Column("tag", String(16), nullable=False),
    Column("secrets", Text, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("latency_ms", Integer),
    Column("tested_at", UtcDateTime, nullable=False),
    Column("tested_by", Uuid, nullable=False),
    ForeignKeyConstraint(["scope_id", "model_id"], ["models.scope_id", "models.model_id"], ondelete="CASCADE"),
    Index(None, "seen_from"),
)

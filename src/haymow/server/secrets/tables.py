"""Tables of secrets and of the keys they are encrypted with."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint, Uuid

from haymow.server.database import CONFIDENTIAL, UtcDateTime, metadata

# Names are compared byte by byte, so that a list has one order on every database.
_NAME = String(128).with_variant(String(128, collation="C"), "postgresql")

vault_table = Table(
    "vault",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("key_check", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
    info={CONFIDENTIAL: "a text under the master key"},
)

data_keys_table = Table(
    "data_keys",
    metadata,
    Column("scope_id", Uuid, primary_key=True),
    Column("organization_id", Uuid, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    info={CONFIDENTIAL: "wrapped keys"},
)

secrets_table = Table(
    "secrets",
    metadata,
    Column("scope_id", Uuid, primary_key=True),
    Column("secret_id", Uuid, primary_key=True),
    Column("organization_id", Uuid, nullable=False),
    Column("name", _NAME, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
    Column("hosts", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", Uuid),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("updated_by", Uuid),
    UniqueConstraint("scope_id", "name"),
    Index(None, "scope_id", "created_at", "secret_id"),
    info={CONFIDENTIAL: "ciphertexts"},
)

# What a list needs to go on after a secret that was deleted meanwhile: people delete while they page.
deleted_secrets_table = Table(
    "deleted_secrets",
    metadata,
    Column("scope_id", Uuid, primary_key=True),
    Column("secret_id", Uuid, primary_key=True),
    Column("name", _NAME, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    info={CONFIDENTIAL: "of no use without the secrets"},
)

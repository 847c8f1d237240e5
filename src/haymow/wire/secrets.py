"""Secrets, which are only ever sent in, and the provider integrations made of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Final, Literal
from uuid import UUID

from pydantic import Field, RootModel, SecretStr, field_validator

from haymow.wire.shapes import Answer, Id, Query, Request

_HOSTS = (
    "The hosts the value may be sent to, each as host or host:port. Left out: the provider's own for its usual "
    "names, else the first host that a model's definition uses it for."
)


class CreateSecret(Request):
    """A new secret. A model's definition names it, like an environment variable."""

    name: str
    secret: SecretStr
    hosts: list[str] | None = Field(default=None, description=_HOSTS)


class ReplaceSecret(Request):
    """A new value for a secret, and with it the hosts it may be sent to."""

    read_only: ClassVar[frozenset[str]] = frozenset(
        {"name", "secret_id", "version", "origin", "created_at", "updated_at"}
    )

    secret: SecretStr
    hosts: list[str] | None = Field(default=None, description=_HOSTS)


class Secret(Answer):
    """A secret without its value. `version` counts the values it has had; `hosts` is null until it is bound."""

    name: str
    secret_id: UUID
    hosts: list[str] | None
    version: int
    origin: Literal["WORKSPACE", "ORGANIZATION"]
    created_at: datetime
    updated_at: datetime


class SecretListQuery(Query):
    """Which part of a list of secrets.

    `before` and `after` are the platform's, and mean what its clients use them for: `before` continues the list
    after the secret of that id, in whatever order was asked for; `after` goes back from it.
    """

    limit: int = Field(default=10, ge=1, le=100)
    field: Literal["created_at", "updated_at", "name"] = "created_at"
    order: Literal["ASC", "DESC"] = "DESC"
    before: Id | None = Field(default=None, description="The list goes on after the secret of this id.")
    after: Id | None = Field(default=None, description="The part of the list just before the secret of this id.")

    @field_validator("order", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value


class DeleteSecretQuery(Query):
    """Whether to delete a secret although models use it."""

    force: bool = False


class SecretList(Answer):
    """A part of a list of secrets; `total` counts the whole list."""

    data: list[Secret]
    has_more: bool
    total: int


class SecretUse(Answer):
    """A model that uses a secret; `workspace_id` is null for one of the organization or the platform."""

    model_id: UUID
    name: str
    workspace_id: UUID | None


class SecretUseList(Answer):
    """The models that use a secret, by name, as far as you may see them; `total` counts the others too."""

    data: list[SecretUse] = Field(description="At most 100.")
    has_more: bool = Field(description="Whether you may see more of them than are listed.")
    total: int


PLATFORM_INTEGRATION_PROVIDERS: Final = (
    "aws-bedrock",
    "azure-document-intelligence",
    "azure-openai",
    "cohere",
    "deepl",
    "google",
    "huggingface",
    "mongodb",
    "nvidia",
    "openai",
    "searchapi",
    "snowflake",
    "together-ai",
    "unstructured",
    "voyage-ai",
    "wandb-ai",
)
"""The providers that clients of the platform know (deepset-mcp 0.1.35): a list with another one in it fails there."""


class Integration(Answer):
    """A provider's usual secret, as the platform calls it. `provider_domain` is its first host, or empty."""

    invalid: bool
    model_registry_token_id: UUID
    provider: str
    provider_domain: str


class IntegrationList(RootModel[list[Integration]]):
    """Integrations by provider: a bare list, as the platform's clients expect it."""


class CreateIntegration(Request):
    """The value of a provider's usual secret."""

    token: SecretStr
    provider_domain: str | None = Field(default=None, description="The host the value may be sent to.")

"""Models and their revisions.

The JSON Schemas of UpdateModelRequest, Model and the types in them are the published ones word for word, so
these classes have comments where others have docstrings: a docstring would be added to the schema.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from haymow.wire.shapes import Answer, Id, PageQuery, Query, Request

_NAME = "The name of the model, e.g., 'gpt-5' or 'Claude 4 Sonnet'"
_PROVIDER = "The provider of the model, e.g., 'openai' or 'anthropic'"
_CONFIG = "The configuration for the chat generator as expected in a pipeline YAML"
_KWARGS = "The available generation kwargs for the model as OpenAPI schema"
_CONNECTED = "Whether the model is connected and ready to use (e.g., API key is set)"
_ORIGIN = (
    "Indicates if a model is a custom model saved in a workspace (WORKSPACE) or organization (ORGANIZATION) "
    "or a built-in model provided by the platform (PLATFORM)."
)


def _without_default(schema: JsonDict) -> None:
    """Leave out `default: null`, which the published schemas do not say."""
    schema.pop("default", None)


ModelName = Annotated[str, Field(description=_NAME)]
ModelProvider = Annotated[str, Field(description=_PROVIDER)]
ChatGeneratorConfig = Annotated[dict[str, Any], Field(description=_CONFIG)]
GenerationKwargs = Annotated[dict[str, Any], Field(description=_KWARGS)]
Connected = Annotated[bool | None, Field(description=_CONNECTED)]

# What may be left out, in a request or an answer; null says the same as leaving it out.
_NAME_OR_NULL = Annotated[str | None, Field(description=_NAME, json_schema_extra=_without_default)]
_PROVIDER_OR_NULL = Annotated[str | None, Field(description=_PROVIDER, json_schema_extra=_without_default)]
_CONFIG_OR_NULL = Annotated[dict[str, Any] | None, Field(description=_CONFIG, json_schema_extra=_without_default)]
_KWARGS_OR_NULL = Annotated[dict[str, Any] | None, Field(description=_KWARGS, json_schema_extra=_without_default)]


# Whose model it is.
class ModelOrigin(StrEnum):
    WORKSPACE = "WORKSPACE"
    ORGANIZATION = "ORGANIZATION"
    PLATFORM = "PLATFORM"


# A user as a model's answer names them.
class OauthUser(Answer):
    model_config = ConfigDict(title="Oauth User")

    given_name: str = Field(title="Given name", description="Given name of a user.")
    family_name: str = Field(title="Family name", description="Family name of a user.")
    user_id: UUID = Field(title="User ID", description="Unique identifier of a user.")


# A model as its readers see it. The four times and users are null for a model of the platform.
class Model(Answer):
    model_id: UUID = Field(description="The unique identifier of the model available for the node.")
    name: ModelName
    provider: ModelProvider
    connected: Connected
    origin: ModelOrigin = Field(default=ModelOrigin.PLATFORM, description=_ORIGIN)
    chat_generator_config: ChatGeneratorConfig
    generation_kwargs: GenerationKwargs
    created_by: OauthUser | None = Field(
        default=None, description="The user who created this model definition.", json_schema_extra=_without_default
    )
    last_updated_by: OauthUser | None = Field(
        default=None,
        description="The user who last updated this model definition.",
        json_schema_extra=_without_default,
    )
    created_at: datetime | None = Field(
        default=None,
        description="Timestamp when this model definition was created.",
        json_schema_extra=_without_default,
    )
    updated_at: datetime | None = Field(
        default=None,
        description="Timestamp when this model definition was last updated.",
        json_schema_extra=_without_default,
    )


EDITABLE = frozenset({"name", "provider", "chat_generator_config", "generation_kwargs"})
"""The fields of a model that a client sets; all others are haymow's to say."""


# A change of a model: what is left out or null stays as it is.
class UpdateModelRequest(Request):
    read_only: ClassVar[frozenset[str]] = frozenset(Model.model_fields) - EDITABLE

    name: _NAME_OR_NULL = None
    provider: _PROVIDER_OR_NULL = None
    chat_generator_config: _CONFIG_OR_NULL = None
    generation_kwargs: _KWARGS_OR_NULL = None


class CreateModelRequest(Request):
    """A new model; without `generation_kwargs`, callers may set any parameter."""

    read_only: ClassVar[frozenset[str]] = UpdateModelRequest.read_only

    name: ModelName
    provider: ModelProvider
    chat_generator_config: ChatGeneratorConfig
    generation_kwargs: GenerationKwargs = Field(default_factory=dict, json_schema_extra={"default": {}})


class ValidateModelRequest(Request):
    """What to try: with `model_id` as an update of that model, without it as a new one."""

    read_only: ClassVar[frozenset[str]] = UpdateModelRequest.read_only - {"model_id"}

    model_id: Id | None = Field(
        default=None, description="The unique identifier of the model to update.", json_schema_extra=_without_default
    )
    name: _NAME_OR_NULL = None
    provider: _PROVIDER_OR_NULL = None
    chat_generator_config: _CONFIG_OR_NULL = None
    generation_kwargs: _KWARGS_OR_NULL = None


class ValidationResult(Answer):
    """What creating or updating would have answered; nothing was changed.

    For a new model, its id, users and times are null: they are only given to what is saved.
    """

    model_id: UUID | None = Field(description="The unique identifier of the model, null for a new one.")
    name: ModelName
    provider: ModelProvider
    connected: Connected
    origin: ModelOrigin = Field(description=_ORIGIN)
    chat_generator_config: ChatGeneratorConfig
    generation_kwargs: GenerationKwargs
    created_by: OauthUser | None
    last_updated_by: OauthUser | None
    created_at: datetime | None
    updated_at: datetime | None


Sort = Literal["name", "-name", "provider", "-provider", "created_at", "-created_at", "updated_at", "-updated_at"]


class ModelListQuery(PageQuery):
    """Which models: the filters all have to hold; `q` is part of a name, whatever its case."""

    connected: bool | None = Field(default=None, description="Only models that are connected, or that are not.")
    provider: str | None = Field(default=None, description="Only models of this provider.")
    origin: Literal["WORKSPACE", "ORGANIZATION", "PLATFORM"] | None = Field(default=None, description=_ORIGIN)
    name: str | None = Field(default=None, description="Only the model of this name.")
    q: str | None = Field(default=None, description="Only models whose name has this in it.")
    sort: Sort = Field(default="name", description="The field to sort by; a minus sign turns the order around.")
    include_shadowed: bool = Field(default=False, description="Also models that another of the same name hides.")


class ModelQuery(Query):
    """How new a model has to be: `min_revision` is the number at the beginning of an ETag."""

    min_revision: int = Field(
        default=0,
        ge=0,
        le=2**31 - 1,
        description="Wait for this revision or a later one, for a second at most; else the answer is 412.",
    )


class PipelineQuery(Query):
    """Which pipeline: a component that holds the model's chat generator, and which chat generator that is."""

    component: Literal["llm", "agent", "generator"] = Field(
        default="llm", description="An LLM, an Agent, or the chat generator by itself."
    )
    mode: Literal["remote", "local", "pasted"] = Field(
        default="remote",
        description="HaymowChatGenerator in its remote or its local mode, or the model's own chat_generator_config.",
    )


class ModelList(Answer):
    """A page of models; `total` counts the models of all pages."""

    data: list[Model]
    has_more: bool
    total: int


Change = Literal["create", "update", "restore", "delete"]


class Revision(Answer):
    """A model's definition as it was saved once. Revisions count from 1 and never change."""

    model_id: UUID
    revision: int
    change: Change = Field(description="What made this revision.")
    changes: list[str] = Field(description="The fields that differ from the revision before.")
    restored_from: int | None = Field(description="The revision that was restored, if one was.")
    name: ModelName
    provider: ModelProvider
    chat_generator_config: ChatGeneratorConfig
    generation_kwargs: GenerationKwargs
    created_by: OauthUser | None
    created_at: datetime


class RevisionList(Answer):
    """A page of a model's revisions, newest first; `total` counts those of all pages."""

    data: list[Revision]
    has_more: bool
    total: int


Reason = Literal[
    "ok",
    "missing_secret",
    "invalid_credentials",
    "model_not_found",
    "unreachable",
    "blocked_by_policy",
    "rate_limited",
    "timeout",
    "incompatible",
]


class ConnectionTest(Answer):
    """What one small chat with a model came to; its failure is an answer too."""

    ok: bool = Field(description="Whether the model answered.")
    reason: Reason = Field(description="How it ended, for programs; ok or why not.")
    detail: str = Field(description="What to do, for people. The provider's own words are never in it.")
    latency_ms: int | None = Field(description="How long the call took, in milliseconds; null when none went out.")
    tested_at: datetime


class ModelStatesQuery(Query):
    """Whose states: the parameter is repeated for each model."""

    model_id: list[Id] = Field(
        min_length=1, max_length=100, description="The models to look at: model_id=...&model_id=..., at most 100."
    )


StateReason = Literal[Reason, "untested", "not_installed"]


class Namesake(Answer):
    """Another model of the same name, seen from the same place."""

    model_id: UUID
    origin: ModelOrigin


class ModelState(Answer):
    """What stands between a model and its next chat, as seen from here."""

    model_id: UUID
    connected: Connected
    reason: StateReason = Field(
        description="What the model lacks, for programs: a secret, its generator's package, a test; else how its last "
        "connection test ended. A test counts while neither the model nor its secrets have changed."
    )
    detail: str = Field(description="The same for people, with what to do.")
    missing_secrets: list[str] = Field(
        description="The names of secrets that are not there or may not be sent where the model calls; of those that "
        "stand for each other, any one is enough."
    )
    tested_at: datetime | None = Field(description="When the connection test was made that still counts.")
    latency_ms: int | None = Field(description="How long its call took, in milliseconds; null when none went out.")
    shadowed_by: Namesake | None = Field(description="The nearer model of this name, which chats mean instead.")
    shadows: list[Namesake] = Field(description="The models of this name that this one hides, the nearest first.")


class ModelStateList(Answer):
    """States in the order asked for; models that cannot be seen from here are left out."""

    data: list[ModelState]

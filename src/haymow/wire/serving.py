"""The OpenAI-compatible operations: as much of their types as haymow itself reads, the rest is passed on."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from haymow.wire.shapes import Answer


class ChatCompletionRequest(BaseModel):
    """A chat completion; other parameters are checked against the model's `generation_kwargs`."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, hide_input_in_errors=True)

    model: str = Field(description="A model's name, or its id.")
    messages: list[dict[str, Any]] = Field(min_length=1)
    stream: bool | None = None


class ChatMessage(Answer):
    """What the model said."""

    role: Literal["assistant"]
    content: str | None
    tool_calls: list[dict[str, Any]] | None = None


class ChatChoice(Answer):
    """One completion."""

    index: int
    message: ChatMessage
    finish_reason: str | None


class ChatCompletion(Answer):
    """A finished chat completion; `created` is in seconds since 1970."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChatChoice]
    usage: dict[str, Any] | None = None


class ServedModel(Answer):
    """A model that can be called; `created` is in seconds since 1970."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class ServedModelsQuery(BaseModel):
    """A part of the models that can be called."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    after: str | None = Field(None, max_length=255, description="The last name of the part before.")
    limit: int | None = Field(None, ge=1, le=10_000, description="The most that are listed; without it, all.")


class ServedModelList(Answer):
    """The models that can be called, by name; `has_more` says that there are further ones after the last."""

    object: Literal["list"]
    data: list[ServedModel]
    has_more: bool


class ServingFailure(Answer):
    """What OpenAI's clients read of a failure."""

    message: str
    type: str
    param: str | None
    code: str | None


class ServingProblem(Answer):
    """A failure in OpenAI's shape."""

    error: ServingFailure

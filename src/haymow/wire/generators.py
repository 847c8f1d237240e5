"""What haymow knows of Haystack's chat generators and of the providers they call."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from haymow.wire.shapes import Answer


class GeneratorInfo(Answer):
    """A chat generator that haymow knows."""

    name: str = Field(description="The class, such as OpenAIChatGenerator; unique among the known generators.")
    type: str = Field(description="The class with its module, as `chat_generator_config.type` is stored.")
    status: Literal["available", "refused"] = Field(description="Whether a definition may name it.")
    reason: str | None = Field(description="Why it is refused.")
    package: str = Field(description="The distribution that holds it.")
    installed: bool = Field(description="Whether that distribution is installed here, so that models can answer.")


class Generator(GeneratorInfo):
    """A chat generator with the JSON Schema (draft 2020-12) of its `init_parameters`."""

    init_parameters: dict[str, Any]


class GeneratorList(Answer):
    """Every known chat generator."""

    data: list[GeneratorInfo]
    has_more: bool
    total: int


class Provider(Answer):
    """A well-known provider: how models name it, what its secrets are usually called and where they may go."""

    provider: str = Field(description="The slug, such as openai.")
    generators: list[str] = Field(description="Names of the generators that call it.")
    secret_names: list[str]
    hosts: list[str] = Field(description="Each as host:port; empty where every customer has a host of their own.")


class ProviderList(Answer):
    """Every well-known provider."""

    data: list[Provider]
    has_more: bool
    total: int

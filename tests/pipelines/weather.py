"""A tool that pipelines name in their YAML."""

from __future__ import annotations

from typing import Annotated


def weather(city: Annotated[str, "The city"]) -> str:
    """The weather of a city."""
    return f"It is sunny in {city}."


def print_chunk(chunk: object) -> None:
    """A streaming callback that a pipeline names in its YAML."""
    seen.append(chunk)


seen: list[object] = []

"""The well-known providers, from `providers.json`: kept by hand, held to the generators' signatures by a test."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

_FILE: Final = Path(__file__).parent / "providers.json"


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider of language models, or of a service that the platform's clients know an integration of.

    `slug` is how models name it in `provider`, and the platform in its integrations. `secret_names` are the usual
    ones, the one an integration is kept under first. `hosts` are `host:port` where those secrets belong, in which
    `*` stands for one label; it is empty where every customer has a host of their own. `generators` are short
    class names.
    """

    slug: str
    title: str
    secret_names: tuple[str, ...]
    hosts: tuple[str, ...]
    generators: tuple[str, ...]


@cache
def providers() -> tuple[Provider, ...]:
    """Every provider haymow knows, by slug."""
    entries = json.loads(_FILE.read_bytes())["providers"]
    return tuple(sorted(map(_provider, entries), key=lambda provider: provider.slug))


def provider_named(slug: str) -> Provider | None:
    """The provider of this slug; None when haymow does not know it."""
    return next((provider for provider in providers() if provider.slug == slug), None)


def usual_hosts(secret_name: str) -> tuple[str, ...]:
    """The hosts a secret of this name usually belongs to; none when the name says nothing."""
    return _hosts_by_name().get(secret_name, ())


@cache
def _hosts_by_name() -> dict[str, tuple[str, ...]]:
    return {name: provider.hosts for provider in providers() for name in provider.secret_names}


def _provider(entry: dict[str, Any]) -> Provider:
    return Provider(
        slug=entry["slug"],
        title=entry["title"],
        secret_names=tuple(entry["secret_names"]),
        hosts=tuple(entry["hosts"]),
        generators=tuple(entry["generators"]),
    )

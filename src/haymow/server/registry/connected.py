"""Whether a model is connected as seen from a scope: by the secrets it would send, and by its last test."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from haymow.generators.definitions.hosts import admits
from haymow.server.registry import rules
from haymow.server.registry.rules import Key, Requirements, Scope, Tested
from haymow.server.secrets import service as secrets_room
from haymow.server.secrets.rules import SecretRef

if TYPE_CHECKING:
    from sqlalchemy import Connection

Refs = Mapping[str, SecretRef]
"""What names of secrets mean in a scope."""


def refs_of(connection: Connection, scope: Scope, names: Iterable[str]) -> dict[str, SecretRef]:
    """What names of secrets mean in `scope`."""
    return secrets_room.resolve(connection, scope.secret_scopes, set(names))


def sendable(refs: Refs, required: Requirements) -> dict[str, SecretRef]:
    """Of the secrets that a model names, those that exist and may be sent where it calls, in the order of names."""
    to = required.destination
    if to is None:
        return {}
    return {name: refs[name] for name in sorted(required.uses) if name in refs and admits(refs[name].hosts, to)}


def versions_of(secrets: Iterable[SecretRef]) -> str:
    """A text that differs when one of these secrets is another one, or has another value."""
    return ",".join(f"{ref.secret_id}:{ref.version}" for ref in secrets)


def is_connected(refs: Refs, required: Requirements, tested: Tested | None) -> bool | None:
    """`connected` of a model; a test that was made with other values than `refs` says nothing any more."""
    secrets = sendable(refs, required)
    if tested is None or tested.secrets != versions_of(secrets.values()):
        return rules.is_connected(required.needs, secrets)
    return rules.is_connected(required.needs, secrets, tested.passed)


def decided(refs: Refs, tests: Mapping[Key, Tested]) -> Callable[[Key, Requirements], bool | None]:
    """`connected` of any of the models that `tests` were made of, or not; what is the same is decided once."""
    decide = cache(lambda required, tested: is_connected(refs, required, tested))
    # Most workspaces have tested few models or none, and a key's hash costs more than the rest.
    return lambda key, required: decide(required, tests.get(key) if tests else None)

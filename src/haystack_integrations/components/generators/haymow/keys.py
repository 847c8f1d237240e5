"""The keys of this process's environment, and where a definition may send them.

Whoever may change a model in haymow writes its definition, so a definition alone sends no key anywhere: a key goes to
its provider's own hosts, and further only where the pipeline itself says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from haystack.utils import Secret

from haymow.catalog import providers, usual_hosts
from haymow.errors import Conflict, Denied
from haymow.generators.definitions.hosts import admits, host_of


@dataclass(frozen=True, slots=True)
class Keys:
    """`hosts` are those beside the providers' own that a definition may call, each with the keys that may go there."""

    hosts: Mapping[str, tuple[str, ...]]

    def require_destination(self, generator: str, destination: str, default: str | None) -> None:
        """Raises Denied unless a generator may call `destination`; `default` is where it calls by itself."""
        own = [host for provider in providers() if generator in provider.generators for host in provider.hosts]
        if destination == default or admits([*own, *self.hosts], destination):
            return
        raise Denied(
            f"The model calls {destination}, which is not its provider's own address. If that is right, say so in the "
            f'pipeline: local_hosts={{"{destination}": []}}, with the names of the keys that may go there in the list.'
        )

    def require_set(self, needs: Iterable[tuple[str, ...]]) -> None:
        """Raises Conflict unless one key of each need is set."""
        for names in needs:
            if all(value_of(name) is None for name in names):
                raise Conflict(
                    f"This model needs the environment variable {' or '.join(names)} in the pipeline's process. "
                    "Set it, or use remote mode, where the key stays in haymow.",
                    code="missing_secret",
                )

    def value(self, names: Iterable[str], destination: str) -> str | None:
        """The first of these keys that is set. Raises Denied when it may not be sent to `destination`."""
        for name in names:
            value = value_of(name)
            if value is not None:
                self._require(name, destination)
                return value
        return None

    def _require(self, name: str, destination: str) -> None:
        if admits(usual_hosts(name), destination) or any(name in allowed for allowed in self._covering(destination)):
            return
        raise Denied(
            f"The model would send {name} of this environment to {destination}. If that is right, say so in the "
            f'pipeline: local_hosts={{"{destination}": ["{name}"]}}.'
        )

    def _covering(self, destination: str) -> Iterator[Sequence[str]]:
        """What may go there, by each of the hosts that cover it."""
        return (names for host, names in self.hosts.items() if admits((host,), destination))


def keys_from(local_hosts: Mapping[str, Sequence[str]] | None) -> Keys:
    """Read `local_hosts` of a component. Raises ValueError for what is no host."""
    return Keys({host_of(host): tuple(names) for host, names in (local_hosts or {}).items()})


def value_of(name: str) -> str | None:
    """A key of this process's environment; None where it is not set, or empty."""
    value = Secret.from_env_var(name, strict=False).resolve_value()
    return str(value) if value else None

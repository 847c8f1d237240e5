"""Provider integrations, as the platform calls them: the organization's secrets of the providers' usual names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from haymow.catalog import Provider, provider_named, providers
from haymow.errors import NotFound
from haymow.server.audit.rules import Actor
from haymow.server.secrets.rules import Entered, SecretRef, SecretScope
from haymow.server.secrets.service import Secrets, Sees

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Integration:
    """A provider and the secret that its calls are made with."""

    provider: str
    ref: SecretRef

    @property
    def domain(self) -> str:
        """The secret's first host without its port; empty while it is unbound."""
        return self.ref.hosts[0].removeprefix("http://").rpartition(":")[0] if self.ref.hosts else ""


@dataclass(frozen=True)
class Integrations:
    """Reads and enters them; who may do what is for the caller to have decided."""

    secrets: Secrets

    async def list(self, organization_id: UUID) -> list[Integration]:
        """Every provider that the organization has a secret for, by slug."""
        names = [name for provider in providers() for name in provider.secret_names]
        refs = await self.secrets.named(SecretScope(organization_id), names)
        found = [(provider, _first(provider, refs)) for provider in providers()]
        return [Integration(provider.slug, ref) for provider, ref in found if ref is not None]

    async def get(self, organization_id: UUID, slug: str) -> Integration:
        """Raises NotFound."""
        provider = _provider(slug)
        ref = _first(provider, await self.secrets.named(SecretScope(organization_id), provider.secret_names))
        if ref is None:
            raise NotFound(
                "There is no integration of this provider here. Enter its token with POST.", code="secret_not_found"
            )
        return Integration(slug, ref)

    def creating(self, actor: Actor, slug: str, entered: Entered) -> Callable[[Connection], Integration]:
        """The unit of work that enters a new one, for the secrets' `write`; it raises Conflict when there is one.

        Raises NotFound for a provider without a usual secret.
        """
        name = _provider(slug).secret_names[0]
        create = self.secrets.creating(actor, SecretScope(actor.organization_id), name, entered)
        return lambda connection: Integration(slug, create(connection).ref)

    async def put(self, actor: Actor, slug: str, entered: Entered) -> tuple[Integration, bool]:
        """Enter a new token under the name in use, else under the first usual one; True when it is new."""
        provider, scope = _provider(slug), SecretScope(actor.organization_id)
        ref = _first(provider, await self.secrets.named(scope, provider.secret_names))
        name = provider.secret_names[0] if ref is None else ref.name
        secret, is_new = await self.secrets.put(actor, scope, name, entered)
        return Integration(slug, secret.ref), is_new

    async def delete(self, actor: Actor, slug: str, force: bool, sees: Sees) -> None:
        """Raises NotFound, Conflict when models use the secret and `force` is not given."""
        found = await self.get(actor.organization_id, slug)
        await self.secrets.delete(actor, SecretScope(actor.organization_id), found.ref.secret_id, force, sees)


def require_known(slug: str) -> None:
    """Raises NotFound for a provider that has no integration."""
    _provider(slug)


def _provider(slug: str) -> Provider:
    found = provider_named(slug)
    if found is None or not found.secret_names:
        raise NotFound("haymow knows no integration of this name. GET /api/v2/providers lists the providers.")
    return found


def _first(provider: Provider, refs: Mapping[str, SecretRef]) -> SecretRef | None:
    return next((refs[name] for name in provider.secret_names if name in refs), None)

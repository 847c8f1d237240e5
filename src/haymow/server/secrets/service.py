"""Entering, listing, using and deleting secrets. A value goes in boxed, and comes out boxed, for serving alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from haymow.catalog import usual_hosts
from haymow.errors import Fault, Invalid, NotFound
from haymow.server.access.service import require_workspace
from haymow.server.audit.rules import Actor, Record
from haymow.server.audit.service import record
from haymow.server.database import Database
from haymow.server.secrets import rules, store
from haymow.server.secrets.cipher import WrappedKey
from haymow.server.secrets.data_keys import DataKeys
from haymow.server.secrets.key_file import wrong_master_key
from haymow.server.secrets.master_keys import MasterKeys, open_master_keys
from haymow.server.secrets.rules import (
    Entered,
    Listing,
    Page,
    Secret,
    SecretRef,
    SecretScope,
    SecretValue,
    Stale,
    Uses,
    usual_or_agreed,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")

Sees = Callable[[UUID], bool]
"""Whether the caller may see the models of a scope."""
UsesOf = Callable[["Connection", UUID, UUID, str, Sees, int], Uses]
"""The models that use a secret, given its scope, the organization, its name, and how many are wanted."""
DestinationsOf = Callable[["Connection", UUID, str], set[str]]
"""Where the models of a scope that name a secret would send it."""


# The master key


async def open_vault(database: Database, key_file: Path, now: Callable[[], datetime]) -> MasterKeys:
    """The master keys of this database, of which the first is made on its first start. Raises StartFailed."""
    check = await database.read(store.key_check)
    keys = open_master_keys(key_file, database_is_new=check is None)
    if check is None:
        await database.write(lambda connection: store.add_key_check(connection, keys.check(), now()))
    elif not keys.passes(check):
        raise wrong_master_key(key_file)
    return keys


def fits(connection: Connection, keys: MasterKeys) -> bool:
    """Whether one of the keys is this database's, or it has none yet."""
    check = store.key_check(connection)
    return check is None or keys.passes(check)


def opens_every_key(connection: Connection, keys: MasterKeys) -> bool:
    """Whether the keys are this database's, and open every data key in it."""
    return fits(connection, keys) and all(
        keys.has(part) for row in store.every_data_key(connection) for part in WrappedKey.of(row).parts()
    )


# For the units of work of higher rooms


def resolve(connection: Connection, scope_ids: Sequence[UUID], names: Collection[str]) -> dict[str, SecretRef]:
    """What each name means; of several scopes, given the nearest first, the nearest that has the name decides."""
    if not names:
        return {}
    return _nearest(store.named(connection, scope_ids, names), scope_ids)


def _nearest(refs: Sequence[SecretRef], scope_ids: Sequence[UUID]) -> dict[str, SecretRef]:
    return {ref.name: ref for ref in sorted(refs, key=lambda ref: scope_ids.index(ref.scope_id), reverse=True)}


def holders(connection: Connection, scope_ids: Sequence[UUID], name: str) -> set[UUID]:
    """Those of these scopes that have a secret of this name."""
    return {ref.scope_id for ref in store.named(connection, scope_ids, [name])} if scope_ids else set()


def refs_in(connection: Connection, scope_ids: Sequence[UUID]) -> dict[str, SecretRef]:
    """What every name means that these scopes, the nearest first, have a secret of."""
    return _nearest(store.refs(connection, scope_ids), scope_ids)


def bind(connection: Connection, ref: SecretRef, destination: str, actor: Actor, at: datetime) -> SecretRef:
    """Bind an unbound value to the first host it is used for. Raises Stale when that happened meanwhile."""
    store.bind(connection, ref, (destination,))
    workspace_id = None if ref.scope_id == actor.organization_id else ref.scope_id
    change = Record(actor, workspace_id, "secret.bind", ref.secret_id, ref.name, at, changes=("hosts",))
    record(connection, change)
    return ref._replace(hosts=(destination,))


def count(connection: Connection, scope_id: UUID) -> int:
    """How many secrets a scope has."""
    return store.count(connection, [scope_id])


def erase_scope(connection: Connection, scope_id: UUID, most: int) -> int:
    """Delete at most so many secrets of a scope, and its data key behind them; how many rows."""
    return store.erase(connection, scope_id, most)


# The service


@dataclass(frozen=True)
class Secrets:
    """The secrets of workspaces and organizations. Who may do what is for the caller to have decided."""

    database: Database
    data_keys: DataKeys
    uses_of: UsesOf
    destinations_of: DestinationsOf
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]

    async def page(self, scope: SecretScope, listing: Listing) -> Page:
        """A part of the secrets seen from a scope. Raises Invalid for a cursor that is no secret of this list."""

        def read(connection: Connection) -> Page:
            found = store.page(connection, scope.visible, listing)
            if found is None:
                field = "before" if listing.before else "after"
                fault = Fault(f"#/query/{field}", "unknown_cursor", "This is no secret of this list.")
                raise Invalid("The request is invalid.", [fault])
            return Page(tuple(found[0]), found[1], store.count(connection, scope.visible))

        return await self.database.scan(read)

    async def get(self, scope: SecretScope, secret_id: UUID) -> Secret:
        """A secret seen from a scope. Raises NotFound."""
        return await self.database.read(lambda connection: _found(store.find(connection, scope.visible, secret_id)))

    async def own(self, scope: SecretScope, secret_id: UUID) -> Secret:
        """A secret that the scope itself keeps. Raises NotFound."""
        return await self.database.read(lambda connection: _own(connection, scope, secret_id))

    async def named(self, scope: SecretScope, names: Collection[str]) -> dict[str, SecretRef]:
        """The scope's own secrets of these names."""
        return await self.database.read(lambda connection: resolve(connection, [scope.scope_id], names))

    async def uses(self, scope: SecretScope, secret_id: UUID, sees: Sees, most: int) -> Uses:
        """The models that use a secret seen from a scope. Raises NotFound."""

        def read(connection: Connection) -> Uses:
            secret = _found(store.find(connection, scope.visible, secret_id))
            return self._uses(connection, scope, secret.ref, sees, most)

        return await self.database.scan(read)

    async def create(self, actor: Actor, scope: SecretScope, name: str, entered: Entered) -> Secret:
        """Raises Conflict when the scope has a secret of this name."""
        return await self.write(self.creating(actor, scope, name, entered))

    def creating(self, actor: Actor, scope: SecretScope, name: str, entered: Entered) -> Callable[[Connection], Secret]:
        """The unit of work of `create`."""
        return lambda connection: self._create(connection, actor, scope, name, entered)

    async def replace(self, actor: Actor, scope: SecretScope, secret_id: UUID, entered: Entered) -> Secret:
        """A new value, and with it new hosts. Raises NotFound."""

        def enter(connection: Connection) -> Secret:
            return self._replace(connection, actor, scope, _own(connection, scope, secret_id), entered)

        return await self.write(enter)

    async def put(self, actor: Actor, scope: SecretScope, name: str, entered: Entered) -> tuple[Secret, bool]:
        """Create the secret of this name or give it a new value; True when it is new."""

        def enter(connection: Connection) -> tuple[Secret, bool]:
            ref = resolve(connection, [scope.scope_id], [name]).get(name)
            if ref is None:
                return self._create(connection, actor, scope, name, entered), True
            return self._replace(connection, actor, scope, _own(connection, scope, ref.secret_id), entered), False

        return await self.write(enter)

    async def delete(self, actor: Actor, scope: SecretScope, secret_id: UUID, force: bool, sees: Sees) -> None:
        """Raises NotFound, and Conflict that names the models which use it, unless `force` is given."""

        def deletable(connection: Connection) -> Secret:
            secret = _own(connection, scope, secret_id)
            if not force:
                rules.require_unused(self._uses(connection, scope, secret.ref, sees, rules.MOST_NAMED))
            return secret

        def remove(connection: Connection) -> None:
            secret = deletable(connection)
            store.remove(connection, secret)
            self._record(connection, actor, scope, "secret.delete", secret, ())

        if not force:  # first where nobody waits for it: they may be many
            await self.database.scan(deletable)
        await self.write(remove)

    async def reveal(self, refs: Collection[SecretRef]) -> dict[str, SecretValue]:
        """The values by name, to be sent where `admits` lets them go.

        Raises Stale when one was replaced or deleted since it was resolved, so that no value goes to the hosts of
        another one; Unreadable.
        """
        if not refs:
            return {}

        def read(connection: Connection) -> dict[str, SecretValue]:
            found = store.ciphertexts(connection, [ref.place for ref in refs])
            if len(found) < len({ref.place for ref in refs}):
                raise Stale("A secret was changed meanwhile. Try again.")
            return {ref.name: self.data_keys.decrypted(found[ref.place], ref.place) for ref in refs}

        return await self.database.read(read)

    # Units of work

    def _uses(self, connection: Connection, scope: SecretScope, ref: SecretRef, sees: Sees, most: int) -> Uses:
        return self.uses_of(connection, ref.scope_id, scope.organization_id, ref.name, sees, most)

    def _create(self, connection: Connection, actor: Actor, scope: SecretScope, name: str, entered: Entered) -> Secret:
        require_workspace(connection, scope.workspace_id)
        at, hosts = self.now(), self._hosts(connection, scope, name, entered)
        ref = SecretRef(self.new_id(), scope.scope_id, name, 1, hosts)
        secret = Secret(ref, scope.organization_id, at, actor.user_id, at, actor.user_id)
        store.add(connection, secret, self.data_keys.of(connection, scope).encrypt(entered.value, ref.place))
        self._record(connection, actor, scope, "secret.create", secret, ("name", "secret", "hosts"))
        return secret

    def _replace(
        self, connection: Connection, actor: Actor, scope: SecretScope, seen: Secret, entered: Entered
    ) -> Secret:
        hosts = self._hosts(connection, scope, seen.ref.name, entered)
        ref = seen.ref._replace(version=seen.ref.version + 1, hosts=hosts)
        secret = seen._replace(ref=ref, updated_at=self.now(), updated_by=actor.user_id)
        ciphertext = self.data_keys.of(connection, scope).encrypt(entered.value, ref.place)
        store.replace(connection, secret, seen.ref.version, ciphertext)
        changes = ("secret",) if hosts == seen.ref.hosts else ("secret", "hosts")
        self._record(connection, actor, scope, "secret.replace", secret, changes)
        return secret

    def _hosts(self, connection: Connection, scope: SecretScope, name: str, entered: Entered) -> tuple[str, ...] | None:
        if entered.hosts is not None:
            return entered.hosts
        usual = usual_hosts(name)
        return usual_or_agreed(usual, set() if usual else self.destinations_of(connection, scope.scope_id, name))

    def _record(
        self,
        connection: Connection,
        actor: Actor,
        scope: SecretScope,
        action: str,
        secret: Secret,
        changes: tuple[str, ...],
    ) -> None:
        subject = (secret.ref.secret_id, secret.ref.name)
        record(connection, Record(actor, scope.workspace_id, action, *subject, self.now(), changes=changes))

    async def write(self, unit: Callable[[Connection], T]) -> T:
        """Run a unit of work that enters or deletes secrets."""
        # Long: the hosts of a value and the uses of a secret are found among all models that name it.
        try:
            return await self.database.write(unit, long=True)
        except Stale:  # two made a scope's data key or changed one secret at once: the second is decided anew
            return await self.database.write(unit, long=True)


def _found(secret: Secret | None) -> Secret:
    if secret is None:
        raise NotFound(rules.NOT_FOUND, code="secret_not_found")
    return secret


def _own(connection: Connection, scope: SecretScope, secret_id: UUID) -> Secret:
    return _found(store.find(connection, [scope.scope_id], secret_id))

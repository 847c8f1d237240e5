"""The data keys of scopes, and what the organization's encrypts beside secrets.

A file of its own beside the five: secrets and sealed texts of other rooms share it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from haymow.server.secrets import store
from haymow.server.secrets.cipher import DataKey, MasterKey, Unreadable, WrappedKey
from haymow.server.secrets.master_keys import MasterKeys
from haymow.server.secrets.rules import Place, Sealed, SecretScope, SecretValue

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True)
class DataKeys:
    """Each scope's data key, under a master key; for units of work."""

    keys: MasterKeys
    now: Callable[[], datetime]

    def of(self, connection: Connection, scope: SecretScope) -> DataKey:
        """The scope's data key; the first use makes it."""
        key = self.existing(connection, [scope.scope_id]).get(scope.scope_id)
        if key is not None:
            return key
        new = self._active(connection).new_data_key(scope.scope_id)
        store.add_data_key(connection, scope.scope_id, scope.organization_id, new.version, new.wrapped, self.now())
        return self.keys.unwrap(new)

    def _active(self, connection: Connection) -> MasterKey:
        """The master key that the database says is in use: not every server may have got a newer one yet."""
        check = store.key_check(connection)
        if check is None:
            raise Unreadable
        return self.keys.active(check)

    def decrypted(self, sealed: Sealed, place: Place) -> SecretValue:
        """The value stored at `place`. Raises Unreadable."""
        if sealed.key_version is None or sealed.wrapped is None:
            raise Unreadable
        key = self.keys.unwrap(WrappedKey(place.scope_id, sealed.key_version, sealed.wrapped))
        return key.decrypt(sealed.ciphertext, place)

    def existing(self, connection: Connection, scope_ids: Collection[UUID]) -> dict[UUID, DataKey]:
        """The data keys of those of these scopes that have one."""
        return {
            scope_id: self.keys.unwrap(WrappedKey(scope_id, version, wrapped))
            for scope_id, version, wrapped in store.data_keys(connection, scope_ids)
        }

    def seal(self, connection: Connection, organization_id: UUID, plain: bytes, place: bytes) -> bytes:
        """Encrypt what a higher or a lower room keeps for an organization at one place, which `place` names."""
        return self.of(connection, SecretScope(organization_id)).seal(plain, place)

    def open(self, connection: Connection, organization_id: UUID, sealed: bytes, place: bytes) -> bytes:
        """What `seal` encrypted for the same place. Raises Unreadable."""
        return self.of(connection, SecretScope(organization_id)).open(sealed, place)

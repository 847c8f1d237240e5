"""Encryption of secrets: AES-256-GCM, a data key for each scope under one master key in a file.

Each ciphertext is bound to its row by its associated data, so a value that is moved to another row, or brought
back after a newer one, does not open. Nonces are random: 96 bits are enough for 2^32 values under one data key
(NIST SP 800-38D, section 8.3). Keys stand in boxes, so that no traceback shows one.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from haymow.errors import Unavailable
from haymow.server.secrets.rules import Place, SecretValue, StoredKey

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_FORMAT: Final = b"\x01"
_MARKED: Final = b"\x02"
_SEALED_KEY_BYTES: Final = 1 + _NONCE_BYTES + KEY_BYTES + 16
_WRAPPED_BYTES: Final = {_FORMAT: _SEALED_KEY_BYTES, _MARKED: 1 + 8 + _SEALED_KEY_BYTES}

_FOR_CHECK: Final = b"haymow/key-check/1"
_FOR_DATA_KEY: Final = b"haymow/data-key/1"
_FOR_SECRET: Final = b"haymow/secret/1"
_FOR_PLACE: Final = b"haymow/sealed/1"
_KNOWN_TEXT: Final = b"haymow"


class Unreadable(Unavailable):
    """What is stored does not open: it was changed, or belongs to another row or key."""

    code = "secret_unreadable"

    def __init__(self) -> None:
        super().__init__(
            "A secret cannot be decrypted: its row was changed outside haymow, a backup was restored in part, or a "
            "master key is missing in the key file. Put the key back, or enter the secret's value again."
        )


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A scope's data key as it is stored. `version` counts the keys the scope has had."""

    scope_id: UUID
    version: int
    wrapped: bytes = field(repr=False)

    @classmethod
    def of(cls, row: StoredKey) -> WrappedKey:
        """A row's key."""
        return cls(row.scope_id, row.version, row.wrapped)

    def parts(self) -> list[WrappedKey]:
        """The newest key, and behind it those it takes the place of, while values are under them. Raises Unreadable."""
        found, rest = list[WrappedKey](), self.wrapped
        while rest:
            size = _WRAPPED_BYTES.get(rest[:1])
            if size is None or len(rest) < size or len(found) >= self.version:
                raise Unreadable
            found.append(WrappedKey(self.scope_id, self.version - len(found), rest[:size]))
            rest = rest[size:]
        if not found:
            raise Unreadable
        return found


class DataKey:
    """Encrypts the values of one scope; opens those under the keys before it, too, while there are any."""

    __slots__ = ("_before", "_box")

    def __init__(self, box: _Box, before: Sequence[DataKey] = ()) -> None:
        self._box = box
        self._before = tuple(before)

    def behind(self, before: Sequence[DataKey]) -> DataKey:
        """This key, which takes the place of others, the newest first."""
        return DataKey(self._box, before)

    def is_under(self, ciphertext: bytes, place: Place) -> bool:
        """Whether it is this key, and none before it, that a value is under."""
        try:
            self._box.open(ciphertext, _of_secret(place))
        except Unreadable:
            return False
        return True

    def encrypt(self, value: SecretValue, place: Place) -> bytes:
        """The ciphertext of a value, to be stored at `place` and nowhere else."""
        return self._box.seal(Hidden(value.reveal().encode()), _of_secret(place))

    def decrypt(self, ciphertext: bytes, place: Place) -> SecretValue:
        """The value stored at `place`. Raises Unreadable."""
        return SecretValue(self._open(ciphertext, _of_secret(place)).decode())

    def seal(self, plain: bytes, place: bytes) -> bytes:
        """The ciphertext of what is no secret's value, to be stored at the place that `place` names."""
        return self._box.seal(Hidden(plain), _FOR_PLACE + place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """What was sealed for the place. Raises Unreadable."""
        return bytes(self._open(sealed, _FOR_PLACE + place))

    def _open(self, sealed: bytes, associated: bytes) -> Hidden:
        for key in (self, *self._before):
            with suppress(Unreadable):
                return key._box.open(sealed, associated)
        raise Unreadable


class MasterKey:
    """Wraps data keys; `key_file.py` reads it from its file.

    What a key wraps that took another one's place says by which it is wrapped: format byte, id, and what follows as
    the first key of a database writes it, which says nothing.
    """

    __slots__ = ("_box", "_mark", "key_id")

    def __init__(self, key: Hidden, *, is_first: bool = True) -> None:
        self._box = _Box(key)
        self.key_id = id_of(key)
        self._mark = b"" if is_first else _MARKED + bytes.fromhex(self.key_id)

    def new_data_key(self, scope_id: UUID, version: int = 1) -> WrappedKey:
        """A random data key for a scope."""
        return self._wrap(new_key(), scope_id, version)

    def unwrap(self, key: WrappedKey) -> DataKey:
        """The data key of a scope. Raises Unreadable."""
        return DataKey(_Box(self._open(key.wrapped, _of_data_key(key.scope_id, key.version))))

    def rewrap(self, key: WrappedKey, by: MasterKey) -> WrappedKey:
        """The same data key under this master key, which was under `by`. Raises Unreadable."""
        plain = by._open(key.wrapped, _of_data_key(key.scope_id, key.version))
        return self._wrap(plain, key.scope_id, key.version)

    def wraps(self, key: WrappedKey) -> bool:
        """Whether it is this key that the data key is under."""
        try:
            self.unwrap(key)
        except Unreadable:
            return False
        return True

    def check(self) -> bytes:
        """A known text under this key: kept in the database, it tells later whether a key is the same."""
        return self._mark + self._box.seal(Hidden(_KNOWN_TEXT), _FOR_CHECK)

    def passes(self, check: bytes) -> bool:
        """Whether `check` was made with this key."""
        try:
            return self._open(check, _FOR_CHECK) == _KNOWN_TEXT
        except Unreadable:
            return False

    def _wrap(self, plain: Hidden, scope_id: UUID, version: int) -> WrappedKey:
        return WrappedKey(scope_id, version, self._mark + self._box.seal(plain, _of_data_key(scope_id, version)))

    def _open(self, sealed: bytes, associated: bytes) -> Hidden:
        if not sealed.startswith(self._mark):
            raise Unreadable
        return self._box.open(sealed[len(self._mark) :], associated)


class Hidden(bytes):
    """Bytes that nobody may see, in a traceback least of all."""

    def __repr__(self) -> str:
        return "Hidden(***)"

    __str__ = __repr__


class _Box:
    """AES-256-GCM with one key: format byte, nonce, ciphertext with its tag."""

    __slots__ = ("_aead",)

    def __init__(self, key: Hidden) -> None:
        self._aead = AESGCM(key)

    def seal(self, plain: Hidden, associated: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + nonce + self._aead.encrypt(nonce, plain, associated)

    def open(self, sealed: bytes, associated: bytes) -> Hidden:
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if sealed[:1] != _FORMAT or len(nonce) != _NONCE_BYTES:
            raise Unreadable
        try:
            return Hidden(self._aead.decrypt(nonce, rest, associated))
        except InvalidTag:
            raise Unreadable from None


def _of_secret(place: Place) -> bytes:
    # Every part has a fixed length, so no two places read the same.
    return _FOR_SECRET + place.scope_id.bytes + place.secret_id.bytes + place.version.to_bytes(8, "big")


def _of_data_key(scope_id: UUID, version: int) -> bytes:
    return _FOR_DATA_KEY + scope_id.bytes + version.to_bytes(8, "big")


def new_key() -> Hidden:
    """Random bytes for a key."""
    return Hidden(AESGCM.generate_key(8 * KEY_BYTES))


def id_of(key: Hidden) -> str:
    """What may be shown of a key: tells which one a file holds, and that it is whole."""
    return hashlib.sha256(b"haymow/key-id/1" + key).hexdigest()[:16]

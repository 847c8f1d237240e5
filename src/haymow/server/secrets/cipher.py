"""Encryption of secrets: AES-256-GCM, a data key for each scope under one master key in a file.

Each ciphertext is bound to its row by its associated data, so a value that is moved to another row, or brought
back after a newer one, does not open. Nonces are random: 96 bits are enough for 2^32 values under one data key
(NIST SP 800-38D, section 8.3). Keys stand in boxes, so that no traceback shows one.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import errno
import hashlib
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from haymow.errors import StartFailed, Unavailable
from haymow.server.secrets.rules import Place, SecretValue

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_FORMAT: Final = b"\x01"

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
            "A secret cannot be decrypted: its row was changed outside haymow, or a backup was restored in part. "
            "Enter the secret's value again."
        )


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A scope's data key as it is stored. `version` counts the keys the scope has had."""

    scope_id: UUID
    version: int
    wrapped: bytes = field(repr=False)


class DataKey:
    """Encrypts the values of one scope."""

    __slots__ = ("_box",)

    def __init__(self, box: _Box) -> None:
        self._box = box

    def encrypt(self, value: SecretValue, place: Place) -> bytes:
        """The ciphertext of a value, to be stored at `place` and nowhere else."""
        return self._box.seal(_Hidden(value.reveal().encode()), _of_secret(place))

    def decrypt(self, ciphertext: bytes, place: Place) -> SecretValue:
        """The value stored at `place`. Raises Unreadable."""
        return SecretValue(self._box.open(ciphertext, _of_secret(place)).decode())

    def seal(self, plain: bytes, place: bytes) -> bytes:
        """The ciphertext of what is no secret's value, to be stored at the place that `place` names."""
        return self._box.seal(_Hidden(plain), _FOR_PLACE + place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """What was sealed for the place. Raises Unreadable."""
        return bytes(self._box.open(sealed, _FOR_PLACE + place))


class MasterKey:
    """Wraps data keys; `open_master_key` reads it from its file."""

    __slots__ = ("_box",)

    def __init__(self, key: _Hidden) -> None:
        self._box = _Box(key)

    def new_data_key(self, scope_id: UUID) -> WrappedKey:
        """A random data key for a scope that has none yet."""
        return WrappedKey(scope_id, 1, self._box.seal(_new_key(), _of_data_key(scope_id, 1)))

    def unwrap(self, key: WrappedKey) -> DataKey:
        """The data key of a scope. Raises Unreadable."""
        return DataKey(_Box(self._box.open(key.wrapped, _of_data_key(key.scope_id, key.version))))

    def check(self) -> bytes:
        """A known text under this key: kept in the database, it tells later whether a key is the same."""
        return self._box.seal(_Hidden(_KNOWN_TEXT), _FOR_CHECK)

    def passes(self, check: bytes) -> bool:
        """Whether `check` was made with this key."""
        try:
            return self._box.open(check, _FOR_CHECK) == _KNOWN_TEXT
        except Unreadable:
            return False


class _Hidden(bytes):
    """Bytes that nobody may see, in a traceback least of all."""

    def __repr__(self) -> str:
        return "_Hidden(***)"

    __str__ = __repr__


class _Box:
    """AES-256-GCM with one key: format byte, nonce, ciphertext with its tag."""

    __slots__ = ("_aead",)

    def __init__(self, key: _Hidden) -> None:
        self._aead = AESGCM(key)

    def seal(self, plain: _Hidden, associated: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + nonce + self._aead.encrypt(nonce, plain, associated)

    def open(self, sealed: bytes, associated: bytes) -> _Hidden:
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if sealed[:1] != _FORMAT or len(nonce) != _NONCE_BYTES:
            raise Unreadable
        try:
            return _Hidden(self._aead.decrypt(nonce, rest, associated))
        except InvalidTag:
            raise Unreadable from None


def _of_secret(place: Place) -> bytes:
    # Every part has a fixed length, so no two places read the same.
    return _FOR_SECRET + place.scope_id.bytes + place.secret_id.bytes + place.version.to_bytes(8, "big")


def _of_data_key(scope_id: UUID, version: int) -> bytes:
    return _FOR_DATA_KEY + scope_id.bytes + version.to_bytes(8, "big")


def _new_key() -> _Hidden:
    return _Hidden(AESGCM.generate_key(8 * _KEY_BYTES))


# The master key's file

_HEADER: Final = re.compile(r"haymow-master-key-1 id=([0-9a-f]{16})")
_MOST_FILE_BYTES: Final = 4096
_MOVE: Final = "or set HAYMOW_MASTER_KEY_FILE to where it is"


def open_master_key(path: Path, database_is_new: bool) -> MasterKey:
    """Read the master key, which is made only for a database that has none yet. Raises StartFailed, in one line."""
    try:
        if database_is_new and not path.exists():
            _make(path)
        return MasterKey(_read(path))
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not database_is_new:
            raise StartFailed(
                f"The master key file {path} is missing, and this database's secrets cannot be read without it. "
                f"Restore it from a backup, {_MOVE}."
            ) from error
        raise StartFailed(
            f"Cannot use the master key file {path} ({error.strerror}). "
            f"Make it and its folder accessible to this user, {_MOVE}."
        ) from error


def wrong_master_key(path: Path) -> StartFailed:
    """The failure of a start whose key file is another database's."""
    return StartFailed(
        f"The master key file {path} does not belong to this database. Put back the file that does, {_MOVE}."
    )


def _make(path: Path) -> None:
    """Write a new key beside `path`, then give it that name: a key file is there whole, or it is not there."""
    draft = path.with_name(f".{path.name}.{token_hex(8)}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(_text(_new_key()))
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):  # another start was first: its key is the one
            os.link(draft, path)
    finally:
        draft.unlink()
    _sync_folder(path.parent)


def _text(key: _Hidden) -> _Hidden:
    header = f"haymow-master-key-1 id={_id_of(key)}"
    advice = "# Without this file no secret of its haymow can be read. Keep a backup of it, away from the database's."
    return _Hidden(f"{header}\n{advice}\n{base64.b64encode(key).decode()}\n".encode())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> _Hidden:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as stream:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a file")
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise StartFailed(f"The master key file {path} is open to others. Close it with: chmod 600 {path}")
        return _parsed(_Hidden(stream.read(_MOST_FILE_BYTES)), path)


def _parsed(content: _Hidden, path: Path) -> _Hidden:
    lines = [_Hidden(line) for line in content.splitlines() if line and not line.startswith(b"#")]
    header = _HEADER.fullmatch(lines[0].decode(errors="replace")) if len(lines) == 2 else None
    with contextlib.suppress(binascii.Error):
        key = _Hidden(base64.b64decode(lines[1] if header else b"", validate=True))
        if header and len(key) == _KEY_BYTES and header[1] == _id_of(key):
            return key
    raise StartFailed(f"The file {path} is damaged or no master key of haymow. Restore it from a backup, {_MOVE}.")


def _id_of(key: _Hidden) -> str:
    """What may be shown of a key: tells which one a file holds, and that it is whole."""
    return hashlib.sha256(b"haymow/key-id/1" + key).hexdigest()[:16]

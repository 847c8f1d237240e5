"""How a backup's chunks are sealed, so that none can be changed, left out, moved or come from another file.

With a passphrase: AES-256-GCM in the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizard 2015; docs/adr/0015):
the nonce is the chunk's number and whether it is the last, the key is this file's alone. Without one: a chain of
SHA-256, which finds damage and keeps out nobody.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import Any, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from haymow.server.archive.damage import Damaged, WrongPassphrase

SCRYPT: Final = {"n": 2**17, "r": 8, "p": 1}
"""128 MiB of memory and about half a second for each guess."""
_MOST_N: Final = 2**20
_SALT_BYTES: Final = 16
_FOR_BACKUP: Final = b"haymow/backup/1"


class Seal(Protocol):
    """Seals the chunks of one file, or opens them, in their order."""

    overhead: int
    """Bytes that a chunk is longer when it is sealed."""

    def seal(self, chunk: bytes, *, last: bool) -> bytes:
        """The next chunk as it is written."""

    def open(self, sealed: bytes, *, last: bool) -> bytes:
        """The next chunk as it was. Raises Damaged."""


class Encrypted:
    """AES-256-GCM; a Seal."""

    overhead = 16

    def __init__(self, key: bytes, header: bytes) -> None:
        self._aead, self._header, self._number = AESGCM(key), hashlib.sha256(header).digest(), 0

    def seal(self, chunk: bytes, *, last: bool) -> bytes:
        """See `Seal`."""
        return self._aead.encrypt(self._nonce(last), chunk, self._header)

    def open(self, sealed: bytes, *, last: bool) -> bytes:
        """See `Seal`."""
        try:
            return self._aead.decrypt(self._nonce(last), sealed, self._header)
        except InvalidTag:
            raise Damaged from None

    def _nonce(self, last: bool) -> bytes:
        self._number += 1
        return self._number.to_bytes(11, "big") + bytes([last])


class Chained:
    """SHA-256 over a chunk and all before it; a Seal."""

    overhead = 32

    def __init__(self, header: bytes) -> None:
        self._before = hashlib.sha256(header).digest()

    def seal(self, chunk: bytes, *, last: bool) -> bytes:
        """See `Seal`."""
        return chunk + self._next(chunk, last)

    def open(self, sealed: bytes, *, last: bool) -> bytes:
        """See `Seal`."""
        chunk = sealed[: -self.overhead]
        if self._next(chunk, last) != sealed[-self.overhead :]:
            raise Damaged
        return chunk

    def _next(self, chunk: bytes, last: bool) -> bytes:
        self._before = hashlib.sha256(self._before + bytes([last]) + chunk).digest()
        return self._before


def new_terms(passphrase: str) -> tuple[dict[str, Any], bytes]:
    """What a header says of how its key comes from the passphrase, and the key."""
    salt = os.urandom(_SALT_BYTES)
    key, check = _derived(passphrase, salt, **SCRYPT)
    return {"kdf": "scrypt", **SCRYPT, "salt": salt.hex(), "check": check.hex()}, key


def key_of(terms: Any, passphrase: str) -> bytes:
    """The key that a header's terms and the passphrase give. Raises WrongPassphrase, Damaged."""
    try:
        n, r, p = int(terms["n"]), int(terms["r"]), int(terms["p"])
        salt, check = bytes.fromhex(terms["salt"]), bytes.fromhex(terms["check"])
        usable = terms["kdf"] == "scrypt" and n <= _MOST_N and r <= 16 and p <= 4
        # Before a guess is made: what a changed header asks for could take all memory.
        key, found = _derived(passphrase, salt, n, r, p) if usable else (b"", b"")
    except (KeyError, TypeError, ValueError):
        raise Damaged from None
    if not usable:
        raise Damaged
    if not hmac.compare_digest(found, check):
        raise WrongPassphrase
    return key


def _derived(passphrase: str, salt: bytes, n: int, r: int, p: int) -> tuple[bytes, bytes]:
    """The key, and what tells a wrong passphrase from a damaged file; it tells nothing else of either."""
    stretched = Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(passphrase.encode())
    both = HKDF(algorithm=hashes.SHA256(), length=64, salt=salt, info=_FOR_BACKUP).derive(stretched)
    return both[:32], both[32:]

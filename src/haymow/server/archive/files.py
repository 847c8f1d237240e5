"""A backup's file: a line that says what it is, a header, and sealed chunks of one compressed stream.

    haymow-backup-1 \n | 4 bytes: the header's length | the header, JSON | chunks of 64 KiB, each sealed

The last chunk is shorter, or as long, and says that it is the last.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Any, BinaryIO, Final

import orjson

from haymow.errors import CommandFailed, StartFailed
from haymow.server.archive.damage import Damaged
from haymow.server.archive.seals import Chained, Encrypted, Seal, key_of, new_terms
from haymow.server.database.folder import sync_folder

_MAGIC: Final = b"haymow-backup-"
_FIRST_LINE: Final = _MAGIC + b"1\n"
_MOST_HEADER_BYTES: Final = 64 * 1024
CHUNK_BYTES: Final = 64 * 1024
_UNPACKED_BYTES: Final = 1024 * 1024
MOST_LINE_BYTES: Final = 64 * 1024 * 1024


class Writer:
    """Lines, compressed and sealed into a file."""

    def __init__(self, file: BinaryIO, seal: Seal) -> None:
        self._file, self._seal = file, seal
        self._packer, self._waiting = zlib.compressobj(), bytearray()

    def write(self, line: bytes) -> None:
        """Add a line, given without its end."""
        self._add(self._packer.compress(line + b"\n"))

    def finish(self) -> None:
        """Write the last chunk."""
        self._add(self._packer.flush())
        self._file.write(self._seal.seal(bytes(self._waiting), last=True))

    def _add(self, packed: bytes) -> None:
        self._waiting += packed
        while len(self._waiting) > CHUNK_BYTES:
            self._file.write(self._seal.seal(bytes(self._waiting[:CHUNK_BYTES]), last=False))
            del self._waiting[:CHUNK_BYTES]


@contextmanager
def writing(path: Path, header: dict[str, Any], passphrase: str | None) -> Iterator[Writer]:
    """Write a backup beside `path` (0600) and give it that name when it is whole and on the disk.

    Raises CommandFailed when there is something at `path`, StartFailed.
    """
    if path.exists() or path.is_symlink():
        raise CommandFailed(
            f"{path} is there already, and nothing is written over. Name another file.", code="file_exists"
        )
    draft = path.with_name(f".{path.name}.{token_hex(8)}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            writer = Writer(file, _begun(file, header, passphrase))
            yield writer
            writer.finish()
            file.flush()
            os.fsync(file.fileno())
        os.rename(draft, path)
        sync_folder(path.parent)
    except OSError as error:
        raise StartFailed(
            f"Cannot write {path} ({error.strerror}). Make room, or name a file where you may write."
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _begun(file: BinaryIO, header: dict[str, Any], passphrase: str | None) -> Seal:
    terms, key = (None, b"") if passphrase is None else new_terms(passphrase)
    text = orjson.dumps({**header, "sealed": terms})
    first = _FIRST_LINE + len(text).to_bytes(4, "big") + text
    file.write(first)
    return Chained(first) if passphrase is None else Encrypted(key, first)


class Reader:
    """An open backup: its header, then its lines."""

    def __init__(self, file: BinaryIO) -> None:
        """Read the header. Raises Damaged."""
        self._file = file
        first = file.read(len(_FIRST_LINE))
        if first != _FIRST_LINE:
            newer = first.startswith(_MAGIC)
            raise Damaged("a newer haymow wrote it" if newer else "it is no backup of haymow")
        size = file.read(4)
        text = file.read(min(int.from_bytes(size, "big"), _MOST_HEADER_BYTES))
        self._first = first + size + text
        try:
            self.header: dict[str, Any] = dict(orjson.loads(text))
        except (ValueError, TypeError):
            raise Damaged from None

    @property
    def is_encrypted(self) -> bool:
        """Whether it takes a passphrase."""
        return self.header.get("sealed") is not None

    def lines(self, passphrase: str | None) -> Iterator[bytes]:
        """Every line, each as soon as it is known to be whole. Raises WrongPassphrase, Damaged."""
        seal: Seal = Chained(self._first)
        if self.is_encrypted:
            seal = Encrypted(key_of(self.header["sealed"], passphrase or ""), self._first)
        rest = b""
        for piece in self._unpacked(seal):
            *lines, rest = (rest + piece).split(b"\n")
            yield from lines
            if len(rest) > MOST_LINE_BYTES:
                raise Damaged
        if rest:
            raise Damaged

    def _unpacked(self, seal: Seal) -> Iterator[bytes]:
        unpacker = zlib.decompressobj()
        try:
            for chunk in self._chunks(seal):
                yield unpacker.decompress(chunk, _UNPACKED_BYTES)
                while unpacker.unconsumed_tail:
                    yield unpacker.decompress(unpacker.unconsumed_tail, _UNPACKED_BYTES)
        except zlib.error:
            raise Damaged from None
        if not unpacker.eof or unpacker.unused_data:
            raise Damaged

    def _chunks(self, seal: Seal) -> Iterator[bytes]:
        size = CHUNK_BYTES + seal.overhead
        chunk = self._file.read(size)
        while following := self._file.read(size):
            yield seal.open(chunk, last=False)
            chunk = following
        yield seal.open(chunk, last=True)


@contextmanager
def reading(path: Path) -> Iterator[Reader]:
    """Open a backup. Raises Damaged, StartFailed."""
    try:
        with path.open("rb") as file:
            yield Reader(file)
    except OSError as error:
        advice = "Check its name, and that you may read it."
        raise StartFailed(f"Cannot read {path} ({error.strerror}). {advice}") from error

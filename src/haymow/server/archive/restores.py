"""`haymow admin restore` and `verify`: what a backup's file holds, checked, and put into an empty database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from haymow.errors import StartFailed
from haymow.server.archive.copies import Differs, Say, hold
from haymow.server.archive.damage import Damaged
from haymow.server.archive.files import Reader, reading
from haymow.server.archive.progress import Progress
from haymow.server.database.moving import PORTION, Filling, filling
from haymow.server.database.places import Place
from haymow.server.database.rows import Digest, Shape
from haymow.server.secrets import key_file
from haymow.server.secrets.cipher import Hidden, id_of

PORTION_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup says of itself, and how many rows were found to be in it."""

    made: str
    schema: str
    secrets: bool
    rows: int


@dataclass
class _Part:
    """A table, as far as it was read."""

    shape: Shape
    digest: Digest


class _Backup:
    """The lines of a backup, understood: the keys, then tables with their rows, then what there has to be of each."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self.keys: str | None = _object(next(lines, b"")).get("keys")
        self.parts: list[_Part] = []

    def portions(self) -> Iterator[tuple[Shape, list[bytes]]]:
        """Rows, with the shape of their table. Raises Damaged when in the end they are not those that were written."""
        waiting, size = list[bytes](), 0
        for line in self._lines:
            if line.startswith(b"["):
                self._part().digest.add(line)
                waiting.append(line)
                size += len(line)
            if waiting and (not line.startswith(b"[") or len(waiting) >= PORTION or size > PORTION_BYTES):
                yield self._part().shape, waiting
                waiting, size = [], 0
            if not line.startswith(b"["):
                words = _object(line)
                if "end" in words:
                    self._check(words["end"])
                    return
                self.parts.append(_Part(_shape(words), Digest()))
        raise Damaged

    def _part(self) -> _Part:
        if not self.parts:
            raise Damaged
        return self.parts[-1]

    def _check(self, end: Any) -> None:
        found = [
            {"table": part.shape.name, "rows": part.digest.rows, "sha256": part.digest.hex()} for part in self.parts
        ]
        if end != found or next(self._lines, None) is not None:
            raise Damaged


def _object(line: bytes) -> dict[str, Any]:
    with suppress(ValueError):
        if isinstance(words := orjson.loads(line), dict):
            return words
    raise Damaged


def _shape(words: dict[str, Any]) -> Shape:
    try:
        shape = Shape(str(words["table"]), tuple((str(name), str(kind)) for name, kind in words["columns"]))
        shape.table()
    except (KeyError, TypeError, ValueError):
        raise Damaged from None
    return shape


def is_encrypted(file: Path) -> bool:
    """Whether a backup takes a passphrase. Raises Damaged, StartFailed."""
    with reading(file) as reader:
        return reader.is_encrypted


def verify(file: Path, passphrase: str | None, say: Say) -> Contents:
    """Read all of a backup and check it. Raises WrongPassphrase, Damaged, StartFailed."""
    progress = Progress(say, "read")
    with reading(file) as reader:
        for shape, lines in _Backup(reader.lines(passphrase)).portions():
            progress.add(shape.name, len(lines))
        progress.finish()
        return _contents(reader, progress.rows)


def restore(file: Path, target: Place, keys: Path, passphrase: str | None, say: Say) -> Contents:
    """Put a backup into the empty database at `target`, all of it or nothing, and its master key at `keys`.

    Raises Conflict when the database is not empty, WrongPassphrase, Damaged, Differs, StartFailed; a master key that
    is at `keys` already has to be the backup's.
    """
    with ExitStack() as stack:
        reader = stack.enter_context(reading(file))
        hold(stack, target)
        backup = _Backup(reader.lines(passphrase))
        _require_key(backup, keys)
        filled = stack.enter_context(filling(target, str(reader.header.get("schema"))))
        rows = _filled(backup, filled, Progress(say, "restored"))
        _compare(backup, filled, Progress(say, "compared"))
        _put_key(backup, keys)
    return _contents(reader, rows)


def _contents(reader: Reader, rows: int) -> Contents:
    header = reader.header
    return Contents(str(header.get("made")), str(header.get("schema")), header.get("secrets") is True, rows)


def _filled(backup: _Backup, filled: Filling, progress: Progress) -> int:
    for shape, lines in backup.portions():
        try:
            filled.insert(shape, lines)
        except (ValueError, KeyError, TypeError, IndexError):
            raise Damaged from None
        progress.add(shape.name, len(lines))
    progress.finish()
    for part in backup.parts:
        filled.number_on(part.shape)
    return progress.rows


def _compare(backup: _Backup, filled: Filling, progress: Progress) -> None:
    for part in backup.parts:
        if filled.digest(part.shape, progress.add) != part.digest:
            raise Differs(
                f"What was read back of {part.shape.name} is not what was written, so nothing was kept. "
                "Try again; if it happens again, look at the database's log and disk."
            )
    progress.finish()


def _require_key(backup: _Backup, keys: Path) -> None:
    """A key file that is there stays; it has to have every key of the backup."""
    if backup.keys is None or not keys.exists():
        return
    there = {id_of(one.key) for one in key_file.read(keys)}
    if not there >= {id_of(one.key) for one in key_file.parsed(Hidden(backup.keys.encode()), keys)}:
        raise StartFailed(
            f"The master key file {keys} is another database's, and is not written over. "
            "Set HAYMOW_MASTER_KEY_FILE to where the backup's key may be put."
        )


def _put_key(backup: _Backup, keys: Path) -> None:
    """Before the rows are committed: a key without rows does no harm, rows without their key are of no use."""
    if backup.keys is None or keys.exists():
        return
    try:
        keys.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        key_file.make(keys, Hidden(backup.keys.encode()))
    except OSError as error:
        raise StartFailed(f"Cannot write the master key to {keys} ({error.strerror}).") from error

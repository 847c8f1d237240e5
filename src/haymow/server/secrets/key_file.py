"""The master key's file: one key, or several while one takes another's place, the newest last.

A file is written whole beside the old one and then given its name. Two lines for each key: a header with its id, and
the key in base64; what begins with # is for people.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import errno
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Final

from haymow.errors import StartFailed
from haymow.server.database.folder import sync_folder
from haymow.server.secrets.cipher import KEY_BYTES, Hidden, MasterKey, id_of, new_key

_HEADER: Final = re.compile(r"haymow-master-key-([12]) id=([0-9a-f]{16})")
_ADVICE: Final = (
    "# Without this file no secret of its haymow can be read. Keep a backup of it, away from the database's."
)
_MOST_FILE_BYTES: Final = 4096
MOST_KEYS: Final = 8
MOVE: Final = "or set HAYMOW_MASTER_KEY_FILE to where it is"


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A key as a file holds it. The first of a database is of kind 1, those that took its place of kind 2."""

    key: Hidden = field(repr=False)
    kind: int

    @property
    def master(self) -> MasterKey:
        return MasterKey(self.key, is_first=self.kind == 1)


def read_or_make(path: Path, database_is_new: bool) -> list[KeyEntry]:
    """The keys of the file, which is made only for a database that has none yet. Raises StartFailed, in one line."""
    with _explained(path, database_is_new):
        if database_is_new and not path.exists():
            make(path, text_of([KeyEntry(new_key(), 1)]))
        return _read(path)


def read(path: Path) -> list[KeyEntry]:
    """The keys of the file. Raises StartFailed, in one line."""
    return read_or_make(path, database_is_new=False)


def add(path: Path) -> list[KeyEntry]:
    """Write a new key behind those that are there, and give all of them. Raises StartFailed."""
    entries = [*read(path), KeyEntry(new_key(), 2)]
    if len(entries) > MOST_KEYS:
        raise StartFailed(f"The master key file {path} holds {MOST_KEYS} keys. Take the old ones out first.")
    replace(path, entries)
    return entries


def replace(path: Path, entries: Sequence[KeyEntry]) -> None:
    """Write the file anew with these keys. Raises StartFailed."""
    with _explained(path, database_is_new=False), _draft(path, text_of(entries)) as draft:
        os.rename(draft, path)
    sync_folder(path.parent)


def make(path: Path, text: Hidden) -> None:
    """Write the file, unless there is one. Raises OSError."""
    # Another start may have been first: its key is the one.
    with _draft(path, text) as draft, contextlib.suppress(FileExistsError):
        os.link(draft, path)
    sync_folder(path.parent)


def new_text() -> str:
    """What the file of a new key holds, for an operator who keeps it elsewhere than on this machine."""
    return bytes(text_of([KeyEntry(new_key(), 1)])).decode()


def text_of(entries: Sequence[KeyEntry]) -> Hidden:
    """What a file with these keys holds."""
    lines = [_ADVICE]
    for one in entries:
        lines += [f"haymow-master-key-{one.kind} id={id_of(one.key)}", base64.b64encode(one.key).decode()]
    first = [lines[1], lines[0], *lines[2:]]  # the header leads, so that a file says at once what it is
    return Hidden("\n".join([*first, ""]).encode())


def parsed(content: Hidden, path: Path) -> list[KeyEntry]:
    """The keys of a file's content. Raises StartFailed, which shows nothing of it."""
    lines = [Hidden(line) for line in content.splitlines() if line and not line.startswith(b"#")]
    found = [_entry_of(header, key) for header, key in zip(lines[::2], lines[1::2], strict=False)]
    whole = [one for one in found if one is not None]
    ids = {id_of(one.key) for one in whole}
    if len(lines) % 2 or not whole or len(whole) != len(found) or len(ids) != len(whole):
        raise StartFailed(f"The file {path} is damaged or no master key of haymow. Restore it from a backup, {MOVE}.")
    return whole


def wrong_master_key(path: Path) -> StartFailed:
    """The failure of a start whose key file is another database's, or lacks the key that took the old one's place."""
    return StartFailed(
        f"The master key file {path} does not belong to this database. Put back the file that does, {MOVE}."
    )


def _entry_of(header: Hidden, line: Hidden) -> KeyEntry | None:
    found = _HEADER.fullmatch(header.decode(errors="replace"))
    with contextlib.suppress(binascii.Error):
        key = Hidden(base64.b64decode(line, validate=True))
        if found and len(key) == KEY_BYTES and found[2] == id_of(key):
            return KeyEntry(key, int(found[1]))
    return None


@contextlib.contextmanager
def _explained(path: Path, database_is_new: bool) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not database_is_new:
            raise StartFailed(
                f"The master key file {path} is missing, and this database's secrets cannot be read without it. "
                f"Restore it from a backup, {MOVE}."
            ) from error
        raise StartFailed(
            f"Cannot use the master key file {path} ({error.strerror}). "
            f"Make it and its folder accessible to this user, {MOVE}."
        ) from error


@contextlib.contextmanager
def _draft(path: Path, text: Hidden) -> Iterator[Path]:
    """A file beside `path` with this content, on the disk; it is gone afterwards."""
    draft = path.with_name(f".{path.name}.{token_hex(8)}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _forbidden(owner: int) -> int:
    """The rights that others may not have. Orchestrators mount secrets as root's, for one group to read."""
    return 0o037 if owner == 0 and os.geteuid() != 0 else 0o077


def _read(path: Path) -> list[KeyEntry]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as stream:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a file")
        if stat.S_IMODE(found.st_mode) & _forbidden(found.st_uid):
            raise StartFailed(f"The master key file {path} is open to others. Close it with: chmod 600 {path}")
        return parsed(Hidden(stream.read(_MOST_FILE_BYTES)), path)

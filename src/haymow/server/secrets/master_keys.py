"""The master keys that a server knows, read from their file again when one is met that it does not know."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from haymow.errors import StartFailed, Unavailable
from haymow.server.secrets import key_file
from haymow.server.secrets.cipher import DataKey, MasterKey, Unreadable, WrappedKey
from haymow.server.secrets.key_file import KeyEntry


class MasterKeys:
    """Every key of a file, for any thread: what is known is put in its place whole.

    Which of them wraps new data keys is for the database to say, by the known text it keeps: so a key may be in the
    files of some servers before those of others, and none uses it too soon.
    """

    def __init__(self, path: Path, entries: list[KeyEntry]) -> None:
        self._path = path
        self._keys = tuple(one.master for one in entries)
        self._seen: object = None

    @property
    def newest(self) -> MasterKey:
        """The last one of the file."""
        return self._keys[-1]

    @property
    def count(self) -> int:
        """How many keys are known."""
        return len(self._keys)

    def refresh(self) -> None:
        """Look whether the file has got more keys."""
        self._read_again()

    def add(self) -> None:
        """Write a new key into the file, behind the others. Raises StartFailed."""
        self._keys = tuple(one.master for one in key_file.add(self._path))

    def keep_newest(self) -> None:
        """Take every key but the newest out of the file. Raises StartFailed."""
        newest = key_file.read(self._path)[-1:]
        key_file.replace(self._path, newest)
        self._keys = tuple(one.master for one in newest)

    def check(self) -> bytes:
        """The known text under the newest key, for a database that keeps none yet."""
        return self.newest.check()

    def passes(self, check: bytes) -> bool:
        """Whether one of the keys made `check`."""
        return self._found(lambda key: key.passes(check)) is not None

    def active(self, check: bytes) -> MasterKey:
        """The key that made `check`, which new data keys are wrapped by. Raises Unavailable."""
        found = self._found(lambda key: key.passes(check))
        if found is None:
            raise Unavailable(
                f"The master key was rotated, and the file {self._path} of this server has not got the new one. "
                "Give it the file that `haymow admin rotate-key` has written.",
                code="master_key_missing",
            )
        return found

    def has(self, key: WrappedKey) -> bool:
        """Whether one of the keys opens a data key."""
        return self._found(lambda one: one.wraps(key)) is not None

    def holder(self, key: WrappedKey) -> MasterKey:
        """The master key that a data key is under. Raises Unreadable."""
        found = self._found(lambda one: one.wraps(key))
        if found is None:
            raise Unreadable
        return found

    def unwrap(self, key: WrappedKey) -> DataKey:
        """The data key of a scope, with those that it takes the place of. Raises Unreadable."""
        newest, *before = [self.holder(part).unwrap(part) for part in key.parts()]
        return newest.behind(before) if before else newest

    def _found(self, fits: Callable[[MasterKey], bool]) -> MasterKey | None:
        for key in reversed(self._keys):
            if fits(key):
                return key
        return next((key for key in self._read_again() if fits(key)), None)

    def _read_again(self) -> tuple[MasterKey, ...]:
        """The keys that the file has got meanwhile; none when it is what it was at the last look."""
        try:
            found = os.stat(self._path)
            seen = (found.st_ino, found.st_mtime_ns, found.st_size)
            if seen == self._seen:
                return ()
            known = {key.key_id for key in self._keys}
            more = tuple(one.master for one in key_file.read(self._path))
        except (OSError, StartFailed):
            return ()  # what it read before is good still
        self._seen = seen
        new = tuple(key for key in more if key.key_id not in known)
        self._keys = (*self._keys, *new)
        return new


def open_master_keys(path: Path, database_is_new: bool) -> MasterKeys:
    """Read the master keys; one is made only for a database that has none yet. Raises StartFailed, in one line."""
    return MasterKeys(path, key_file.read_or_make(path, database_is_new))

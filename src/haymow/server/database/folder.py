"""The data folder: who may read it, that one server at a time owns it, and when what it holds is on the disk."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from haymow.errors import StartFailed

LOCK = "lock"


class FolderInUse(StartFailed):
    """Another process holds the folder's lock."""

    code = "folder_in_use"


class DataFolder:
    """An opened and locked data folder; `close` lets the next server have it."""

    def __init__(self, path: Path, otherwise: str = "set HAYMOW_DATA to another folder") -> None:
        """Make the folder (0700) when it is missing, and lock it. Raises StartFailed, FolderInUse.

        `otherwise` is what whoever named it may do where it cannot be had.
        """
        self.path = path
        _make(path, otherwise)
        self._lock = _lock(path, otherwise)

    def close(self) -> None:
        """Give the lock back. The lock file stays: removing it would let two owners lock two files."""
        os.close(self._lock)


def sync_folder(path: Path) -> None:
    """Return when the names of a folder's files are on the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make(path: Path, otherwise: str) -> None:
    try:
        if path.is_dir() and path.stat().st_mode & 0o077:
            _close_to_others(path, otherwise)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StartFailed(_cannot_write(path, error, otherwise)) from error


def _close_to_others(path: Path, otherwise: str) -> None:
    """Only a folder that is haymow's own is closed: somebody may name /tmp by mistake."""
    names = {child.name for child in path.iterdir()}
    if names and LOCK not in names:
        raise StartFailed(
            f"{path} is open to other users and holds files that are not haymow's, which it leaves as they are. "
            f"Instead, {otherwise}: a new one, or one that is empty."
        )
    path.chmod(0o700)


def _lock(path: Path, otherwise: str) -> int:
    try:
        lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartFailed(_cannot_write(path, error, otherwise)) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise FolderInUse(f"Another haymow is using the data folder {path}. Stop it first, or {otherwise}.") from error
    return lock


def _cannot_write(path: Path, error: OSError, otherwise: str) -> str:
    return f"Cannot write to the data folder {path} ({error.strerror}). Make it writable for this user, or {otherwise}."

"""Whether the embedded database keeps what it acknowledges: asked of SQLite and of the system, not assumed."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from haymow.errors import StartFailed

log = logging.getLogger(__name__)

MOUNTS: Final = Path("/proc/self/mountinfo")
"""Where Linux says what is mounted; elsewhere haymow cannot know."""

_REMOTE: Final = {
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ncpfs", "coda", "vboxsf"),
    *("fuse.sshfs", "fuse.s3fs", "fuse.rclone", "fuse.glusterfs", "fuse.grpcfuse", "fuse.osxfs"),
}
"""File systems on which locks, shared memory or syncs are known not to do what SQLite needs (sqlite.org/wal.html)."""
_GONE_AT_A_RESTART: Final = {"tmpfs", "ramfs"}
_SYNCHRONOUS: Final = ("OFF", "NORMAL", "FULL", "EXTRA")
_ADVICE: Final = "or set HAYMOW_UNSAFE_STORAGE=on where that does not matter."


def check_file_system(folder: Path, *, unsafe: bool, mounts: Path = MOUNTS) -> str:
    """The type of the file system that a folder is on, "unknown" where that is not said. Raises StartFailed."""
    kind = _kind_of(folder.resolve(), mounts)
    if kind in _REMOTE and not unsafe:
        raise StartFailed(
            f"The data folder {folder} is on {kind}, where SQLite can lose changes that it acknowledged. Move it to a "
            f"disk of this machine, use PostgreSQL, {_ADVICE}"
        )
    if kind in _GONE_AT_A_RESTART:
        log.warning("the data folder is on %s: it is gone when this machine starts again", kind)
    return kind


def check_connection(engine: Engine, kind: str, *, unsafe: bool) -> None:
    """Log what a connection that writes was really given. Raises StartFailed when it is less than was asked for."""
    with engine.connect() as connection:
        synchronous = _SYNCHRONOUS[connection.exec_driver_sql("PRAGMA synchronous").scalar_one()]
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    found = f"synchronous={synchronous}, journal_mode={journal}"
    log.info("the database's guarantees: SQLite %s, %s, file system %s", sqlite3.sqlite_version, found, kind)
    if (synchronous, journal) != ("FULL", "wal") and not unsafe:
        raise StartFailed(
            f"The database cannot be opened so that it keeps what it acknowledged: {found}, where FULL and wal were "
            f"asked for. Move HAYMOW_DATA to a disk of this machine, {_ADVICE}"
        )


def _kind_of(folder: Path, mounts: Path) -> str:
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return "unknown"
    found, kind = -1, "unknown"
    for line in lines:  # proc_pid_mountinfo(5): the mount point is the fifth field, the type follows a lone hyphen
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        point = Path(_unescaped(fields[4]))
        if (folder == point or point in folder.parents) and len(point.parts) >= found:
            found, kind = len(point.parts), after.split(" ")[0]  # what is mounted later covers what was there
    return kind


def _unescaped(text: str) -> str:
    """A path as the kernel writes it: space, tab, line feed and backslash as three octal digits."""
    for written, meant in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(written, meant)
    return text

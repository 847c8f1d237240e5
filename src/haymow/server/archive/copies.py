"""`haymow admin copy`: every row from one database into another, empty one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Table

from haymow.errors import CommandFailed, StartFailed
from haymow.server.app import tables
from haymow.server.archive.progress import Progress
from haymow.server.database import DataFolder
from haymow.server.database.folder import FolderInUse
from haymow.server.database.moving import Filling, filling, lines_of
from haymow.server.database.places import Place, looking, require_empty, require_started
from haymow.server.database.rows import Digest, shape_of
from haymow.server.database.schema import HEAD
from haymow.server.secrets.master_keys import open_master_keys
from haymow.server.secrets.service import fits

Say = Callable[[str], None]


class Differs(CommandFailed):
    """What was read back is not what was written."""

    code = "copy_differs"


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied; `in_use` says that a server works on the source, so that more may have come since."""

    tables: int
    rows: int
    in_use: bool


def copy(source: Place, target: Place, key_file: Path | None, say: Say) -> Copied:
    """Copy everything, from one snapshot of the source, all of it or nothing.

    `key_file` is where the master key is or will be of those who serve the target; one that is another database's is
    refused. Raises Conflict when the target is not empty, Differs, StartFailed.
    """
    progress = Progress(say, "copied")
    with ExitStack() as stack:
        in_use = is_in_use(source)
        connection = stack.enter_context(looking(source))
        require_started(connection, source)
        require_empty(target)  # before its key is spoken of: that one may be in use
        _require_key(connection, key_file)
        hold(stack, target)  # which makes its folder: not for a source that was named by mistake
        filled = stack.enter_context(filling(target, HEAD))
        digests = [_copied(connection, table, filled, progress) for table in tables()]
        progress.finish()
        _compare(filled, digests, Progress(say, "compared"))
    return Copied(len(digests), progress.rows, in_use)


def hold(stack: ExitStack, target: Place) -> None:
    """Let no server have the target's folder until the stack is left. Raises FolderInUse, StartFailed."""
    if target.folder is not None:
        stack.callback(DataFolder(target.folder, _another(target)).close)


def _another(place: Place) -> str:
    return f"name another folder {place.by}"


def is_in_use(place: Place) -> bool:
    """Whether a server has a folder's lock; of a shared database nobody knows."""
    if place.folder is None or place.file is None or not place.file.exists():
        return False
    try:
        DataFolder(place.folder, _another(place)).close()
    except FolderInUse:
        return True
    return False


def _require_key(connection: Connection, key_file: Path | None) -> None:
    if (
        key_file is not None
        and key_file.exists()
        and not fits(connection, open_master_keys(key_file, database_is_new=False))
    ):
        raise StartFailed(
            f"The master key file {key_file} does not belong to the database that is copied. "
            "Put the source's file there, or move it away."
        )


def _copied(connection: Connection, table: Table, filled: Filling, progress: Progress) -> Digest:
    shape, digest = shape_of(table), Digest()
    for lines in lines_of(connection, table):
        for line in lines:
            digest.add(line)
        filled.insert(shape, lines)
        progress.add(shape.name, len(lines))
    filled.number_on(shape)
    return digest


def _compare(filled: Filling, digests: Sequence[Digest], progress: Progress) -> None:
    for table, digest in zip(tables(), digests, strict=True):
        if filled.digest(shape_of(table), progress.add) != digest:
            raise Differs(
                f"The copy of {table.name} is not what was read, so nothing was kept. "
                "Try again; if it happens again, look at the target's log and disk."
            )
    progress.finish()

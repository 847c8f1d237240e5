"""Everything of a haymow, taken elsewhere: copies from one database to another, backups in a file, and back.

What the command line asks for is here; each `run_` gives what a person reads in the end.
"""

from __future__ import annotations

from pathlib import Path

from haymow.server.archive.backups import back_up
from haymow.server.archive.copies import Say, copy
from haymow.server.archive.restores import Contents, is_encrypted, restore, verify
from haymow.server.database.places import Place, place_named, place_of
from haymow.server.settings import Settings

__all__ = ["is_encrypted", "run_backup", "run_copy", "run_restore", "run_verify"]


def run_copy(settings: Settings, source: str, target: str, say: Say) -> str:
    """Copy one place to another, as they are named on the command line. Raises HaymowError."""
    of, to = place_named(source, "SOURCE"), place_named(target, "TARGET")
    done = copy(of, to, _key_of(settings, to), say)
    words = f"Copied {done.rows:,} rows of {done.tables} tables; what was read back is the same. {_about_key(of, to)}"
    if done.in_use:
        words += f"\nA haymow is using {of.name}: what is changed there from now on is not in {to.name}."
    return words


def run_backup(settings: Settings, file: Path, secrets: bool, passphrase: str | None, say: Say) -> str:
    """Back up the settings' database into a file. Raises HaymowError."""
    rows = back_up(place_of(settings), settings.key_file if secrets else None, file, passphrase, say)
    kind = "with secrets and the master key" if secrets else "without secrets and tokens"
    sealed = "encrypted" if passphrase is not None else "not encrypted"
    return f"Backed up {rows:,} rows to {file}, {kind}, {sealed}."


def run_restore(settings: Settings, file: Path, passphrase: str | None, say: Say) -> str:
    """Restore a file into the settings' database. Raises HaymowError."""
    place = place_of(settings)
    found = restore(file, place, settings.key_file, passphrase, say)
    after = f"The master key is {settings.key_file}." if found.secrets else "Secrets and tokens have to be made anew."
    return (
        f"Restored the backup of {found.made}, {found.rows:,} rows, into {place.name}; what was read back is the same. "
        f"{after}"
    )


def run_verify(file: Path, passphrase: str | None, say: Say) -> str:
    """Check a file. Raises HaymowError."""
    return _told(file, verify(file, passphrase, say))


def _told(file: Path, found: Contents) -> str:
    kind = "with secrets" if found.secrets else "without secrets"
    return f"{file} is whole: the backup of {found.made}, {found.rows:,} rows, {kind}, schema {found.schema}."


def _key_of(settings: Settings, target: Place) -> Path | None:
    if settings.master_key_file is not None or target.folder is None:
        return settings.master_key_file
    return target.folder / "master.key"


def _about_key(source: Place, target: Place) -> str:
    """The master key is no row: who copies decides where it lies."""
    of = (
        "the source's master key" if source.folder is None else f"{source.folder / 'master.key'} (or where you keep it)"
    )
    to = "by HAYMOW_MASTER_KEY_FILE" if target.folder is None else f"as {target.folder / 'master.key'}"
    return f"The master key is not copied: give {of} to the haymow that serves {target.name}, {to}, mode 0600."

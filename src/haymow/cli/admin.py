"""`haymow admin`: for who owns the machine. Works with a running server and without one."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from pathlib import Path

import click

from haymow.errors import StartFailed
from haymow.server.settings import Settings, read_environment

LEAST_PASSPHRASE = 12
_FILE = click.Path(path_type=Path, dir_okay=False)
_passphrase_option = click.option(
    "--passphrase-file", type=_FILE, help="A file (0600) whose first line is the passphrase.  [default: ask for it]"
)


@click.group()
def admin() -> None:
    """What the owner of the machine may do without a token."""


@admin.command()
def token() -> None:
    """Print another API token of the administrator."""
    from haymow.server.operator import admin_token  # noqa: PLC0415 - heavy, and `--help` does without the server

    click.echo(asyncio.run(admin_token(_settings(), _progress)))


@admin.command()
def link() -> None:
    """Print a link that signs in to the page once.

    It signs the administrator in, within 24 hours. Nothing else is printed.
    """
    from haymow.server.operator import admin_link  # noqa: PLC0415 - the same

    click.echo(asyncio.run(admin_link(_settings())))


@admin.command()
@click.argument("source")
@click.argument("target")
def copy(source: str, target: str) -> None:
    """Copy everything from SOURCE into the empty TARGET.

    Each is a data folder or postgresql://user@host:port/database; a password may be in PGPASSWORD or in ~/.pgpass. A
    server may go on with SOURCE meanwhile: what is in TARGET afterwards is one moment of it.
    """
    from haymow.server import archive  # noqa: PLC0415 - the same

    click.echo(archive.run_copy(_settings(), source, target, _progress))


@admin.command()
@click.argument("file", type=_FILE)
@click.option("--without-secrets", is_flag=True, help="Leave out secrets, keys, tokens and sessions; no passphrase.")
@_passphrase_option
def backup(file: Path, without_secrets: bool, passphrase_file: Path | None) -> None:
    """Write a backup to FILE, while haymow goes on.

    The database is in it, and its master key. It is encrypted with a passphrase, without which it cannot be restored.
    """
    from haymow.server import archive  # noqa: PLC0415 - the same

    asked = passphrase_file is not None or not without_secrets
    passphrase = _passphrase(passphrase_file, is_new=True) if asked else None
    click.echo(archive.run_backup(_settings(), file, not without_secrets, passphrase, _progress))


@admin.command()
@click.argument("file", type=_FILE)
@_passphrase_option
def restore(file: Path, passphrase_file: Path | None) -> None:
    """Put the backup FILE into an empty database.

    The database is the one of the settings, and the master key gets its place by them, too.
    """
    from haymow.server import archive  # noqa: PLC0415 - the same

    passphrase = _passphrase(passphrase_file) if archive.is_encrypted(file) else None
    click.echo(archive.run_restore(_settings(), file, passphrase, _progress))


@admin.command()
@click.argument("file", type=_FILE)
@_passphrase_option
def verify(file: Path, passphrase_file: Path | None) -> None:
    """Say whether the backup FILE is whole.

    All of it is read, and no database touched.
    """
    from haymow.server import archive  # noqa: PLC0415 - the same

    passphrase = _passphrase(passphrase_file) if archive.is_encrypted(file) else None
    click.echo(archive.run_verify(file, passphrase, _progress))


@admin.command("new-master-key")
def new_master_key() -> None:
    """Print a new master key, for a secret store.

    Nothing on this machine is touched.
    """
    from haymow.server.operator import new_master_key as make  # noqa: PLC0415 - the same

    click.echo(make(), nl=False)


@admin.command()
def migrate() -> None:
    """Bring the database to this version's schema.

    On PostgreSQL, servers of this version and of the one before go on working meanwhile.
    """
    from haymow.server.operator import migrate as run  # noqa: PLC0415 - the same

    is_done = run(_settings(), click.echo)
    click.echo("The database has this version's schema now." if is_done else "There was nothing to migrate.")


@admin.command("rotate-key")
@click.option("--prepare", is_flag=True, help="Only write a new key into the key file, to be given to every server.")
@click.option("--data-keys", is_flag=True, help="Also encrypt every value anew, under new data keys.")
@click.option("--forget-old", is_flag=True, help="Only take the old keys out of the key file, when nothing needs them.")
def rotate_key(prepare: bool, data_keys: bool, forget_old: bool) -> None:
    """Put a new master key in the place of the old one.

    haymow goes on meanwhile. Where it was broken off, the same command goes on, and when all was done it does
    nothing: another rotation begins with --prepare, or after --forget-old. On PostgreSQL it takes two commands:
    --prepare first, and when every server has the key file, the command alone.
    """
    from haymow.server import rotating  # noqa: PLC0415 - the same

    if prepare + data_keys + forget_old > 1:
        raise click.UsageError("Give one of --prepare, --data-keys and --forget-old.")
    settings = _settings()
    if prepare:
        click.echo(asyncio.run(rotating.prepare(settings)))
    elif forget_old:
        click.echo(asyncio.run(rotating.forget(settings)))
    else:
        click.echo(asyncio.run(rotating.rotate(settings, data_keys, _progress)))


def _settings() -> Settings:
    settings = read_environment()
    if settings.unknown:
        click.echo(f"haymow: {settings.unknown}", err=True)
    return settings


def _progress(line: str) -> None:
    click.echo(line, err=True)


def _passphrase(file: Path | None, *, is_new: bool = False) -> str:
    """The passphrase, from a file or from a person, and never from the command line, which others see."""
    if file is None and not sys.stdin.isatty():
        raise StartFailed("Nobody can be asked for the passphrase here. Give it with --passphrase-file.")
    if file is None:
        text = str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=is_new, err=True))
    else:
        text = _first_line(file)
    if is_new and len(text) < LEAST_PASSPHRASE:
        raise StartFailed(f"The passphrase is too short: take {LEAST_PASSPHRASE} characters or more.")
    return text


def _first_line(file: Path) -> str:
    try:
        with file.open(encoding="utf-8") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if stat.S_ISREG(mode) and mode & 0o077:
                raise StartFailed(f"The passphrase file {file} is open to others. Close it with: chmod 600 {file}")
            if not (text := stream.readline().rstrip("\r\n")):
                raise StartFailed(f"The passphrase file {file} has no passphrase in its first line. Write it there.")
            return text
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", "no text")
        raise StartFailed(
            f"Cannot read the passphrase file {file} ({reason}). Check its name, and that you may read it."
        ) from None

"""`haymow admin`: for who owns the machine. Works with a running server and without one."""

from __future__ import annotations

import asyncio

import click

from haymow.server.settings import read_environment


@click.group()
def admin() -> None:
    """What the owner of the machine may do without a token."""


@admin.command()
def token() -> None:
    """Make another API token of the administrator and print it, alone."""
    from haymow.server.operator import admin_token  # noqa: PLC0415 - heavy, and `--help` does without the server

    click.echo(asyncio.run(admin_token(read_environment())))


@admin.command()
def link() -> None:
    """Make a link that signs the administrator in to the page, once, and print it, alone."""
    from haymow.server.operator import admin_link  # noqa: PLC0415 - the same

    click.echo(asyncio.run(admin_link(read_environment())))

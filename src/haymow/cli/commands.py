"""The commands, and what becomes of a failure."""

from __future__ import annotations

import sys

import click

from haymow import __version__
from haymow.cli.admin import admin
from haymow.cli.serve import serve
from haymow.errors import HaymowError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="haymow")
def haymow() -> None:
    """A self-hosted model registry for Haystack."""


haymow.add_command(serve)
haymow.add_command(admin)


def run() -> None:
    """Run the one that is named; a failure that haymow expects is one line and exit status 1."""
    try:
        haymow()
    except HaymowError as error:
        click.echo(f"haymow: {error.message}", err=True)
        sys.exit(1)

"""`haymow serve`."""

from __future__ import annotations

from dataclasses import replace

import click

from haymow.server.settings import forget_environment, read_environment


@click.command()
@click.option("--host", help="The address to listen on.  [default: 127.0.0.1, or HAYMOW_HOST]")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; 0 picks one.  [default: 8000, or HAYMOW_PORT]")
@click.option("--local-model", is_flag=True, help="Also run a small language model on loopback.")
def serve(host: str | None, port: int | None, local_model: bool) -> None:
    """Serve the API and the page until Ctrl-C.

    All else is set by variables such as HAYMOW_DATA, the data folder (./haymow-data): docs/operating.md has them.
    """
    settings = read_environment()
    forget_environment()
    from haymow.server.run import serve as run  # noqa: PLC0415 - heavy, and other commands do without the server

    chosen = replace(
        settings,
        host=settings.host if host is None else host,
        port=settings.port if port is None else port,
        local_model=local_model,
    )
    run(chosen, click.echo)

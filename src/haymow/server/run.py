"""Starting everything in order, and stopping it in the other order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace

import uvicorn
import uvloop

from haymow import __version__
from haymow.errors import StartFailed
from haymow.server import control
from haymow.server.app import House, open_house, with_local_model
from haymow.server.http.protocol import PatientProtocol
from haymow.server.operator import address, browser_address, commands, link_of_start
from haymow.server.settings import Settings
from haymow.server.telemetry import logs
from haymow.server.telemetry.seen import Tell

log = logging.getLogger(__name__)

Say = Callable[[str], None]

GRACE_SECONDS = 2
"""How long answers under way may take after Ctrl-C; with the local model's end, all is over within 5 s."""


def serve(settings: Settings, say: Say) -> None:
    """Serve until SIGINT or SIGTERM. `say` prints a line for a person. Raises StartFailed."""
    request_log = _start_log(settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, contextlib.suppress(asyncio.CancelledError):
        runner.run(_serve(settings, say, [request_log] if request_log else []))
    if request_log:
        request_log.write()
    log.info("stopped")
    say("haymow has stopped.")


def _start_log(settings: Settings) -> logs.RequestLog | None:
    """Start the log, and give what hears of each request, if anything is to.

    At a terminal somebody reads along, who wants to see what is wrong; elsewhere a machine collects everything.
    """
    as_json = (settings.log or ("text" if sys.stderr.isatty() else "json")) == "json"
    logs.start(as_json=as_json, level=settings.log_level or ("info" if as_json else "warning"))
    every_request = as_json if settings.access_log is None else settings.access_log
    return logs.RequestLog(as_json=as_json) if every_request else None


async def _serve(settings: Settings, say: Say, tell: list[Tell]) -> None:
    task = asyncio.current_task()
    assert task is not None
    _on_signal(task.cancel)  # a start that takes long is given up in order, too
    with _listening(settings) as listener:
        settings = replace(settings, port=listener.getsockname()[1])  # 0 was any
        async with open_house(settings, tell) as house, _started(house, settings, say):
            await _answer(house, listener, say, settings)


def _on_signal(act: Callable[[], object]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, act)


@contextlib.asynccontextmanager
async def _started(house: House, settings: Settings, say: Say) -> AsyncIterator[None]:
    token = await house.tokens.start("first start")
    if token is not None:
        say(f"The administrator's API token, shown this once: {token}")
    async with with_local_model(house, say):
        door = await control.listen(settings.admin_socket, commands(house, browser_address(settings)))
        try:
            yield
        finally:
            door.close()
            settings.admin_socket.unlink(missing_ok=True)


async def _answer(house: House, listener: socket.socket, say: Say, settings: Settings) -> None:
    config = uvicorn.Config(
        house.app,
        http=PatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=75,
    )
    server = _Server(config)
    _on_signal(server.stop)
    say(f"Open {await link_of_start(house, browser_address(settings))} to sign in (works once).")
    say(f"haymow {__version__} is ready at {address(settings.host, settings.port)} - press Ctrl-C to stop it.")
    _calm_garbage_collection()
    log.info("ready", extra={"haymow": {"version": __version__, "address": address(settings.host, settings.port)}})
    await server.serve([listener])


def _calm_garbage_collection() -> None:
    """Let the collector leave alone what lives as long as the process, and look at the rest less often.

    Documents are many small containers that reference counting frees; looking for cycles among them, and
    each time among everything that was imported, took an eighth of an update.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


class _Server(uvicorn.Server):
    """uvicorn without its own signals: it would raise them again when it is done, before we are."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        log.info("stopping")
        self.force_exit = self.should_exit
        self.should_exit = True


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    if not settings.host:
        raise StartFailed("The host to listen on is empty. Give one with --host, such as 127.0.0.1.")
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "no such host"
            raise StartFailed(
                f"Cannot listen on {settings.host}:{settings.port} ({reason}). "
                "Stop what uses it, or choose another with --host and --port."
            ) from error
        listener.listen(2048)
        yield listener

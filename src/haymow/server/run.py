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
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import uvloop

from haymow import __version__
from haymow.errors import StartFailed
from haymow.server import control, local
from haymow.server.app import House, open_house
from haymow.server.http.leaving import Leaving
from haymow.server.listening import Server, listening
from haymow.server.operator import address, browser_address, commands, link_of_start
from haymow.server.settings import Settings, in_environment
from haymow.server.telemetry import logs
from haymow.server.telemetry.seen import Tell

if TYPE_CHECKING:
    from haymow.server.telemetry.traces import Tracing

log = logging.getLogger(__name__)

Say = Callable[[str], None]

QUICK_GRACE_SECONDS = 2
"""How long answers under way may take after Ctrl-C; with the local model's end, all is over within 5 s."""


def serve(settings: Settings, say: Say) -> None:
    """Serve until SIGINT or SIGTERM. `say` prints a line for a person. Raises StartFailed."""
    request_log = _start_log(settings)
    if settings.unknown:
        log.warning(settings.unknown)
    tracing = _tracing(settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, contextlib.suppress(asyncio.CancelledError):
        runner.run(_serve(settings, say, [one for one in (request_log, tracing and tracing.end) if one], tracing))
    if tracing:
        tracing.close()
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


def _tracing(settings: Settings) -> Tracing | None:
    """What traces requests, where the operator says where traces go. Raises StartFailed."""
    if not settings.otel:
        return None
    try:
        from haymow.server.telemetry.traces import Tracing  # noqa: PLC0415 - an extra, and half a second
    except ImportError as error:
        raise StartFailed(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and what sends traces is not installed. "
            "Install haymow[otel], or unset it."
        ) from error
    with in_environment(settings.otel):
        return Tracing(__version__, settings.otel)


async def _serve(settings: Settings, say: Say, tell: list[Tell], tracing: Tracing | None) -> None:
    task = asyncio.current_task()
    assert task is not None
    _on_signal(signal.SIGINT, task.cancel)  # a start that takes long is given up in order, too
    _on_signal(signal.SIGTERM, task.cancel)
    trace = tracing.begin if tracing else None
    with _listeners(settings) as (listener, of_metrics):
        settings = replace(settings, port=listener.getsockname()[1])  # 0 was any
        async with (
            open_house(settings, tell, trace) as house,
            _started(house, settings, say),
            _measured(house, of_metrics),
        ):
            await _answer(house, listener, say, settings)


@contextlib.contextmanager
def _listeners(settings: Settings) -> Iterator[tuple[socket.socket, socket.socket | None]]:
    """The socket for everything, and the one for /metrics where that is wanted. Raises StartFailed."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(listening(settings.host, settings.port, "--host and --port"))
        if settings.metrics_port is None:
            yield listener, None
            return
        names = "HAYMOW_METRICS_HOST and HAYMOW_METRICS_PORT"
        yield listener, stack.enter_context(listening(settings.metrics_host, settings.metrics_port, names))


@contextlib.asynccontextmanager
async def _measured(house: House, listener: socket.socket | None) -> AsyncIterator[None]:
    """Answer /metrics for as long as the block runs, until the last of the other answers."""
    if listener is None:
        yield
        return
    from haymow.server.measured import metrics  # noqa: PLC0415 - a tenth of a start, for those who want it

    server = Server(metrics(house), 0)
    serving = asyncio.ensure_future(server.serve([listener]))
    try:
        yield
    finally:
        server.stop()
        await serving


def _on_signal(number: int, act: Callable[[], object]) -> None:
    asyncio.get_running_loop().add_signal_handler(number, act)


@contextlib.asynccontextmanager
async def _started(house: House, settings: Settings, say: Say) -> AsyncIterator[None]:
    token = await house.tokens.start("first start")
    if token is not None and settings.start_link:
        say(f"The administrator's API token, shown this once: {token}")
    async with _platform_models(house, say):
        door = await control.listen(settings.admin_socket, commands(house, browser_address(settings)))
        try:
            yield
        finally:
            door.close()
            settings.admin_socket.unlink(missing_ok=True)


@contextlib.asynccontextmanager
async def _platform_models(house: House, say: Say) -> AsyncIterator[None]:
    """The platform's models, the local one among them when it is asked for, for as long as the block runs."""
    operator = await house.tokens.operator("start")
    async with local.running(house.settings, house.secrets, operator, say) as models:
        await house.platform.put(models)
        yield


async def _answer(house: House, listener: socket.socket, say: Say, settings: Settings) -> None:
    server = Server(house.app, settings.grace_seconds)
    stop = _Stop(house.leaving, server, settings)
    _on_signal(signal.SIGINT, stop.interrupt)
    _on_signal(signal.SIGTERM, stop.terminate)
    if settings.start_link:
        say(f"Open {await link_of_start(house, settings)} to sign in (works once).")
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


@dataclass(frozen=True)
class _Stop:
    """What the two signals do. The first one begins; another one is for somebody who does not want to wait."""

    leaving: Leaving
    server: Server
    settings: Settings

    def interrupt(self) -> None:
        """Ctrl-C: a person stands there, and no balancer sends anything."""
        self._begin(0)
        self._end(QUICK_GRACE_SECONDS)

    def terminate(self) -> None:
        """SIGTERM: whoever sends requests here needs time to hear that this server is not ready any more."""
        seconds = self.settings.drain_seconds
        if self.leaving.has_begun or not seconds:
            self._begin(0)
            self._end(self.settings.grace_seconds)
            return
        self._begin(seconds)
        asyncio.get_running_loop().call_later(seconds, self._drained)

    def _begin(self, seconds: int) -> None:
        if not self.leaving.has_begun:
            self.leaving.begin()
            log.info("stopping", extra={"haymow": {"drain_seconds": seconds}})

    def _drained(self) -> None:
        if not self.server.should_exit:
            self._end(self.settings.grace_seconds)

    def _end(self, grace: int) -> None:
        self.server.config.timeout_graceful_shutdown = grace
        self.server.stop()

"""Where haymow listens, and the HTTP servers behind it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from haymow.errors import StartFailed
from haymow.server.http.protocol import PatientProtocol

KEEP_ALIVE_SECONDS = 75


class _AsWeSayIt(logging.Filter):
    """What is cut at a stop is no fault, and uvicorn calls it one: each request's own line says `broken_off`."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError):
            return False
        return not (isinstance(record.msg, str) and record.msg.startswith("Cancel %s running task"))


_AS_WE_SAY_IT = _AsWeSayIt()


class Server(uvicorn.Server):
    """uvicorn without its own signals: it would raise them again when it is done, before we are."""

    def __init__(self, app: ASGIApp, grace: int) -> None:
        """`grace` are the seconds that answers under way get after `stop`."""
        logging.getLogger("uvicorn.error").addFilter(_AS_WE_SAY_IT)
        super().__init__(
            uvicorn.Config(
                app,
                http=PatientProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=grace,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        """Listen no more, and end when what is under way has ended; called again, at once."""
        self.force_exit = self.should_exit
        self.should_exit = True


@contextlib.contextmanager
def listening(host: str, port: int, names: str) -> Iterator[socket.socket]:
    """A socket that listens. `names` are what sets the two, for the error. Raises StartFailed."""
    if not host:
        raise StartFailed(f"The host to listen on is empty. Give one with {names}, such as 127.0.0.1.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "no such host"
            raise StartFailed(
                f"Cannot listen on {host}:{port} ({reason}). Stop what uses it, or choose another with {names}."
            ) from error
        listener.listen(2048)
        yield listener

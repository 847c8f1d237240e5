"""HTTP servers in threads of this process."""

from __future__ import annotations

import asyncio
import socket
import threading

import uvicorn

START_SECONDS = 30.0
STOP_SECONDS = 5.0


class ServerThread(uvicorn.Server):
    """A server in a thread of its own, from `start` to `stop`; `loop` is the one it runs on."""

    def __init__(self, config: uvicorn.Config, name: str, listener: socket.socket | None = None) -> None:
        super().__init__(config)
        self.loop: asyncio.AbstractEventLoop
        self._begun = threading.Event()
        sockets = None if listener is None else [listener]
        self._thread = threading.Thread(target=self.run, args=(sockets,), name=name, daemon=True)

    def start(self) -> None:
        """Return when it answers."""
        self._thread.start()
        assert self._begun.wait(START_SECONDS)

    def stop(self) -> None:
        """End it, and whatever it still does."""
        self.should_exit = self.force_exit = True
        self._thread.join(timeout=STOP_SECONDS)

    @property
    def port(self) -> int:
        """Where it answers."""
        return int(self.servers[0].sockets[0].getsockname()[1])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._begun.set()

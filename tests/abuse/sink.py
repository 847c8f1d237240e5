"""A listening socket that nobody should find."""

from __future__ import annotations

import select
import socket
from types import TracebackType
from typing import Self


class Sink:
    """The system completes a connection by itself, so one that was made shows here, accepted or not."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def was_reached(self) -> bool:
        return bool(select.select([self._socket], [], [], 0)[0])

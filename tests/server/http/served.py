"""A few operations on a real server in this process, with the gate and the protocol that haymow serves with."""

from __future__ import annotations

import logging
import socket
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.requests import Request
from starlette.types import ASGIApp

from haymow.errors import Unauthenticated
from haymow.server.http import Call, Operation, json_answer
from haymow.server.http.gate import Gate
from haymow.server.http.operations import Routing
from haymow.server.http.protocol import PatientProtocol
from tests.threads import ServerThread


async def echo(call: Call[Any]) -> Any:
    """What was read of the body."""
    call.require_json()
    return json_answer({"read": await call.document()})


async def hello(call: Call[Any]) -> Any:
    return json_answer({"hello": "world"})


ECHO = Operation("PATCH", "/echo", echo, "Echo", "Echo.")
HELLO = Operation("GET", "/hello", hello, "Hello", "Hello.", public=True)


async def _authenticate(request: Request) -> str:
    if "authorization" not in request.headers:
        raise Unauthenticated("Send a token.")
    return "somebody"


class Served:
    """The server; `url` is where it answers."""

    def __init__(self, operations: Sequence[Operation] = (ECHO, HELLO), otherwise: ASGIApp | None = None) -> None:
        app = Gate(Routing(operations, _authenticate, otherwise))
        config = uvicorn.Config(
            app,
            http=PatientProtocol,
            ws="none",
            log_config=None,
            log_level=logging.CRITICAL,
            lifespan="off",
            timeout_keep_alive=75,
        )
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = ServerThread(config, "served", self._socket)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()
        self._socket.close()

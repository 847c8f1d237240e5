"""`/metrics`, on a listener of its own: an ASGI application that knows one address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Metrics:
    """Answers GET /metrics with what `write` gives, and everything else with 404."""

    write: Callable[[], bytes]
    media_type: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/metrics" and scope["method"] in ("GET", "HEAD"):
            answer = Response(self.write(), headers={"content-type": self.media_type, "cache-control": "no-store"})
        else:
            answer = PlainTextResponse("There is GET /metrics here, and nothing else.\n", 404)
        await answer(scope, receive, send)

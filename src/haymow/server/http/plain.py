"""The addresses that belong to no noun: is it alive, is it ready, what does it offer, what does an error mean."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from starlette.responses import HTMLResponse, Response

from haymow.errors import NotFound
from haymow.server.http.answers import encoded, json_answer
from haymow.server.http.calls import Call
from haymow.server.http.errors import EXPLANATIONS
from haymow.server.http.operations import Operation
from haymow.wire.health import Health, Readiness

_CSP = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}


@dataclass(frozen=True)
class PlainRoutes:
    """`ready` raises Unavailable when requests are better sent elsewhere; `document` makes the OpenAPI document."""

    ready: Callable[[], Awaitable[None]]
    document: Callable[[], dict[str, Any]]

    def operations(self) -> list[Operation]:
        """Everything these routes answer; none of it needs a token."""
        return [
            Operation("GET", "/healthz", self.health, "Health", "Whether the process answers.",
                      answer=Health, public=True),
            Operation("GET", "/readyz", self.readiness, "Readiness", "Whether the database can be reached.",
                      answer=Readiness, public=True, errors={503: "The database cannot be reached, or haymow stops."}),
            Operation("GET", "/openapi.json", self.openapi, "OpenAPI", "This document.", public=True),
            Operation("GET", "/docs", self.docs, "Documentation", "The operations as a page.", public=True),
            Operation("GET", "/errors/{code}", self.explanation, "Explain Error", "What an error's code means.",
                      public=True, errors={404: "There is no such code."}),
        ]  # fmt: skip

    async def health(self, call: Call[Any]) -> Response:
        return json_answer({"status": "ok"})

    async def readiness(self, call: Call[Any]) -> Response:
        await self.ready()
        return json_answer({"status": "ready"})

    async def openapi(self, call: Call[Any]) -> Response:
        return Response(encoded(self.document()), media_type="application/json")

    async def docs(self, call: Call[Any]) -> Response:
        rows = [
            f"<tr><td>{method.upper()}<td><code>{escape(path)}</code><td>{escape(operation['description'])}"
            for path, methods in self.document()["paths"].items()
            for method, operation in methods.items()
        ]
        text = '<p>The whole contract is <a href="openapi.json">openapi.json</a>.'
        return _page("haymow's API", f"{text}<table>{''.join(rows)}</table>")

    async def explanation(self, call: Call[Any]) -> Response:
        code = call.request.path_params["code"]
        text = EXPLANATIONS.get(code)
        if text is None:
            raise NotFound("There is no error with this code.")
        return _page(code, f"<p>{escape(text)}")


def _page(title: str, body: str) -> Response:
    style = (
        "<style>body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}td{padding:.2em 1em}</style>"
    )
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>{style}'
    return HTMLResponse(f"{head}<h1>{escape(title)}</h1>{body}", headers=_CSP)

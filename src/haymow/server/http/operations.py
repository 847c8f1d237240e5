"""Operations: each one routes a method and a path, and documents them in the same breath.

Not FastAPI: it reads the body before it asks who is calling, and haymow promises the other order
(docs/adr/0001).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from operator import itemgetter
from typing import Any
from urllib.parse import unquote_to_bytes

from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from haymow.errors import HaymowError, Malformed, NotFound
from haymow.server.http.answers import Answered
from haymow.server.http.calls import MOST_BODY_BYTES, Call, check_announced_length
from haymow.server.http.conditions import PREFERENCE_APPLIED, wants_strict
from haymow.server.http.errors import problem
from haymow.server.http.requests import Request
from haymow.server.telemetry.seen import note_code

Endpoint = Callable[[Call[Any]], Awaitable[Response]]
Authenticate = Callable[[Request], Awaitable[Any]]
Renderer = Callable[[HaymowError, str], Response]


@dataclass(frozen=True, slots=True)
class Operation:
    """What a client may ask for. `errors` are the statuses worth documenting, with their descriptions.

    `media_type` is that of an answer which is a text and no JSON.
    """

    method: str
    path: str
    endpoint: Endpoint
    summary: str
    description: str
    answer: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    status: int = 200
    errors: Mapping[int, str] = field(default_factory=dict)
    public: bool = False
    most_body_bytes: int = MOST_BODY_BYTES
    render: Renderer = problem
    media_type: str | None = None

    @property
    def is_kept(self) -> bool:
        """Whether its answer is kept by Idempotency-Key."""
        return self.method == "POST"

    def below(self, prefix: str) -> Operation:
        """The same operation, whose problems link to what is below the prefix."""
        if not prefix or self.render is not problem:
            return self
        return replace(self, render=partial(problem, prefix=prefix))


PAGE_ROUTE = "(page)"
"""The route of everything that is no operation's: the page's addresses and files, and what is not there at all."""


class Routing:
    """Finds the operations of a path: its words in their places, and a parameter is any one part but an empty one.

    `otherwise` is asked for what has none.
    """

    def __init__(
        self, operations: Iterable[Operation], authenticate: Authenticate, otherwise: ASGIApp | None = None
    ) -> None:
        self._otherwise = otherwise
        by_path: dict[str, dict[str, Operation]] = {}  # so that a 405 can say every method the path allows
        for operation in operations:
            by_path.setdefault(operation.path, {})[operation.method] = operation
        self._routes: dict[int, list[_Route]] = {}
        for path in sorted(by_path, key=_precedence):
            route = _Route(path, _Dispatch(by_path[path], authenticate))
            self._routes.setdefault(path.count("/"), []).append(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts = _parts_of(scope)
        for route in self._routes.get(len(parts) - 1, ()):
            parameters = route.parameters_of(parts)
            if parameters is not None:
                scope["path_params"] = parameters
                await route.dispatch(scope, receive, send)
                return
        if self._otherwise is None:
            raise NotFound("There is nothing at this address.")
        scope["haymow.route"] = PAGE_ROUTE
        await self._otherwise(scope, receive, send)


def _parts_of(scope: Scope) -> list[str]:
    """The parts of a path. A slash that was written as %2F is a part's own: the gate says where that may be."""
    path: str = scope["path"]
    raw: bytes = scope["raw_path"] or b""
    if not raw or raw.count(b"/") == path.count("/"):
        return path.split("/")
    return [unquote_to_bytes(part).decode("utf-8", "replace") for part in raw.split(b"/")]


class _Route:
    """Where the words of a path stand, and where its parameters. Not a pattern: those took a tenth of a read."""

    def __init__(self, path: str, dispatch: _Dispatch) -> None:
        parts = path.split("/")
        self.dispatch = dispatch
        self._names = {part[1:-1]: place for place, part in enumerate(parts) if part.startswith("{")}
        places = [place for place in range(len(parts)) if place not in self._names.values()]
        self._words = itemgetter(*places)
        self._wanted = self._words(parts)

    def parameters_of(self, parts: list[str]) -> dict[str, str] | None:
        """The parameters of a path with as many parts; None when it is another path."""
        if self._words(parts) != self._wanted:
            return None
        parameters = {name: parts[place] for name, place in self._names.items()}
        return parameters if all(parameters.values()) else None


def _precedence(path: str) -> list[str]:
    """Words before parameters, place by place: /models/custom is tried before /models/{model_id}."""
    return [part.replace("{", "~") for part in path.split("/")]


class _Dispatch:
    """The ASGI application behind one path."""

    def __init__(self, methods: Mapping[str, Operation], authenticate: Authenticate) -> None:
        self._methods = dict(methods)
        if "GET" in methods:
            self._methods["HEAD"] = methods["GET"]
        self._authenticate = authenticate
        self._allow = ", ".join(sorted(self._methods))
        self._route = next(iter(methods.values())).path

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive, send)
        scope["haymow.route"] = self._route
        operation = self._methods.get(scope["method"])
        if operation is None:
            response = self._refusal(request)
        else:
            scope["haymow.render"] = operation.render  # what fails further out is told in the same words
            response = await self._answer(operation, request)
        await response(scope, receive, send)

    async def _answer(self, operation: Operation, request: Request) -> Response:
        try:
            check_announced_length(request, operation.most_body_bytes)
            principal = None if operation.public else await self._authenticate(request)
            _check_acceptable(request, operation.media_type)
            response = await operation.endpoint(Call(request, principal, operation.most_body_bytes))
        except Answered as answered:
            response = answered.response
        except HaymowError as error:
            response = _refused(request, operation.render, error)
        if operation.body is not None and wants_strict(request.headers.getlist("prefer")):
            response.headers["preference-applied"] = PREFERENCE_APPLIED
        return response

    def _refusal(self, request: Request) -> Response:
        error = Malformed(f"This address allows {self._allow}.", code="method_not_allowed")
        render = next(iter(self._methods.values())).render
        response = _refused(request, render, error)
        response.headers["allow"] = self._allow
        return response


def _refused(request: Request, render: Renderer, error: HaymowError) -> Response:
    note_code(error.code)
    return render(error, request.scope["haymow.request_id"])


# What haymow answers, and the ranges it is in; which of them an operation answers is its own.
_ACCEPTED = {
    "*/*",
    "application/*",
    "application/json",
    "application/problem+json",
    "text/*",
    "text/event-stream",
    "text/html",
}


def _check_acceptable(request: Request, media_type: str | None) -> None:
    accept = request.headers.get("accept")
    if not accept or "*/*" in accept:
        return
    ranges = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    if media_type not in ranges and not ranges & _ACCEPTED and not any(wanted.endswith("+json") for wanted in ranges):
        raise Malformed("haymow answers application/json; ask for it in Accept.", code="not_acceptable")

"""What becomes known of one request while it is answered: what its log line, its figures and its trace are made of.

Whoever finds something out notes it on the request of the task it runs in. Ids, words from haymow's own tables and
numbers only: no value that was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from time import perf_counter, time
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from uuid import UUID

from haymow.ids import id_of

if TYPE_CHECKING:
    from haymow.server.telemetry.traces import Trace
    from haymow.server.telemetry.upstreams import UpstreamCall

UNROUTED: Final = "(none)"
"""The route of a request for what is not there."""

OTHER_METHOD: Final = "OTHER"
_METHODS: Final = {"GET": "GET", "HEAD": "HEAD", "POST": "POST", "PUT": "PUT", "PATCH": "PATCH", "DELETE": "DELETE"}


class Seen:
    """One request: `begun` by `perf_counter()`, `ended` by `time()`, between them `seconds`.

    `status` is 0 until an answer begins, which is `whole` once it has come to its end.
    """

    # Of the class until it is known: most requests never have most of it.
    route = UNROUTED
    status = 0
    whole = False
    code: str | None = None
    user_id: UUID | None = None
    token_id: UUID | None = None
    address: Mapping[str, str] = MappingProxyType({})
    noted_model_id: UUID | None = None
    revision: int | None = None
    upstream_host: str | None = None
    upstream_status: int | None = None
    upstream: UpstreamCall | None = None
    trace: Trace | None = None

    def __init__(self, request_id: str, method: str, client: str) -> None:
        self.request_id = request_id
        self.method = _METHODS.get(method, OTHER_METHOD)
        self.client = client
        self.begun = perf_counter()
        self.seconds = 0.0
        self.ended = 0.0

    def end(self, route: str, address: Mapping[str, str]) -> None:
        """The answer is over, whole or not; `address` are the parameters of its route, as they were sent."""
        self.route = route
        self.address = address
        self.seconds = perf_counter() - self.begun
        self.ended = time()

    @property
    def workspace_id(self) -> UUID | None:
        """The workspace of the address. What is no id is not repeated."""
        return id_of(self.address.get("workspace_id", ""))

    @property
    def model_id(self) -> UUID | None:
        """The model that the request was about."""
        return self.noted_model_id or id_of(self.address.get("model_id", ""))


Tell = Callable[[Seen], None]
"""Is told of each request when it is over."""

Begin = Callable[[Seen, Iterable[tuple[bytes, bytes]]], None]
"""Is told of each request when it begins, with its headers."""

_current: ContextVar[Seen | None] = ContextVar("haymow_seen", default=None)


def begin(seen: Seen) -> None:
    """From here on, what this task and those it starts find out is of this request."""
    _current.set(seen)


def current() -> Seen | None:
    """The request that is being answered; None outside of one."""
    return _current.get()


def note_code(code: str) -> None:
    """The code of the error that the request is answered with, or that its stream ends with."""
    if (seen := _current.get()) is not None:
        seen.code = code


def note_caller(user_id: UUID, token_id: UUID | None) -> None:
    """Who makes the request, and with which token."""
    if (seen := _current.get()) is not None:
        seen.user_id, seen.token_id = user_id, token_id


def note_model(model_id: UUID, revision: int) -> None:
    """Which revision of which model is read, was written or is called."""
    if (seen := _current.get()) is not None:
        seen.noted_model_id, seen.revision = model_id, revision

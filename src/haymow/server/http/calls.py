"""One call of an operation: the request, who makes it, and the parts of it as an endpoint asks for them.

An endpoint asks in the order that design and docs promise (who, ids, visible, writable, media type,
If-Match, body): nothing is read before it is asked for, so nothing of an unauthenticated body is read.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Generic, TypeVar, get_origin
from uuid import UUID

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from haymow import documents
from haymow.errors import Fault, Invalid, Malformed, TooLarge, TooSlow, UnsupportedMedia
from haymow.ids import id_of
from haymow.server.http import conditions
from haymow.wire.faults import faults_of, unknown_field_faults

P = TypeVar("P")
M = TypeVar("M", bound=BaseModel)

MOST_BODY_BYTES = 1024 * 1024
BODY_SECONDS = 10.0

LENGTH = "haymow.length"
"""Key of a scope: the Content-Length, when there is one."""

BODY_IS_WHOLE = "haymow.body_is_whole"
"""Key of a scope: whether there is nothing to wait for. A timer costs more than such a body."""

DIGEST = "haymow.digest"
"""Key of a scope: the SHA-256 of the body that was read, of requests with an Idempotency-Key."""

INVALID_REQUEST = "The request is invalid."

_NO_ID = "This must be a UUID."
_FOUND_BY_NAME = {
    "workspace_id": " GET /api/v1/workspaces/NAME has that of a workspace.",
    "model_id": " GET .../models?name=NAME has that of a model.",
}


@dataclass(frozen=True, slots=True)
class Call(Generic[P]):
    """A request and the principal who makes it."""

    request: Request
    principal: P
    most_body_bytes: int = MOST_BODY_BYTES

    def ids(self, *names: str) -> tuple[UUID, ...]:
        """The path's ids. Raises Invalid that names every one that is not a UUID."""
        given = self.request.path_params
        found = [value for name in names if (value := id_of(given[name])) is not None]
        if len(found) < len(names):
            wrong = [name for name in names if id_of(given[name]) is None]
            faults = [Fault(f"#/path/{name}", "malformed_id", _NO_ID + _FOUND_BY_NAME.get(name, "")) for name in wrong]
            raise Invalid("An id in the address is malformed.", faults, code="malformed_id")
        return tuple(found)

    def id(self, name: str) -> UUID:
        """One id of the path."""
        return self.ids(name)[0]

    def query(self, kind: type[M]) -> M:
        """The query string as `kind`, whose lists are parameters that may be repeated.

        Raises Invalid; parameters that `kind` does not know are ignored.
        """
        given = self.request.query_params
        values: dict[str, str | list[str]] = dict(given)
        values |= {name: given.getlist(name) for name in _repeatable(kind) if name in values}
        # Databases read U+0000 as an end or not at all; a body may not hold it either.
        faults = [
            Fault(f"#/query/{name}", "null_character", "This may not hold U+0000.")
            for name in kind.model_fields
            if "\0" in "".join(values.get(name, ""))
        ]
        if faults:
            raise Invalid(INVALID_REQUEST, faults)
        try:
            return kind.model_validate(values, strict=False)
        except ValidationError as error:
            raise Invalid(INVALID_REQUEST, faults_of(error, "#/query")) from error

    @property
    def idempotency_keys(self) -> list[str]:
        """The values of Idempotency-Key, of which there should be one at most."""
        return self.request.headers.getlist("idempotency-key")

    @property
    def body_digest(self) -> bytes:
        """The SHA-256 of the body that was read of a request with an Idempotency-Key; of nothing when none was."""
        digest: bytes = self.request.scope.get(DIGEST) or hashlib.sha256().digest()
        return digest

    @property
    def strict(self) -> bool:
        """Whether the client asked for `Prefer: handling=strict` (RFC 7240)."""
        return conditions.wants_strict(self.request.headers.getlist("prefer"))

    def require_json(self) -> None:
        """Raises UnsupportedMedia unless the body is announced as plain `application/json`."""
        if self.request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise UnsupportedMedia("Send the body without a Content-Encoding.", accept=("accept-encoding", "identity"))
        kind, _, parameters = self.request.headers.get("content-type", "").partition(";")
        charset = parameters.strip().lower().replace('"', "").replace(" ", "")
        if kind.strip().lower() != "application/json" or charset not in ("", "charset=utf-8", "charset=utf8"):
            header = "accept-patch" if self.request.method == "PATCH" else "accept-post"
            raise UnsupportedMedia("Send the body as application/json.", accept=(header, "application/json"))

    def check_if_match(self, etag: str) -> None:
        """Raises PreconditionFailed when If-Match is given and does not name `etag`, Malformed when it is broken."""
        conditions.require_match(self.request.headers.getlist("if-match"), etag)

    async def document(
        self, known: frozenset[str] = frozenset(), most_string_bytes: int = documents.MAX_STRING_BYTES
    ) -> dict[str, object]:
        """The body as a JSON object. Raises TooLarge, TooSlow, Malformed, Invalid."""
        body = await self._body()
        if self.idempotency_keys:
            self.request.scope[DIGEST] = hashlib.sha256(body).digest()
        value = documents.parse(body, known, most_string_bytes)
        if not isinstance(value, dict):
            raise Invalid(INVALID_REQUEST, [Fault("#", "type", "The body must be a JSON object.")])
        return value

    async def body(self, kind: type[M]) -> M:
        """The JSON body as `kind`; unknown fields are refused when the call is strict, else ignored."""
        self.require_json()
        return self.parsed(kind, await self.document(frozenset(kind.model_fields)))

    def parsed(self, kind: type[M], document: dict[str, object], message: str = INVALID_REQUEST) -> M:
        """`document` as `kind`. Raises Invalid with `message` and every fault."""
        faults = unknown_field_faults(kind, document) if self.strict else []
        try:
            value = kind.model_validate(document)
        except ValidationError as error:
            raise Invalid(message, [*faults_of(error), *faults]) from error
        if faults:
            raise Invalid(message, faults)
        return value

    async def _body(self) -> bytes:
        if self.request.scope.get(BODY_IS_WHOLE):
            return await self._received()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await self._received()
        except TimeoutError as error:
            raise TooSlow(f"The body did not arrive within {BODY_SECONDS:.0f} seconds.") from error

    async def _received(self) -> bytes:
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await self.request.receive()
            if message["type"] == "http.disconnect":
                raise Malformed("The client went away before the body was whole.")
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
            size += len(parts[-1])
            if size > self.most_body_bytes:
                raise TooLarge(f"The body is larger than {self.most_body_bytes} bytes.")
        return b"".join(parts)


@cache
def _repeatable(kind: type[BaseModel]) -> tuple[str, ...]:
    return tuple(name for name, field in kind.model_fields.items() if get_origin(field.annotation) is list)


def check_announced_length(request: Request, most: int) -> None:
    """Raises TooLarge by Content-Length alone, before anything is read."""
    if request.scope.get(LENGTH, 0) > most:
        raise TooLarge(f"The body is larger than {most} bytes.")

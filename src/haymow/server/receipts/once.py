"""A call that may come again: its Idempotency-Key, and the ways in which its answer is kept.

A file of its own beside the five: what every POST of every room asks for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from haymow.server.audit.rules import Actor
from haymow.server.http import Call
from haymow.server.http.answers import Answered, answer_of, parts_of
from haymow.server.receipts.rules import Asked, Receipt, name_of
from haymow.server.receipts.service import Receipts

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.responses import Response

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Once:
    """How a call's answer is kept; not at all when it has no key. What fails is not kept: it may be sent again."""

    receipts: Receipts
    asked: Asked | None = None

    def unit(
        self, unit: Callable[[Connection], T], render: Callable[[T], Response]
    ) -> Callable[[Connection], Response]:
        """A change's unit of work, which gives the answer and keeps it with the change."""
        asked = self.asked
        if asked is None:
            return lambda connection: render(unit(connection))

        def once(connection: Connection) -> Response:
            def make() -> tuple[Response, Receipt]:
                response = render(unit(connection))
                return response, _receipt_of(response)

            found = self.receipts.once(connection, asked, make)
            return answer_of(*found) if isinstance(found, Receipt) else found

        return once

    async def alone(self, make: Callable[[], Awaitable[Response]]) -> Response:
        """The answer of what changes nothing in the database, made by one caller at a time and kept afterwards."""
        if not await self.claimed():
            return await make()
        try:
            response = await make()
        except BaseException:
            self.release()
            raise
        await self.keep(response)
        return response

    async def claimed(self) -> bool:
        """Be the one who makes the answer, until `keep` or `release`. False without a key. Raises Answered."""
        if self.asked is None:
            return False
        found = await self.receipts.claim(self.asked)
        if found is not None:
            raise Answered(answer_of(*found))
        return True

    async def keep(self, response: Response) -> None:
        """Keep an answer that was claimed."""
        if self.asked is not None:
            await self.receipts.keep(self.asked, _receipt_of(response))

    def release(self) -> None:
        """The answer that was claimed is not made."""
        if self.asked is not None:
            self.receipts.release(self.asked)


async def begin(receipts: Receipts, call: Call[Any], actor: Actor, workspace_id: UUID | None = None) -> Once:
    """Asked for when it is known that the caller may do it, and the body is read.

    Raises Answered when the same request was answered; Invalid for a malformed key or another body, InFlight,
    Conflict, RateLimited.
    """
    keys = call.idempotency_keys
    if not keys:
        return Once(receipts)
    name = name_of(call.request.url.path, keys)
    asked = Asked(actor.organization_id, actor.user_id, workspace_id, name, call.body_digest)
    found = await receipts.look(asked)
    if found is not None:
        raise Answered(answer_of(*found))
    return Once(receipts, asked)


def _receipt_of(response: Response) -> Receipt:
    return Receipt(*parts_of(response))

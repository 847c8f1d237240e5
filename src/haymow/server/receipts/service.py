"""Answering a request that comes again as it was answered first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import UUID, uuid4

from haymow.errors import HaymowError
from haymow.server.database import Database
from haymow.server.receipts import rules, store
from haymow.server.receipts.rules import KEPT_FOR, LEASE, RENEW_SECONDS, Asked, Receipt

if TYPE_CHECKING:
    from sqlalchemy import Connection

log = logging.getLogger(__name__)

T = TypeVar("T")

PORTION: Final = 100
"""Receipts erased in one unit of work."""
_ERASE_EVERY: Final = 12
"""Renewals between two looks for receipts that are to be erased: a minute."""


Crypt = Callable[["Connection", UUID, bytes, bytes], bytes]
"""Encrypts or decrypts for an organization: its id, a text and its place. What has one place opens at no other."""


def erase_workspace(connection: Connection, workspace_id: UUID, most: int) -> int:
    """Forget at most so many answers about a workspace that is deleted; how many."""
    return store.erase_workspace(connection, workspace_id, most)


@dataclass(frozen=True)
class Receipts:
    """Answers by Idempotency-Key. `holder` is this process; `now` gives the time that all replicas share."""

    database: Database
    seal: Crypt
    open: Crypt
    now: Callable[[Connection], datetime] = store.now
    holder: UUID = field(default_factory=uuid4)
    _claims: dict[bytes, Asked] = field(default_factory=dict, repr=False)
    _releasing: set[asyncio.Task[None]] = field(default_factory=set, repr=False)

    async def look(self, asked: Asked) -> Receipt | None:
        """The answer that was given, None when there is none.

        Raises Invalid for another body, InFlight, Conflict for an answer that was not kept, and RateLimited when the
        user has no room for another one.
        """

        def look(connection: Connection) -> Receipt | None:
            found = self._given(connection, asked)
            if found is None:
                totals = store.totals(connection, asked.organization_id, asked.user_id)
                rules.check_room(*totals, self.now(connection))
            return found

        return await self.database.read(look)

    def once(self, connection: Connection, asked: Asked, make: Callable[[], tuple[T, Receipt]]) -> T | Receipt:
        """Within a unit of work: what `make` gives, whose receipt is kept in the same unit, or the answer kept before.

        Raises what `look` raises.
        """
        found = self._given(connection, asked)
        if found is not None:
            return found
        made, receipt = make()
        sealed, size = self._sealed(connection, asked, receipt)
        store.add(connection, asked, self.now(connection), status=receipt.status, size=size, sealed=sealed)
        return made

    async def claim(self, asked: Asked) -> Receipt | None:
        """Be the one who makes the answer, until `keep` or `release`; or the answer, when somebody was first.

        Raises what `look` raises.
        """

        def claim(connection: Connection) -> Receipt | None:
            found = self._given(connection, asked)
            if found is None:
                at = self.now(connection)
                store.add(connection, asked, at, status=0, size=0, holder=self.holder, until=at + LEASE)
            return found

        found = await self.database.write(claim, quiet=True)
        if found is None:
            self._claims[asked.place] = asked
        return found

    async def keep(self, asked: Asked, receipt: Receipt) -> None:
        """Keep the answer that was made under a claim; where that fails it is given all the same, and not kept."""

        def keep(connection: Connection) -> None:
            sealed, size = self._sealed(connection, asked, receipt)
            store.fulfil(connection, asked, self.holder, receipt.status, size, sealed)

        try:
            await self.database.write(keep, quiet=True)
        except HaymowError as error:
            log.warning("an answer is not kept: %s", error.code)
        finally:
            self._claims.pop(asked.place, None)

    def release(self, asked: Asked) -> None:
        """Give a claim up: the next request is made anew. It is done soon, whatever becomes of the caller."""
        self._claims.pop(asked.place, None)
        task = asyncio.ensure_future(self._released(asked))
        self._releasing.add(task)
        task.add_done_callback(self._releasing.discard)

    async def _released(self, asked: Asked) -> None:
        try:
            await self.database.write(lambda connection: store.release(connection, asked, self.holder), quiet=True)
        except HaymowError as error:
            log.warning("a claim is given up by its lease's end alone: %s", error.code)

    async def tend(self) -> None:
        """Renew the claims and erase old receipts, until cancelled."""
        turn = 0
        while True:
            try:
                await self.renew()
                if turn % _ERASE_EVERY == 0:
                    await self.erase()
            except Exception:  # the next turn may succeed, and there has to be one
                log.exception("receipts are not tended now")
            turn += 1
            await asyncio.sleep(RENEW_SECONDS)

    async def renew(self) -> None:
        """Say of every claim of this process that its answer is still being made."""
        claims = list(self._claims.values())
        if claims:
            await self.database.write(
                lambda connection: store.renew(connection, claims, self.holder, self.now(connection) + LEASE),
                quiet=True,
            )

    async def erase(self) -> None:
        """Erase what is older than KEPT_FOR, a portion at a time."""

        def erase(connection: Connection) -> int:
            return store.erase_older(connection, self.now(connection) - KEPT_FOR, PORTION)

        while await self.database.read(lambda connection: store.has_older(connection, self.now(connection) - KEPT_FOR)):
            await self.database.write(erase, long=True, quiet=True)

    def _given(self, connection: Connection, asked: Asked) -> Receipt | None:
        standing, at = store.find(connection, asked), self.now(connection)
        if standing is None or not standing.counts(at):
            return None
        rules.check_same(standing.digest, asked.digest)
        if standing.until is not None:
            raise rules.in_flight(standing.until, at)
        if standing.sealed is None:
            raise rules.not_kept()
        plain = self.open(connection, asked.organization_id, standing.sealed, asked.place)
        return rules.unpacked(standing.status, plain)

    def _sealed(self, connection: Connection, asked: Asked, receipt: Receipt) -> tuple[bytes | None, int]:
        if not receipt.is_small:
            return None, 0
        sealed = self.seal(connection, asked.organization_id, rules.packed(receipt), asked.place)
        return sealed, len(sealed)

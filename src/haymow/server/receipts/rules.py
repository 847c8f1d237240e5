"""What a receipt is: the answer to a request that may be sent again."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from haymow.errors import Conflict, Fault, HaymowError, InFlight, Invalid, RateLimited

KEPT_FOR: Final = timedelta(hours=24)
MOST_KEY_CHARACTERS: Final = 255

LEASE: Final = timedelta(seconds=15)
"""How long a claim holds without being renewed: as long as its answer is being made it is, every RENEW_SECONDS."""
RENEW_SECONDS: Final = 5.0

MOST_KEPT_BYTES: Final = 1024 * 1024
"""Of one answer. A larger one is given, and not kept."""
MOST_KEYS_OF_USER: Final = 5_000
MOST_BYTES_OF_USER: Final = 64 * 1024 * 1024
"""What a user has here at once; a few requests more, when they come at the same moment."""

LONGEST_WAIT: Final = 5
"""Seconds after which to ask for an answer that is being made; that of a replica that died takes LEASE."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which request it is: a user's key for one address, and a digest of what was sent with it."""

    organization_id: UUID
    user_id: UUID
    workspace_id: UUID | None
    name: bytes
    digest: bytes

    @property
    def place(self) -> bytes:
        """Names the receipt's row and request: what is encrypted for one opens for no other."""
        return self.organization_id.bytes + self.user_id.bytes + self.name + self.digest


class Receipt(NamedTuple):
    """An answer as it was given; `headers` as they are sent, in their order."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    @property
    def is_small(self) -> bool:
        return len(self.body) <= MOST_KEPT_BYTES


@dataclass(frozen=True, slots=True)
class Standing:
    """What is kept of a request. `until` is the end of a claim, None when the answer was given."""

    digest: bytes
    at: datetime
    status: int
    sealed: bytes | None = field(repr=False)
    until: datetime | None

    def counts(self, now: datetime) -> bool:
        """Whether it is still to be kept: neither an old answer nor a claim of somebody who is gone."""
        return self.at > now - KEPT_FOR and (self.until is None or self.until > now)


def name_of(path: str, keys: Sequence[str]) -> bytes:
    """What a key and its address are kept under. Raises Invalid unless there is one key, printable and short."""
    key = keys[0] if len(keys) == 1 else ""
    if not 0 < len(key) <= MOST_KEY_CHARACTERS or not key.isascii() or not key.isprintable():
        fault = Fault(
            "#/headers/idempotency-key", "idempotency_key", "Send one, of 1 to 255 printable ASCII characters."
        )
        raise Invalid("The Idempotency-Key is malformed.", [fault])
    return hashlib.sha256(f"{path}\0{key}".encode()).digest()


def check_same(kept: bytes, sent: bytes) -> None:
    """Raises Invalid when a key comes again with another body."""
    if kept != sent:
        message = "This Idempotency-Key was used with another body. Use a new key for a new request."
        raise Invalid(message, [Fault("#", "idempotency_key_reused", message)], code="idempotency_key_reused")


def in_flight(until: datetime, now: datetime) -> HaymowError:
    """The refusal of a request that is being answered."""
    wait = min(LONGEST_WAIT, max(1, math.ceil((until - now).total_seconds())))
    return InFlight("A request with this Idempotency-Key is being answered. Ask again.", retry_after=wait)


def not_kept() -> HaymowError:
    """The refusal of a request whose answer was too large to keep."""
    message = (
        "The request with this Idempotency-Key was answered, and the answer was too large to keep. "
        "To make the request again, use a new key."
    )
    return Conflict(message, code="idempotency_not_kept")


def check_room(keys: int, size: int, oldest: datetime | None, now: datetime) -> None:
    """Raises RateLimited when a user has as much here as a user may; room is made when the oldest goes."""
    if keys < MOST_KEYS_OF_USER and size < MOST_BYTES_OF_USER:
        return
    wait = max(1, math.ceil(((oldest or now) + KEPT_FOR - now).total_seconds()))
    message = "Too many answers are kept for your Idempotency-Keys. Wait, or send the request without one."
    raise RateLimited(message, retry_after=wait, code="idempotency_keys_used_up")


def packed(receipt: Receipt) -> bytes:
    """Headers and body in one."""
    return json.dumps(list(receipt.headers)).encode() + b"\n" + receipt.body


def unpacked(status: int, plain: bytes) -> Receipt:
    """The other way round."""
    headers, _, body = plain.partition(b"\n")
    return Receipt(status, [(name, value) for name, value in json.loads(headers)], body)

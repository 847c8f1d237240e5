"""What a receipt is: the answer to a request that may be sent again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from haymow.errors import Fault, Invalid

KEPT_FOR = timedelta(hours=24)
MOST_KEY_CHARACTERS = 255


@dataclass(frozen=True, slots=True)
class ReceiptKey:
    """Which request it is: a user's key for one address, and a digest of what was sent with it."""

    user_id: UUID
    path: str
    key: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """An answer as it was given."""

    status: int
    headers: dict[str, str]
    body: bytes


def receipt_key(user_id: UUID, path: str, key: str, body: str) -> ReceiptKey:
    """Raises Invalid for a key that is empty, too long or not printable ASCII."""
    if not 0 < len(key) <= MOST_KEY_CHARACTERS or not key.isascii() or not key.isprintable():
        fault = Fault("#/headers/idempotency-key", "idempotency_key", "Use 1 to 255 printable ASCII characters.")
        raise Invalid("The Idempotency-Key is malformed.", [fault])
    return ReceiptKey(user_id, path, key, hashlib.sha256(body.encode("utf-8")).digest())


def check_same(kept: bytes, sent: bytes) -> None:
    """Raises Invalid when a key comes again with another body."""
    if kept != sent:
        message = "This Idempotency-Key was used with another body. Use a new key for a new request."
        raise Invalid(message, [Fault("#", "idempotency_key_reused", message)], code="idempotency_key_reused")

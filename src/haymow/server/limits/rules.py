"""How much may be asked for, and what of it a replica takes for itself. Times are seconds of one clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from haymow.errors import Quota, RateLimited

PERIOD: Final = 60.0
"""What a limit of requests is counted in."""

HOLD: Final = 2.0
"""How long a replica keeps what it took of a limit and does not use; then it gives it back."""
TEND: Final = 1.0
"""How often it looks for that. A portion is used for HOLD + TEND; what is left when the next one comes, with that."""

AHEAD: Final = 1.0
"""How long a portion should last."""

LEASE: Final = 15.0
"""How long the chats of a replica count that is not heard of."""
RENEW: Final = 5.0

REFUSED: Final = 0.25
"""How long a replica refuses chats by itself, once it was told that there is no room, before it asks again."""

_PARTS: Final = 10
"""No replica takes more than such a part of a limit at once, beyond what is being waited for."""


@dataclass(frozen=True, slots=True)
class Most:
    """How much there may be of each; 0 is no limit."""

    requests_of_token: int = 0
    requests_of_organization: int = 0
    chats_of_token: int = 0
    chats_of_organization: int = 0


class Subject(NamedTuple):
    """Whose limit it is: a token's, or an organization's, whose `subject_id` is its own."""

    organization_id: UUID
    subject_id: UUID


class Grant(NamedTuple):
    """What of a limit was given: so many, after which the bucket is full again at `full_at`.

    When it is none, `wait` seconds later there is one.
    """

    allowed: int
    full_at: float
    wait: float


def granted(full_at: float | None, now: float, most: int, wanted: int) -> Grant:
    """What of `wanted` requests is allowed: `most` at once, and one more every PERIOD / `most` (GCRA, a leaky bucket).

    In any T seconds these are at most `most` * (1 + T / PERIOD).
    """
    one = PERIOD / most
    full_at = min(
        max(full_at or now, now), now + PERIOD
    )  # further away only by the clock of a database before this one
    count = min(wanted, math.floor((now + PERIOD - full_at) / one + 1e-6))
    if count < 1:
        return Grant(0, full_at, full_at + one - PERIOD - now)
    return Grant(count, full_at + count * one, 0.0)


def returned(full_at: float, most: int, count: int) -> float:
    """When the bucket is full after so many of its requests were not made after all."""
    return full_at - count * PERIOD / most


def portion(last: int, seconds: float, waiting: int, most: int) -> int:
    """How many requests a replica takes at once: those that wait, and ahead what lasts about a second.

    The portion before was `last`, and was used up in so many `seconds`: within AHEAD it was too small by half.
    """
    ahead = last * 2 if seconds < AHEAD else last if seconds < HOLD else 1
    return max(1, min(most, max(waiting, min(ahead, most // _PARTS))))


def too_many_requests(whose: str, most: int, wait: float) -> RateLimited:
    """The refusal of a request. `whose` is "token" or "organization"."""
    seconds = max(1, math.ceil(wait))
    message = f"This {whose} may make {most} requests in a minute. Try again in {seconds} s."
    return RateLimited(message, retry_after=seconds, quota=Quota(f"requests-per-{whose}", most, round(PERIOD)))


def too_many_chats(whose: str, most: int) -> RateLimited:
    """The refusal of a chat."""
    message = f"This {whose} may have {most} chats at once. Try again when one has ended."
    return RateLimited(message, retry_after=1, code="too_many_chats", quota=Quota(f"chats-per-{whose}", most, None))

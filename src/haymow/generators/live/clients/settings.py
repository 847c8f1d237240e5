"""How a live generator calls, whatever its SDK."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from haymow.egress import Door

Closing = Callable[[], Awaitable[None]]
"""Closes the connections of a generator; calls under way fail."""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How a client calls, and where to.

    `timeout` is in seconds, for a whole call; `retries` are the calls after a failed one. `http` are the definition's
    http_client_kwargs, of which `limits` and `headers` are used.
    """

    door: Door
    timeout: float
    retries: int
    http: Mapping[str, Any]


TakeOver = Callable[[Any, ClientSettings], Awaitable[Closing]]
"""Gives a generator clients that go through the door. Runs on an event loop that ends: nothing may hold on to it."""

"""Requests, counted. Labels are addresses as the table of operations writes them, known methods and statuses."""

from __future__ import annotations

from dataclasses import dataclass, field

from haymow.server.telemetry.figures import REQUEST_SECONDS, Counts, Durations
from haymow.server.telemetry.seen import Seen


@dataclass(frozen=True, slots=True)
class Requests:
    """The figures of all requests. It hears of each when it is over."""

    counts: Counts = field(default_factory=lambda: Counts(
        "haymow_http_requests", "Requests that are over; status 0: they were never answered.",
        ("route", "method", "status"),
    ))  # fmt: skip
    seconds: Durations = field(default_factory=lambda: Durations(
        "haymow_http_request_seconds", "How long requests took, streams to their end.",
        ("route", "method"), REQUEST_SECONDS,
    ))  # fmt: skip

    def __call__(self, seen: Seen) -> None:
        self.counts.add((seen.route, seen.method, str(seen.status)))
        self.seconds.add((seen.route, seen.method), seen.seconds)

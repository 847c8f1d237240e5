"""Calls to providers: what each came to, for the request's log line, for the figures, and for the log when it failed.

Labels are generators' class names and haymow's own words for outcomes, both from tables: no name that a user chose.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

from haymow.errors import HaymowError
from haymow.server.telemetry.figures import REQUEST_SECONDS, Counts, Durations
from haymow.server.telemetry.seen import Seen, current

log = logging.getLogger(__name__)

OK: Final = "ok"
CANCELLED: Final = "cancelled"
UNEXPECTED: Final = "internal"

_ENDED: Final = 200
_BLOCKED: Final = "blocked_by_policy"


@dataclass(frozen=True, slots=True)
class Upstreams:
    """The figures of all calls."""

    calls: Counts = field(default_factory=lambda: Counts(
        "haymow_upstream_calls", "Calls to providers by how they ended: ok, cancelled or an error's code.",
        ("generator", "outcome"),
    ))  # fmt: skip
    seconds: Durations = field(default_factory=lambda: Durations(
        "haymow_upstream_seconds", "How long calls to providers took, streams to their end.",
        ("generator",), REQUEST_SECONDS,
    ))  # fmt: skip
    first: Durations = field(default_factory=lambda: Durations(
        "haymow_upstream_first_chunk_seconds", "How long streams of providers took to say something.",
        ("generator",), REQUEST_SECONDS,
    ))  # fmt: skip
    retries: Counts = field(default_factory=lambda: Counts(
        "haymow_upstream_retries", "Calls that haymow made once more, not those that a provider's SDK repeated.",
        ("generator",),
    ))  # fmt: skip
    tokens: Counts = field(default_factory=lambda: Counts(
        "haymow_upstream_tokens", "Tokens that providers said they used, kind is prompt or completion.",
        ("generator", "kind"),
    ))  # fmt: skip

    def begin(self, generator: str, host: str | None) -> UpstreamCall:
        """A call begins; it is the current one of the request."""
        call = UpstreamCall(self, generator, host)
        if call.seen is not None:
            call.seen.upstream = call
        return call


class UpstreamCall:
    """One call, until `end`, of which the first counts."""

    def __init__(self, figures: Upstreams, generator: str, host: str | None) -> None:
        self.generator = generator
        self.host = host
        self.status: int | None = None
        self.error: str | None = None
        """The class of what was raised, where an SDK or an HTTP client raised it."""
        self.usage: tuple[int, int] | None = None
        self.seen: Seen | None = current()
        self._figures = figures
        self._begun = perf_counter()
        self._is_over = False
        trace = None if self.seen is None else self.seen.trace
        self._span = None if trace is None else trace.upstream(generator, host)

    def headers(self) -> Mapping[str, str]:
        """What a call carries along of the trace that it belongs to, if it belongs to one."""
        return {} if self._span is None else self._span.headers()

    def first(self) -> None:
        """A stream says its first word."""
        self._figures.first.add((self.generator,), perf_counter() - self._begun)

    def retried(self) -> None:
        """It is made once more."""
        self._figures.retries.add((self.generator,))

    def used(self, usage: object) -> None:
        """What a provider says it used, as OpenAI writes it; where it says so again and again, the last time counts."""
        if isinstance(usage, Mapping):
            read, written = usage.get("prompt_tokens"), usage.get("completion_tokens")
            if type(read) is int and type(written) is int and read >= 0 and written >= 0:
                self.usage = (read, written)

    def end(self, outcome: str) -> None:
        """It is over, with an outcome: OK, CANCELLED or an error's code."""
        if self._is_over:
            return
        self._is_over = True
        figures, generator = self._figures, self.generator
        figures.calls.add((generator, outcome))
        figures.seconds.add((generator,), perf_counter() - self._begun)
        for kind, tokens in zip(("prompt", "completion"), self.usage or (), strict=False):
            figures.tokens.add((generator, kind), tokens)
        if self.host is not None and outcome == OK and self.status is None:
            self.status = _ENDED  # what a generator's SDK does not raise as a failure, was none
        if self._span is not None:
            self._span.answered(self.status, outcome, outcome == OK)
            self._span.end()
        if self.seen is not None:
            self.seen.upstream_host, self.seen.upstream_status = self.host, self.status
        if outcome.startswith("upstream_") or outcome == _BLOCKED:
            log.warning("a call to a provider failed", extra={"haymow": self._told(outcome)})

    def _told(self, outcome: str) -> dict[str, object]:
        """The same words as of the request's line, which comes when the answer is over."""
        seen = self.seen
        told = {
            "code": outcome,
            "generator": self.generator,
            "upstream_host": self.host,
            "upstream_status": self.status,
            "error": self.error,
            "model_id": None if seen is None else seen.model_id,
            "revision": None if seen is None else seen.revision,
        }
        return {name: value for name, value in told.items() if value is not None}


def current_call() -> UpstreamCall | None:
    """The call to a provider that the current request makes, or made last."""
    seen = current()
    return None if seen is None else seen.upstream


def carried() -> Mapping[str, str]:
    """The headers that a request to a provider carries beside its library's own, where the operator wants that."""
    call = current_call()
    return {} if call is None else call.headers()


def outcome_of(error: BaseException) -> str:
    """How a call ended that raises."""
    if isinstance(error, HaymowError):
        return error.code
    return CANCELLED if isinstance(error, asyncio.CancelledError) else UNEXPECTED

"""Measuring side by side: what is compared takes turns, round after round, so that both meet the same noise."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tests.bench import jobs
from tests.bench.jobs import MOST_NUMBERS, Job
from tests.bench.ledger import Ledger
from tests.bench.servers import Server


@dataclass(frozen=True)
class Case:
    """Something to be measured: a job on a server; a `ledger` is told what was acknowledged."""

    name: str
    server: Server
    job: Job
    ledger: Ledger | None = None


@dataclass
class Figures:
    """What all rounds of a case gave.

    `processor` is the server's processor time in microseconds for a request, `firsts` the microseconds to the first
    mark of an answer: the median of each round.
    """

    name: str
    connections: int
    rates: list[float] = field(default_factory=list)
    latencies: list[int] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)
    busy: float = 0.0

    @property
    def rate(self) -> float:
        """Requests per second: the median of the rounds."""
        return statistics.median(self.rates)

    def milliseconds(self, share: float) -> float:
        """The latency that this share of all requests did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] / 1000

    def first_milliseconds(self) -> float:
        """The time to the first mark: the median of the rounds."""
        return statistics.median(self.firsts) / 1000

    def ratio(self, other: Figures) -> float:
        """How many requests for each one of `other`: the median of the rounds' own ratios."""
        return statistics.median(mine / theirs for mine, theirs in zip(self.rates, other.rates, strict=True))


@dataclass
class Bench:
    """How long and how often is measured; `lost` gathers everything that must not happen."""

    seconds: float
    warm_up: float
    rounds: int
    lost: list[str] = field(default_factory=list)
    _numbers: int = 0

    def fresh(self, job: Job) -> Job:
        """The job with numbers that no other job of this run has."""
        self._numbers += MOST_NUMBERS
        return replace(job, first=self._numbers)

    def compare(self, cases: Sequence[Case], connections: int, rounds: int | None = None) -> list[Figures]:
        """Measure the cases in turn, `rounds` times or as often as is usual, and say what came out."""
        figures = [Figures(case.name, connections) for case in cases]
        for _ in range(rounds or self.rounds):
            for case, into in zip(cases, figures, strict=True):
                self.measure(case, into)
        for into in figures:
            say(into)
        return figures

    def job(self, job: Job, connections: int) -> Job:
        """The job as it is measured: so long, with numbers of its own."""
        return self.fresh(replace(job, connections=connections, seconds=self.seconds, warm_up=self.warm_up))

    def measure(self, case: Case, into: Figures) -> None:
        """One round of a case."""
        job = self.job(case.job, into.connections)
        before = case.server.busy_seconds()
        outcome = jobs.run(job)
        used = case.server.busy_seconds() - before
        if case.ledger is not None:
            case.ledger.add(job, outcome)
        if outcome.failures or not outcome.completed:
            self.lost.append(f"{case.name} at {into.connections}: {outcome.failures or 'nothing'} {outcome.example}")
        into.rates.append(max(outcome.rate, 1e-9))
        into.latencies += outcome.latencies or [0]
        into.firsts.append(statistics.median(outcome.firsts or [0]))
        answered = sum(one.acknowledged for one in outcome.written)
        into.processor.append(used * 1e6 / max(answered, 1))
        into.busy = max(into.busy, outcome.busy)


def say(figures: Figures) -> None:
    print(
        f"  {figures.name:40} {figures.connections:3} connections {figures.rate:8.0f}/s"
        f"   p50 {figures.milliseconds(0.5):7.2f} ms   p99 {figures.milliseconds(0.99):7.2f} ms"
        f"   processor {statistics.median(figures.processor):6.0f} us   client {figures.busy:4.0%}",
        flush=True,
    )

"""Counting, on the event loop: plain numbers by labels, which `prometheus.py` shows when it is asked.

Not prometheus_client's own metrics, which look up labels and take a lock at every count, and take four times as long.
Whoever counts here is on the event loop, where nothing comes in between.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

Labels = tuple[str, ...]

REQUEST_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
"""Bounds for answers of haymow's own, which take a millisecond, and of providers', which take a minute."""

UNIT_SECONDS: Final = (0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


@dataclass(frozen=True, slots=True)
class Counts:
    """How often, by labels. `name` is Prometheus's, without its ending."""

    name: str
    help: str
    labels: Labels
    values: dict[Labels, float] = field(default_factory=dict)

    def add(self, labels: Labels, amount: float = 1) -> None:
        """Count."""
        self.values[labels] = self.values.get(labels, 0) + amount


@dataclass(slots=True)
class Series:
    """Durations with the same labels: how many fell between two of the ascending bounds, the last above all."""

    bounds: tuple[float, ...]
    buckets: list[int] = field(init=False)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.buckets = [0] * (len(self.bounds) + 1)

    def add(self, seconds: float) -> None:
        """Count a duration."""
        self.buckets[bisect_left(self.bounds, seconds)] += 1
        self.seconds += seconds


@dataclass(frozen=True, slots=True)
class Durations:
    """How long, by labels, in seconds; `bounds` ascend."""

    name: str
    help: str
    labels: Labels
    bounds: tuple[float, ...]
    values: dict[Labels, Series] = field(default_factory=dict)

    def add(self, labels: Labels, seconds: float) -> None:
        """Count a duration."""
        series = self.values.get(labels)
        if series is None:
            series = self.values[labels] = Series(self.bounds)
        series.add(seconds)


@dataclass(slots=True)
class Connections:
    """The connections of one pool to the database, counted by the loop that uses them and read by any."""

    most: int
    in_use: Callable[[], int]
    open: int = 0
    waiting: int = 0
    """Units that wait for one."""
    waited: Series = field(default_factory=lambda: Series(UNIT_SECONDS))
    """Until a unit had one, or gave up."""

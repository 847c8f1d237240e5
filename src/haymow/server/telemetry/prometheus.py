"""Figures in Prometheus's text format. The only importer of prometheus_client, and that when there is a listener."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from haymow.server.telemetry.figures import Counts, Durations, Labels

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Gauge:
    """A number that is looked at when it is asked for; with `is_total` it only grows."""

    name: str
    help: str
    read: Callable[[], float]
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class Gauges:
    """Numbers by labels that are looked at when they are asked for."""

    name: str
    help: str
    labels: Labels
    read: Callable[[], Mapping[Labels, float]]


Family = Counts | Durations | Gauge | Gauges


def exposition(version: str, families: Sequence[Family]) -> Callable[[], bytes]:
    """What writes all of these as they are then, with the process's own; to be called where they are counted."""
    registry = CollectorRegistry()
    registry.register(_Collector(version, families))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return lambda: generate_latest(registry)


@dataclass(frozen=True, eq=False)
class _Collector(Collector):
    version: str
    families: Sequence[Family]

    def collect(self) -> Iterable[Metric]:
        yield InfoMetricFamily("haymow_build", "Which haymow this is.", {"version": self.version})
        yield from map(_metric, self.families)

    def describe(self) -> Iterable[Metric]:
        return ()  # else every name would be read at the start


def _metric(family: Family) -> Metric:
    match family:
        case Counts():
            counter = CounterMetricFamily(family.name, family.help, labels=family.labels)
            for labels, value in family.values.items():
                counter.add_metric(labels, value)
            return counter
        case Durations():
            histogram = HistogramMetricFamily(family.name, family.help, labels=family.labels)
            for labels, series in family.values.items():
                histogram.add_metric(labels, list(_cumulated(family.bounds, series.buckets)), series.seconds)
            return histogram
        case Gauges():
            gauge = GaugeMetricFamily(family.name, family.help, labels=family.labels)
            for labels, value in family.read().items():
                gauge.add_metric(labels, value)
            return gauge
    kind = CounterMetricFamily if family.is_total else GaugeMetricFamily
    return kind(family.name, family.help, value=family.read())


def _cumulated(bounds: Sequence[float], buckets: Sequence[int]) -> Iterator[tuple[str, int]]:
    return zip((*map(floatToGoString, bounds), "+Inf"), accumulate(buckets), strict=True)

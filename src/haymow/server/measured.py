"""The figures of a house, as Prometheus asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from haymow import __version__
from haymow.server.app import House
from haymow.server.http.metrics import Metrics
from haymow.server.telemetry.figures import UNIT_SECONDS, Connections, Durations
from haymow.server.telemetry.prometheus import MEDIA_TYPE, Family, Gauge, Gauges, exposition


def metrics(house: House) -> Metrics:
    """What answers /metrics."""
    return Metrics(exposition(__version__, _families(house)), MEDIA_TYPE)


def _families(house: House) -> list[Family]:
    requests, calls, pool = house.requests, house.serving.calls, house.serving.pool
    return [
        requests.counts,
        requests.seconds,
        Gauge("haymow_http_requests_in_flight", "Requests that are being answered.", lambda: house.gate.under_way),
        calls.calls,
        calls.seconds,
        calls.first,
        calls.retries,
        calls.tokens,
        house.database.seconds,
        *(_waiting(house, kind) for kind in house.database.waiting),
        *_connections(house.database.pools()),
        Gauge("haymow_live_generators", "Live generators that are kept warm.", lambda: len(pool)),
        Gauge("haymow_live_generators_built", "Live generators built.", lambda: pool.built, is_total=True),
        Gauge("haymow_live_generators_evicted", "Live generators given up for the room they took.",
              lambda: pool.evicted, is_total=True),
    ]  # fmt: skip


def _waiting(house: House, kind: str) -> Gauge:
    waiting = house.database.waiting
    return Gauge(
        f"haymow_database_{kind}s_waiting", f"Units of work that {kind} and are not over.", lambda: waiting[kind]
    )


def _connections(pools: Mapping[str, Connections]) -> Iterator[Family]:
    """The pools' own figures, where the database has pools."""
    if not pools:
        return

    def gauges(name: str, help: str, read: Callable[[Connections], float]) -> Gauges:
        name = f"haymow_database_connections_{name}"
        return Gauges(name, help, ("pool",), lambda: {(pool,): read(one) for pool, one in pools.items()})

    yield gauges("open", "Connections that are open.", lambda one: one.open)
    yield gauges("in_use", "Connections that units of work have.", lambda one: one.in_use())
    yield gauges("most", "How many connections there may be.", lambda one: one.most)
    yield gauges("waited_for", "Units of work that wait for a connection.", lambda one: one.waiting)
    yield Durations(
        "haymow_database_connection_wait_seconds",
        "How long units waited until they had a connection, or gave up.",
        ("pool",),
        UNIT_SECONDS,
        {(pool,): one.waited for pool, one in pools.items()},
    )

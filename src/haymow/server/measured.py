"""The figures of a house, as Prometheus asks for them."""

from __future__ import annotations

from haymow import __version__
from haymow.server.app import House
from haymow.server.http.metrics import Metrics
from haymow.server.telemetry.prometheus import MEDIA_TYPE, Family, Gauge, exposition


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

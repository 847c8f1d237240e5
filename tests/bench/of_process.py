"""A part of the bench: how the server starts, and what it holds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

from tests.bench import servers
from tests.bench.ground import Ground
from tests.bench.report import Row
from tests.bench.servers import Server

IDLE_SECONDS = 0.5

Start = Callable[[], AbstractContextManager[Server]]


def start(ground: Ground) -> list[Row]:
    """The time from exec to the first 200 of /readyz, and the memory of a server that nobody asks anything."""
    times = ground.plan.starts
    floor = _started(partial(servers.asgi, "floor:app", "/readyz", ground.python), times)
    haymow = _started(partial(servers.haymow, ground.few.data), times)
    large = _started(partial(servers.haymow, ground.many.data), 1)
    name = "FastAPI echo"
    return [
        Row(f"start of {name}", figure=f"{floor[0]:.2f} s"),
        Row(
            "start, warm", figure=f"{haymow[0]:.2f} s", ratio=f"{haymow[0] / floor[0]:.2f}", of=f"start of {name}",
            target="under 1.5 s", reached=haymow[0] < 1.5,
        ),
        Row(f"start, {ground.plan.many:,} models", figure=f"{large[0]:.2f} s"),
        Row(f"idle {name}", figure=f"{floor[1]:.0f} MB"),
        Row(
            "idle", figure=f"{haymow[1]:.0f} MB", ratio=f"{haymow[1] / floor[1]:.2f}", of=f"idle {name}",
            target="under 120 MB", reached=haymow[1] < 120,
        ),
    ]  # fmt: skip


def _started(run: Start, times: int) -> tuple[float, float]:
    """Seconds and megabytes, the medians of so many starts."""
    seconds, megabytes, name = [], [], ""
    for _ in range(times):
        with run() as server:
            time.sleep(IDLE_SECONDS)
            seconds.append(server.started)
            megabytes.append(server.megabytes())
            name = server.name
    print(f"  {name} starts in {' '.join(f'{one:.2f}' for one in seconds)} s, {megabytes[-1]:.0f} MB", flush=True)
    return statistics.median(seconds), statistics.median(megabytes)

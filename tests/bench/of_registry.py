"""Parts of the bench: what is asked of models."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from tests.bench import jobs, servers
from tests.bench.ground import Ground
from tests.bench.ledger import Ledger
from tests.bench.measure import Case, Figures
from tests.bench.report import Row, row, times
from tests.bench.stage import Stage

MOST_TARGETS = 10_000
"""Of a folder with more models than these, so many, chosen at random, are asked for."""


def requests(ground: Ground) -> list[Row]:
    """PATCH, GET and list against the floor."""
    with ExitStack() as stack:
        floor = stack.enter_context(ground.floor())
        echo = stack.enter_context(servers.asgi("bare:echo", "/", ground.python))
        server = stack.enter_context(servers.haymow(ground.hundred.data))
        ledger = Ledger()
        cases = [
            floor,
            Case("bare ASGI echo", echo, replace(floor.job, port=echo.port)),
            Case("PATCH, 100 models", server, ground.hundred.patches(server.port), ledger),
            Case("GET one of 100 models", server, ground.hundred.reads(server.port)),
            Case("list of 100 models", server, ground.hundred.lists(server.port)),
        ]
        measured = [ground.bench.compare(cases, number) for number in ground.plan.connections]
        ground.check(ledger, server, "after the updates")
    return [line for figures in measured for line in _against_floor(figures)]


def durable(ground: Ground) -> list[Row]:
    """PATCH of many different models, and of one and the same; then what kill -9 leaves."""
    ledger = Ledger()
    with ground.floor() as floor, servers.haymow(ground.few.data) as server:
        patches = ground.few.patches(server.port)
        cases = [
            floor,
            Case(f"PATCH, {len(patches.targets):,} models", server, patches, ledger),
            Case("PATCH, all the same model", server, replace(patches, targets=patches.targets[:1]), ledger),
        ]
        floor_figures, *figures = ground.bench.compare(cases, 32)
        ground.check(ledger, server, "after the updates")
    for _ in range(ground.plan.kills):
        _kill(ground, ledger)
    return [row(one, floor_figures) for one in figures]


def size(ground: Ground) -> list[Row]:
    """The same requests to a server with few models and to one with many."""
    few, many, ledger = ground.few, ground.many, Ledger()
    rows = []
    with servers.haymow(few.data) as small, servers.haymow(many.data) as large:
        for what, ask, target in _SIZED:
            less, more = ground.bench.compare(
                [
                    Case(f"{what}, {ground.plan.few:,} models", small, ask(_sample(few), small.port)),
                    Case(f"{what}, {ground.plan.many:,} models", large, ask(_sample(many), large.port),
                         ledger if what == "PATCH" else None),
                ],
                32,
            )  # fmt: skip
            rows += times(less, more, target)
        ground.check(ledger, large, "after the updates")
    return rows


_SIZED = (("PATCH", Stage.patches, 1.2), ("GET", Stage.reads, 1.2), ("list", Stage.lists, None))


def _kill(ground: Ground, ledger: Ledger) -> None:
    with servers.haymow(ground.few.data) as server:
        patches = ground.few.patches(server.port, connections=32, seconds=20.0, may_break=True)
        job = ground.bench.fresh(patches)
        client = jobs.start(job)
        time.sleep(1.0 + random.random() / 2)
        server.kill()
        ledger.add(job, jobs.finish(client))
    with servers.haymow(ground.few.data) as server:
        ground.check(ledger, server, "after kill -9")


def _against_floor(figures: Sequence[Figures]) -> list[Row]:
    floor, echo, patch, get, listed = figures
    ratio, p99 = patch.ratio(floor), patch.milliseconds(0.99)
    quick = p99 < 60 or p99 < 4 * floor.milliseconds(0.99)
    at_32 = patch.connections == 32
    target = "0.30; p99 under 60 ms or 4 x" if at_32 else ""
    return [
        row(floor),
        row(echo, floor),
        row(patch, floor, target, (ratio >= 0.30 and quick) if at_32 else None),
        row(get, floor, "0.5", get.ratio(floor) >= 0.5),
        row(listed, floor, "0.03", listed.ratio(floor) >= 0.03, digits=3),
    ]


def _sample(folder: Stage) -> Stage:
    if len(folder.model_ids) <= MOST_TARGETS:
        return folder
    return replace(folder, model_ids=random.sample(folder.model_ids, MOST_TARGETS))

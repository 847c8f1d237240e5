"""Parts of the bench: how the server starts, what it holds, and how it passes chats on."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial

from tests.bench import bare, bodies, servers, stage
from tests.bench.ground import Ground
from tests.bench.jobs import Job
from tests.bench.measure import Case
from tests.bench.report import Row, row
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


def chats(ground: Ground) -> list[Row]:
    """Whole chats to a provider that answers at once, beside hayhooks."""
    with ExitStack() as stack:
        upstream = stack.enter_context(servers.asgi("bare:upstream", "/", ground.python))
        hayhooks = stack.enter_context(servers.hayhooks(f"{upstream.url}/v1", ground.python))
        server = stack.enter_context(servers.haymow(ground.few.data))
        stage.add_served_model(ground.few, server, upstream)
        asked = Job(hayhooks.port, "POST", ["/chat/completions"], body=bodies.chat("chat"))
        cases = [Case("chat, hayhooks", hayhooks, asked), Case("chat", server, ground.few.chats(server.port))]
        for case in cases:
            _say_hello(case.job)
        measured = [ground.bench.compare(cases, number) for number in ground.plan.chat_connections]
        held = [one.megabytes() for one in (hayhooks, server)]
    rows = []
    for other, mine in measured:
        rows += [row(other), row(mine, other, "1", mine.ratio(other) >= 1)]
    sizes = [Row(f"memory after {case.name}", figure=f"{size:.0f} MB") for case, size in zip(cases, held, strict=True)]
    return [*rows, *sizes]


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


def _say_hello(job: Job) -> None:
    """One chat, to see that the provider's words come back. Raises RuntimeError."""
    answer = stage.call(job.port, job.method, job.targets[0], job.headers, job.body % {"n": 0})
    text = answer["choices"][0]["message"]["content"]
    if text != bare.TEXT:
        raise RuntimeError(f"the answer to a chat is {text!r}")

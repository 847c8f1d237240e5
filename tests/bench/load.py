"""The load client: a closed loop over raw HTTP/1.1 keep-alive connections, in a process of its own.

    python -m tests.bench.load <job.json >outcome.json

It reads of an answer what it needs (status, length) and keeps every latency, so nothing is sampled. A job and an
outcome are explained in jobs.py.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from array import array
from collections import Counter
from dataclasses import asdict
from functools import partial
from typing import Any

import uvloop

from tests.bench.jobs import Job, Outcome, Written

ANSWER_SECONDS = 30.0
_NEVER = float("inf")


class Run:
    """What the connections of one job share."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.failures: Counter[str] = Counter()
        self.example = ""
        self.latencies = array("d")
        self.completed = 0
        self.left = job.requests if job.requests is not None else sys.maxsize
        self.begins = self.ends = _NEVER
        self.busy_before = self.busy = 0.0

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Set the measured time: after the warm-up, for so many seconds."""
        now = time.perf_counter()
        warm_up, seconds = (0.0, _NEVER) if self.job.requests else (self.job.warm_up, self.job.seconds)
        self.begins, self.ends = now + warm_up, now + warm_up + seconds
        loop.call_later(warm_up, self._mark)
        if seconds < _NEVER:
            loop.call_later(warm_up + seconds, self._measure)

    def fail(self, reason: str, example: bytes = b"") -> None:
        self.failures[reason] += 1
        self.example = self.example or example.decode(errors="replace")[:2000]

    def _mark(self) -> None:
        self.busy_before = time.process_time()

    def _measure(self) -> None:
        self.busy = (time.process_time() - self.busy_before) / self.job.seconds


class Connection(asyncio.Protocol):
    """One connection: sends a request, waits for the whole answer, sends the next."""

    transport: asyncio.Transport

    def __init__(self, run: Run, number: int) -> None:
        job = run.job
        self.run, self.done = run, asyncio.get_running_loop().create_future()
        self.mine = range(number, len(job.targets), job.connections) or [number % len(job.targets)]
        self.heads = [_head(job, job.targets[index]) for index in self.mine]
        self.body = job.body.encode()
        self.number, self.sent = job.first + number, 0
        self.last = dict[int, int]()
        self.acknowledged: Counter[int] = Counter()
        self.waiting, self.rest, self.held = False, 0, b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def send(self) -> None:
        self.begun = time.perf_counter()
        if self.begun >= self.run.ends or not self.run.left:
            self._finish()
            return
        self.run.left -= 1
        self.waiting = True
        head = self.heads[self.sent % len(self.heads)]
        self.transport.write(head + self.body % {b"n": self.number} if self.body else head)

    def data_received(self, data: bytes) -> None:
        if not self.held and self.rest > 0:  # the body of a large answer goes on
            self.rest -= len(data)
            if self.rest <= 0:
                self._answered(True)
            return
        self.held += data
        end = self.held.find(b"\r\n\r\n")
        if end < 0:
            return
        self.rest = _missing(self.held, end)
        good = self.held[9:10] == b"2"
        if self.rest <= 0:
            self._answered(good)
        elif good and self.rest < sys.maxsize:
            self.held = b""  # its length is known: count the bytes, do not keep them

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            if not self.run.job.may_break:
                self.run.fail("connection lost")
            self._finish()

    def written(self) -> list[Written]:
        """What was acknowledged, for each target; a target with nothing but a request in flight has last -1."""
        flying = {self.mine[self.sent % len(self.mine)]: self.number} if self.waiting else {}
        return [
            Written(target, self.last.get(target, -1), self.acknowledged[target], flying.get(target))
            for target in sorted({*self.last, *flying})
        ]

    def _answered(self, good: bool) -> None:
        now, run = time.perf_counter(), self.run
        if good:
            self._acknowledge()
        else:
            run.fail(self.held[9:12].decode(errors="replace"), self.held)
        if self.begun >= run.begins:
            run.latencies.append(now - self.begun)
        if run.begins <= now <= run.ends:
            run.completed += 1
        self.sent += 1
        self.number += run.job.connections
        self.waiting, self.held = False, b""
        self.send()

    def _acknowledge(self) -> None:
        target = self.mine[self.sent % len(self.mine)]
        self.last[target] = self.number
        self.acknowledged[target] += 1

    def _finish(self) -> None:
        self.done.set_result(None)
        self.transport.close()


def _head(job: Job, target: str) -> bytes:
    headers = {"host": f"127.0.0.1:{job.port}", **job.headers}
    if job.body:
        length = len(job.body.encode() % {b"n": job.first})
        headers |= {"content-type": "application/json", "content-length": str(length)}
    lines = [f"{job.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _missing(held: bytes, end: int) -> int:
    """How many bytes of an answer are still to come: nobody knows (maxsize) until the last chunk of a chunked one."""
    head = held[:end].lower()
    at = head.find(b"\r\ncontent-length:")
    if at >= 0:
        length = int(head[at + 17 :].partition(b"\r\n")[0])
        return end + 4 + length - len(held)
    if b"\r\ntransfer-encoding: chunked" in head:
        return 0 if held.endswith(b"0\r\n\r\n") else sys.maxsize
    return 0


async def load(job: Job) -> Outcome:
    """Open the connections, then send until the time or the requests are over."""
    loop, run = asyncio.get_running_loop(), Run(job)
    made = [
        loop.create_connection(partial(Connection, run, number), "127.0.0.1", job.port)
        for number in range(job.connections)
    ]
    connections = [protocol for _, protocol in await asyncio.gather(*made)]
    gc.collect()
    gc.disable()
    run.begin(loop)
    for connection in connections:
        connection.send()
    limit = None if job.requests else job.warm_up + job.seconds + ANSWER_SECONDS
    _, late = await asyncio.wait([connection.done for connection in connections], timeout=limit)
    for _ in late:
        run.fail(f"no answer in {ANSWER_SECONDS:.0f} s")
    return _outcome(run, connections)


def _outcome(run: Run, connections: list[Connection]) -> Outcome:
    seconds = run.job.seconds if run.job.requests is None else time.perf_counter() - run.begins
    return Outcome(
        completed=run.completed,
        seconds=seconds,
        latencies=[round(latency * 1e6) for latency in run.latencies],
        failures=dict(run.failures),
        example=run.example,
        written=[one for connection in connections for one in connection.written()],
        busy=run.busy,
    )


def main() -> None:
    job = Job(**json.load(sys.stdin))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        outcome = runner.run(load(job))
    json.dump(asdict(outcome), sys.stdout)


if __name__ == "__main__":
    main()

"""The load client: a closed loop over raw HTTP/1.1 keep-alive connections, in a process of its own.

    python -m tests.bench.load <job.json >outcome.json

It reads of an answer what it needs (status, length, the marks it counts) and keeps every latency, so nothing is
sampled. A job and an outcome are explained in jobs.py.
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
_UNKNOWN = sys.maxsize
_END_OF_CHUNKS = b"\r\n0\r\n\r\n"
"""Neither JSON nor a server-sent event has a line that is a lone 0, so this is the end wherever it stands last."""


class Run:
    """What the connections of one job share."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.failures: Counter[str] = Counter()
        self.example = ""
        self.latencies, self.firsts = array("d"), array("d")
        self.completed = 0
        self.mark = job.mark.encode()
        self.left = job.requests if job.requests is not None else sys.maxsize
        self.begins = self.ends = self.closes = _NEVER
        self.last_answer = self.busy_before = self.busy = 0.0

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Set the measured time: after the warm-up, for so many seconds, or until the last answer."""
        now, job = time.perf_counter(), self.job
        warm_up = 0.0 if job.requests or job.whole else job.warm_up
        self.begins, self.ends = now + warm_up, _NEVER if job.requests else now + warm_up + job.seconds
        loop.call_later(warm_up, self._mark)
        if not job.requests and not job.whole:
            self.closes = self.ends
            loop.call_later(warm_up + job.seconds, self._measure)

    def fail(self, reason: str, example: bytes = b"") -> None:
        self.failures[reason] += 1
        self.example = self.example or example.decode(errors="replace")[:2000]

    @property
    def seconds(self) -> float:
        """How long the answers that count took, all together."""
        return (self.last_answer if self.closes == _NEVER else self.ends) - self.begins

    def finish(self) -> None:
        """Where the measured time ends with the last answer, it ends now."""
        if self.closes == _NEVER:
            self._measure()

    def _mark(self) -> None:
        self.busy_before = time.process_time()

    def _measure(self) -> None:
        self.busy = (time.process_time() - self.busy_before) / max(self.seconds, 1e-9)


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
        self.waiting, self.good, self.rest, self.held, self.tail = False, True, 0, b"", b""
        self.pieces: list[bytes] = []
        self.first = 0.0

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
        if self.rest > 0:
            self._goes_on(data)
            return
        self.held += data
        end = self.held.find(b"\r\n\r\n")
        if end >= 0:
            self.good = self.held[9:10] == b"2"
            self.rest, self.tail = _missing(self.held, end), self.held[-len(_END_OF_CHUNKS) :]
            self._keep(self.held)
            if self.rest <= 0:
                self._answered()

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

    def _goes_on(self, data: bytes) -> None:
        self._keep(data)
        if self.rest < _UNKNOWN:
            self.rest -= len(data)
        else:  # the end of the chunks may come in two pieces
            self.tail = (self.tail + data)[-len(_END_OF_CHUNKS) :]
            self.rest = 0 if self.tail == _END_OF_CHUNKS else _UNKNOWN
        if self.rest <= 0:
            self._answered()

    def _keep(self, data: bytes) -> None:
        """Of a long good answer that nothing is looked for in, the length is enough."""
        mark = self.run.mark
        if mark or not self.good:
            self.pieces.append(data)
        if mark and not self.first and mark in data:
            self.first = time.perf_counter()

    def _answered(self) -> None:
        now, run = time.perf_counter(), self.run
        self._judge()
        if self.begun >= run.begins:
            run.latencies.append(now - self.begun)
            if self.first:
                run.firsts.append(self.first - self.begun)
        if run.begins <= now <= run.closes:
            run.completed += 1
        run.last_answer = now
        self.sent += 1
        self.number += run.job.connections
        self.waiting, self.held, self.tail, self.first = False, b"", b"", 0.0
        self.pieces.clear()
        self.send()

    def _judge(self) -> None:
        job, answer = self.run.job, b"".join(self.pieces)
        if not self.good:
            self.run.fail(answer[9:12].decode(errors="replace"), answer)
        elif job.mark and (count := _marks(answer, self.run.mark, job.marks)) != job.marks:
            self.run.fail(f"{count} of {job.marks} pieces", answer)
        else:
            self._acknowledge()

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
    """How many bytes of an answer are still to come: _UNKNOWN until the last chunk of a chunked one."""
    head = held[:end].lower()
    at = head.find(b"\r\ncontent-length:")
    if at >= 0:
        length = int(head[at + 17 :].partition(b"\r\n")[0])
        return end + 4 + length - len(held)
    if b"\r\ntransfer-encoding: chunked" in head:
        return 0 if held.endswith(_END_OF_CHUNKS) else _UNKNOWN
    return 0


def _marks(answer: bytes, mark: bytes, expected: int) -> int:
    """How often an answer holds the mark: counted where it is, and again without the chunks' bounds when some miss."""
    count = answer.count(mark)
    return count if count == expected else _unchunked(answer.partition(b"\r\n\r\n")[2]).count(mark)


def _unchunked(body: bytes) -> bytes:
    """The content of a chunked body; of another one nothing, or too little."""
    content, at = b"", 0
    while (end := body.find(b"\r\n", at)) >= 0:
        try:
            size = int(body[at:end].partition(b";")[0], 16)
        except ValueError:
            break
        content += body[end + 2 : end + 2 + size]
        at = end + 4 + size
    return content


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
    run.finish()
    return _outcome(run, connections)


def _outcome(run: Run, connections: list[Connection]) -> Outcome:
    return Outcome(
        completed=run.completed,
        seconds=max(run.seconds, 1e-9),
        latencies=[round(latency * 1e6) for latency in run.latencies],
        firsts=[round(first * 1e6) for first in run.firsts],
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

"""What the load client is asked to do, and what it found: both go between processes as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

MOST_NUMBERS = 1_000_000
"""No job sends more requests than this: jobs whose `first` are so far apart never send the same body."""


@dataclass(frozen=True)
class Job:
    """Requests to send over `connections` keep-alive connections, each waiting for its answer before the next.

    Connection c of N asks for targets c, c+N, c+2N ... in turn: two connections share a target only when there are
    fewer targets than connections. `body` is a template in which `%(n)010d` is a number that never comes again.
    Durations are in seconds. With `requests`, exactly so many are sent, however long it takes. With `whole`, requests
    are begun for `seconds` and every one counts, in the time until the last is answered: those that take as long as
    a round would else be counted by where the round happens to end. An answer that does not hold `mark` exactly
    `marks` times is a failure.
    """

    port: int
    method: str
    targets: Sequence[str]
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    connections: int = 1
    seconds: float = 1.5
    warm_up: float = 0.3
    first: int = 0
    requests: int | None = None
    whole: bool = False
    mark: str = ""
    marks: int = 1
    may_break: bool = False


@dataclass(frozen=True)
class Written:
    """What one connection knows of one target: the last number and how many were acknowledged, and what was not."""

    target: int
    last: int
    acknowledged: int
    in_flight: int | None


@dataclass(frozen=True)
class Outcome:
    """`latencies` are microseconds of every request that began in the measured time, `completed` those answered in it.

    `firsts` are the microseconds until the first `mark` of an answer came. `failures` counts answers other than 2xx by
    status, and those that were not complete; `example` is one of them. `busy` is the share of one core that the client
    used: below 1, what was measured is the server.
    """

    completed: int
    seconds: float
    latencies: list[int]
    firsts: list[int]
    failures: dict[str, int]
    example: str
    written: list[Written]
    busy: float

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.completed / self.seconds


def start(job: Job) -> subprocess.Popen[str]:
    """Start a load client; `finish` waits for its outcome."""
    client = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.load"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert client.stdin is not None
    with client.stdin:
        json.dump(asdict(job), client.stdin)
    return client


def finish(client: subprocess.Popen[str]) -> Outcome:
    assert client.stdout is not None
    with client:
        text = client.stdout.read()
    if client.returncode != 0:
        raise RuntimeError("the load client failed")
    found = json.loads(text)
    return Outcome(**{**found, "written": [Written(**one) for one in found["written"]]})


def run(job: Job) -> Outcome:
    """Load a server as `job` says."""
    return finish(start(job))

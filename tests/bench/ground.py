"""What the parts of the bench share: how much is measured, the folders with models, the floor."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from tests.bench import bodies, servers, stage
from tests.bench.jobs import Job
from tests.bench.ledger import Ledger
from tests.bench.measure import Bench, Case
from tests.bench.servers import Server
from tests.bench.stage import Stage

T = TypeVar("T")


@dataclass(frozen=True)
class Plan:
    """How much: numbers of models, connections, rounds, streams open at once, servers killed and started.

    `shared` is the number of models of a database that several servers share.
    """

    few: int
    many: int
    connections: tuple[int, ...]
    chat_connections: tuple[int, ...]
    chat_rounds: int
    open_streams: int
    shared: int
    kills: int
    starts: int


@dataclass(eq=False)
class Ground:
    """`folder` is empty, and on the disk that haymow would use; `python` has the servers haymow is compared with."""

    bench: Bench
    plan: Plan
    folder: Path
    python: Path
    _lanes: int = 0

    @cached_property
    def first(self) -> Stage:
        """A folder after haymow's first start, with stage.FIRST_MODELS models; only copies of it are served."""
        what = f"a first start and {stage.FIRST_MODELS} models"
        return self.timed(what, lambda: stage.begin(self.folder / "first"))

    @cached_property
    def hundred(self) -> Stage:
        """A folder with stage.FIRST_MODELS models."""
        return self._grown(stage.FIRST_MODELS)

    @cached_property
    def few(self) -> Stage:
        """A folder with `plan.few` models."""
        return self._grown(self.plan.few)

    @cached_property
    def many(self) -> Stage:
        """A folder with `plan.many` models."""
        return self._grown(self.plan.many)

    @cached_property
    def listed(self) -> Stage:
        """A folder with as many models as the page's list has to be quick with."""
        return self._grown(stage.LISTED_MODELS)

    def lane(self) -> Stage:
        """Another folder with stage.FIRST_MODELS models."""
        self._lanes += 1
        return stage.copied(self.first, self.folder / f"lane-{self._lanes}")

    def check(self, ledger: Ledger, server: Server, when: str) -> None:
        """Hold a server to what was acknowledged."""
        losses = ledger.losses(server.port, self.first.headers)
        self.bench.lost += [f"{when}: {loss}" for loss in losses]
        print(f"  {when}: {len(losses)} of {len(ledger):,} models do not hold what was acknowledged", flush=True)

    @contextmanager
    def floor(self) -> Iterator[Case]:
        """The floor, running."""
        with servers.asgi("floor:app", "/readyz", self.python) as server:
            yield Case("FastAPI echo", server, Job(server.port, "PATCH", ["/echo"], body=bodies.update()))

    def timed(self, what: str, make: Callable[[], T]) -> T:
        """What `make` returns, and a line that says how long it took."""
        begun = time.monotonic()
        made = make()
        print(f"  {what}: {time.monotonic() - begun:.1f} s", flush=True)
        return made

    def _grown(self, models: int) -> Stage:
        first = self.first
        return self.timed(
            f"{models:,} models, by SQL", lambda: stage.grown(first, models, self.folder / f"{models}-models")
        )

"""R10: wherever the line to the database tears, clients are told what became of a change, or that it is unknown."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx
import pytest
from sqlalchemy import make_url

from tests.beside import beside
from tests.conftest import client_of, definition
from tests.faults.conftest import Figure
from tests.faults.lines import Way, line_to
from tests.faults.place import Storage, made, migrated, models_of, through
from tests.running import RunningServer
from tests.waiting import wait_until

CLIENTS = 6
ANSWERED_SECONDS = 5.0
LONG = {"type": "object", "description": "x" * 50_000}
"""More than one packet, and more than libpq keeps before it writes."""


@dataclass
class Changing:
    """A client that changes its model all the time, each time to a value of its own; what it was told of each."""

    number: int
    address: str
    over: threading.Event
    told: dict[str, str] = field(default_factory=dict)
    slowest: float = 0

    def run(self, server: RunningServer, token: str) -> None:
        with client_of(server.url, token) as client:
            count = 0
            while not self.over.wait(0.005):
                count += 1
                value, begun = f"c{self.number}-{count}", time.monotonic()
                try:
                    answer = client.patch(self.address, json={"provider": value, **self._more(count)})
                finally:
                    self.slowest = max(self.slowest, time.monotonic() - begun)
                self.told[value] = "changed" if answer.status_code == 200 else answer.json()["code"]

    def _more(self, count: int) -> dict[str, object]:
        """Also what takes other statements, and what is refused in the middle of its transaction."""
        more: list[dict[str, object]] = [
            {}, {"generation_kwargs": LONG}, {"name": f"m{self.number}-{count}"}, {"name": "taken"}
        ]  # fmt: skip
        return more[count % 4]


def check(shared: Storage, seconds: float, figure: Figure, late: float) -> None:
    migrated(shared.url, shared.folder)
    direct, over = shared.url, threading.Event()
    with line_to(make_url(direct).port or 0) as line:
        shared.url = through(direct, line.port)
        with shared.serving() as server, shared.client(server) as client:
            created(client, "taken")
            clients = [Changing(number, made(client), over) for number in range(CLIENTS)]
            line.way = Way.TORN
            with beside(over, *(lambda one=one: one.run(server, shared.token) for one in clients)):
                over.wait(seconds)
                wait_until(lambda: line.caught > seconds, 10 * seconds)
    shared.url = direct
    told = {value: what for one in clients for value, what in one.told.items()}
    require_true(told, [value for (value,) in shared.sql("SELECT provider FROM revisions WHERE revision > 1")])
    assert shared.sql("SELECT count(*) FROM audit WHERE action = 'model.update'") == shared.sql(
        "SELECT count(*) FROM revisions WHERE revision > 1"
    )
    counts, slowest = Counter(told.values()), max(one.slowest for one in clients)
    assert set(counts) <= {"changed", "name_taken", "outcome_unknown", "storage_failed", "overloaded"}
    assert counts["changed"] > len(told) / 3, "hardly anything was changed: it says nothing"
    assert slowest < ANSWERED_SECONDS * late
    figure(
        "R10 torn lines",
        f"{line.caught} tears: {counts['changed']} changes acknowledged and there, {counts['outcome_unknown']} told as "
        f"outcome_unknown, {len(told) - counts['changed'] - counts['outcome_unknown']} refused and not there, the "
        f"slowest answer {slowest:.1f} s",
    )


def require_true(told: dict[str, str], stored: list[str]) -> None:
    """Each value is there once if it was acknowledged, not at all if it was refused."""
    assert len(stored) == len(set(stored))
    there = set(stored)
    assert [value for value, what in told.items() if what == "changed" and value not in there] == []
    unknown = {value for value, what in told.items() if what in ("changed", "outcome_unknown")}
    assert there <= unknown, {value: told.get(value) for value in there - unknown}


def created(client: httpx.Client, name: str) -> None:
    assert client.post(f"{models_of(client)}/custom", json=definition(name)).status_code == 201


def test_what_is_told_over_torn_lines_is_true(shared: Storage, figure: Figure, late: float) -> None:
    check(shared, 5, figure, late)


@pytest.mark.thorough
def test_what_is_told_over_torn_lines_for_a_minute_is_true(shared: Storage, figure: Figure, late: float) -> None:
    check(shared, 60, figure, late)

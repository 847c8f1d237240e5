"""What haymow has acknowledged, and whether it is there."""

from __future__ import annotations

import http.client
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.bench.bodies import numbers_of
from tests.bench.jobs import Job, Outcome, Written

MOST_CHECKED = 2000
"""Of more models than these, so many are checked, chosen at random."""


@dataclass
class _Expected:
    """One of `numbers` is what a model must hold; `changes` were acknowledged, `perhaps` more were under way."""

    numbers: set[int] = field(default_factory=set)
    changes: int = 0
    perhaps: int = 0


class Ledger:
    """Keeps, by the model's address, the last acknowledged update and how many there were."""

    def __init__(self) -> None:
        self._expected: dict[str, _Expected] = {}

    def add(self, job: Job, outcome: Outcome) -> None:
        """Write down what a job's connections saw acknowledged."""
        by_target: dict[str, list[Written]] = {}
        for written in outcome.written:
            by_target.setdefault(job.targets[written.target], []).append(written)
        for target, seen in by_target.items():
            _note(self._expected.setdefault(target, _Expected()), seen)

    def losses(self, port: int, headers: Mapping[str, str]) -> list[str]:
        """A sentence for every model that does not hold what was acknowledged."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        touched = sorted(self._expected)
        chosen = touched if len(touched) <= MOST_CHECKED else random.sample(touched, MOST_CHECKED)
        found = [_loss(target, self._expected[target], connection, headers) for target in chosen]
        connection.close()
        return [loss for loss in found if loss]

    def __len__(self) -> int:
        return len(self._expected)


def _note(expected: _Expected, seen: list[Written]) -> None:
    """Of several connections to one target, any one's last update may have been the last of all."""
    acknowledged = {one.last for one in seen if one.acknowledged}
    flying = {one.in_flight for one in seen if one.in_flight is not None}
    expected.numbers = (acknowledged or expected.numbers) | flying
    expected.changes += sum(one.acknowledged for one in seen)
    expected.perhaps += len(flying)


def _loss(
    target: str, expected: _Expected, connection: http.client.HTTPConnection, headers: Mapping[str, str]
) -> str | None:
    connection.request("GET", target.replace("/models/custom/", "/models/"), headers=dict(headers))
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        return f"{target}: {answer.status} instead of the model"
    changes = int(answer.headers["etag"].strip('"').partition("-")[0]) - 1
    if changes == expected.changes == 0:
        return None  # its only update was under way when the server died, and is not there: nothing was acknowledged
    numbers = numbers_of(_document(body))
    if len(numbers) != 1 or not numbers <= expected.numbers:
        return f"{target}: holds {sorted(numbers)}, acknowledged was {sorted(expected.numbers)}"
    if not expected.changes <= changes <= expected.changes + expected.perhaps:
        return f"{target}: was changed {changes} times, acknowledged were {expected.changes}"
    return None


def _document(body: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(body)
    return document

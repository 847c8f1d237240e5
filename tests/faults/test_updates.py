"""R1: no update is lost, whoever else changes the same model at the same time, on one server or on two."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import Any, NamedTuple

import httpx
import pytest

from tests.conftest import client_of
from tests.faults.conftest import Figure
from tests.faults.linear import Done, linearized
from tests.faults.place import Storage, made, seen_at, two_servers
from tests.running import RunningServer

CLIENTS = 8


class State(NamedTuple):
    """What of a model is changed here; `limit` is in its `generation_kwargs`."""

    revision: int
    provider: str
    limit: int


@dataclass
class Client:
    """Changes and reads one model, and keeps what it asked and was told. What is not answered in time may be done."""

    number: int
    http: httpx.Client
    address: str
    history: list[Done[State]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def run(self, times: int) -> None:
        choose = random.Random(self.number)
        for count in range(times):
            value = self.number * 1000 + count
            choose.choice((self.read, self.name_provider, self.limit, self.match))(value)

    def read(self, _: int) -> None:
        self._ask(lambda: self.http.get(seen_at(self.address)), None)

    def name_provider(self, value: int) -> None:
        self._change({"provider": f"p{value}"}, lambda state: state._replace(provider=f"p{value}"))

    def limit(self, value: int) -> None:
        self._change({"generation_kwargs": kwargs(value)}, lambda state: state._replace(limit=value))

    def match(self, value: int) -> None:
        """On the condition that it is as it was read."""
        found = self.http.get(seen_at(self.address))
        etag, seen = found.headers["etag"], state_of(found).revision
        changed = partial(changed_if, seen, f"p{value}")
        self._ask(
            lambda: self.http.patch(self.address, json={"provider": f"p{value}"}, headers={"If-Match": etag}), changed
        )

    def _change(self, body: dict[str, Any], change: Callable[[State], State]) -> None:
        self._ask(
            lambda: self.http.patch(self.address, json=body),
            lambda state, status: change(state)._replace(revision=state.revision + 1),
        )

    def _ask(self, ask: Callable[[], httpx.Response], change: Callable[[State, int], State | None] | None) -> None:
        called = time.monotonic()
        try:
            answer = ask()
        except httpx.TransportError:
            if change is not None:
                self.history.append(Done(called, inf, lambda state: change(state, 0), "no answer"))
            return
        answered = time.monotonic()
        self.statuses.append(answer.status_code)
        if answer.status_code == 503 and change is not None:
            assert answer.json()["code"] in ("overloaded", "outcome_unknown"), answer.text
            if answer.json()["code"] == "outcome_unknown":
                self.history.append(Done(called, inf, lambda state: change(state, 0), "unknown"))
            return
        assert answer.status_code in (200, 412), answer.text
        told = state_of(answer) if answer.status_code == 200 else None
        self.history.append(Done(called, answered, partial(stepped, change, answer.status_code, told), str(told)))


def changed_if(seen: int, provider: str, state: State, status: int) -> State | None:
    """What a change with If-Match makes of a state: it is refused in any but the one that was seen."""
    if (state.revision == seen) == (status == 412):
        return None if status else state
    return state if status == 412 else State(state.revision + 1, provider, state.limit)


def stepped(
    change: Callable[[State, int], State | None] | None, status: int, told: State | None, state: State
) -> State | None:
    after = state if change is None else change(state, status)
    return after if told is None or after == told else None


def kwargs(limit: int) -> dict[str, Any]:
    return {"type": "object", "properties": {"max_tokens": {"type": "integer", "maximum": limit}}}


def state_of(answer: httpx.Response) -> State:
    model = answer.json()
    revision = int(answer.headers["etag"].strip('"').partition("-")[0])
    return State(revision, model["provider"], model["generation_kwargs"]["properties"]["max_tokens"]["maximum"])


@contextmanager
def houses(storage: Storage) -> Iterator[tuple[RunningServer, ...]]:
    """Two servers where the database is for more than one."""
    if storage.is_shared:
        with two_servers(storage) as servers:
            yield servers
    else:
        with storage.serving() as server:
            yield (server,)


def check_history(storage: Storage, times: int, figure: Figure) -> None:
    with houses(storage) as servers, storage.client(servers[0]) as first:
        address = made(first)
        first.patch(address, json={"generation_kwargs": kwargs(1)})
        begun = state_of(first.get(seen_at(address)))
        clients = [
            Client(number, client_of(servers[number % len(servers)].url, storage.token), address)
            for number in range(CLIENTS)
        ]
        together([partial(client.run, times) for client in clients])
        last = state_of(first.get(seen_at(address)))
        revisions = first.get(f"{seen_at(address)}/revisions").json()
    history = [one for client in clients for one in client.history]
    now = time.monotonic()
    history.append(Done(now, now, lambda state: state if state == last else None, "the end"))
    assert linearized(history, begun) is not None, sorted(history, key=lambda one: one.called)
    assert revisions["total"] == last.revision
    statuses = [status for client in clients for status in client.statuses]
    assert statuses.count(200) > len(statuses) / 3, "hardly anything was changed: the history says nothing"
    figure(
        "R1 linearizable",
        f"{storage.kind}, {len(servers)} server(s): {len(history)} operations of {CLIENTS} clients on one row, "
        f"{statuses.count(412)} refused by If-Match, {statuses.count(503)} by load: one order explains them all",
    )


def together(works: list[Callable[[], object]]) -> None:
    """Run all of them at once; raises what the first one raises."""
    failed: list[BaseException] = []
    start = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        try:
            start.wait()
            work()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def test_changes_at_the_same_time_have_an_order(storage: Storage, figure: Figure) -> None:
    check_history(storage, 12, figure)


@pytest.mark.thorough
def test_many_changes_at_the_same_time_have_an_order(storage: Storage, figure: Figure) -> None:
    check_history(storage, 150, figure)


def test_different_fields_survive_and_one_of_many_wins(storage: Storage, figure: Figure) -> None:
    rounds, codes = 15, []
    with houses(storage) as servers, storage.client(servers[0]) as first:
        address = made(first)
        first.patch(address, json={"generation_kwargs": kwargs(1)})
        clients = [client_of(servers[number % len(servers)].url, storage.token) for number in range(CLIENTS)]
        for number in range(2, rounds + 2):
            bodies: list[dict[str, Any]] = [{"provider": f"p{number}"}, {"generation_kwargs": kwargs(number)}]
            together([partial(acknowledged, clients[at], address, body) for at, body in enumerate(bodies)])
            found = first.get(seen_at(address))
            assert state_of(found)[1:] == (f"p{number}", number)
            codes.append(race(clients, address, found.headers["etag"]))
    assert all(sorted(code) == [200] + [412] * (CLIENTS - 1) for code in codes), codes
    figure(
        "R1 races",
        f"{storage.kind}, {len(servers)} server(s): {rounds} of {rounds} times both fields survived, and exactly one "
        f"of {CLIENTS} with If-Match won",
    )


def acknowledged(client: httpx.Client, address: str, body: dict[str, Any]) -> None:
    answer = client.patch(address, json=body)
    assert answer.status_code == 200, answer.text


def race(clients: list[httpx.Client], address: str, etag: str) -> list[int]:
    codes: list[int] = []

    def change(number: int) -> None:
        body, headers = {"provider": f"race-{number}-{time.monotonic_ns()}"}, {"If-Match": etag}
        codes.append(clients[number].patch(address, json=body, headers=headers).status_code)

    together([partial(change, number) for number in range(len(clients))])
    return codes

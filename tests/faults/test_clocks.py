"""R16: what came later is told by its revision, whatever the servers' clocks say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.faults.conftest import Figure
from tests.faults.place import Storage, made, missing, models_of, seen_at

DAY = 86_400


@pytest.fixture
def library() -> Iterator[str]:
    """libfaketime, which is preloaded and moves a process's clock."""
    found = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if found is None:
        missing("there is no libfaketime on this machine (Debian and Ubuntu: apt-get install libfaketime)")
    yield str(found)


def clock(library: str, seconds: int) -> dict[str, str]:
    """A clock that is so far ahead; how long things take is not touched.

    libfaketime looks into the environment again after ten seconds, and haymow has emptied it by then: a server that
    worked for longer would have the right time.
    """
    kept = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_CACHE_DURATION": f"{DAY}"}
    return {"LD_PRELOAD": library, "FAKETIME": f"{seconds:+d}", **kept}


@pytest.mark.thorough
def test_two_days_between_two_servers_change_no_order(shared: Storage, library: str, figure: Figure) -> None:
    times = 10
    with ExitStack() as stack:
        servers = [
            stack.enter_context(shared.serving(name, clock(library, seconds)))
            for name, seconds in (("ahead", DAY), ("behind", -DAY))
        ]
        clients = [stack.enter_context(shared.client(server)) for server in servers]
        address = made(clients[0])
        written = []
        for number in range(times):
            changed = clients[number % 2].patch(address, json={"provider": f"p{number}"})
            assert changed.status_code == 200, changed.text
            written.append(changed.json())
            for client in clients:
                assert client.get(seen_at(address)).json() == changed.json()
        check_order(clients, address, times)
    apart = min(abs(seconds_between(one["updated_at"], other["updated_at"])) for one, other in pairwise(written))
    figure("R16 clocks", f"two servers {apart / DAY:.2f} days apart: {times} changes in turn, in order everywhere")
    assert apart > 1.9 * DAY, "the clocks were not moved: the test says nothing"


@pytest.mark.thorough
def test_a_clock_that_goes_back_changes_no_order(embedded: Storage, library: str, figure: Figure) -> None:
    address, count = "", 0
    for seconds in (DAY, -DAY, 0):
        with embedded.serving(more=clock(library, seconds)) as server, embedded.client(server) as client:
            address = address or made(client)
            for _ in range(3):
                count += 1
                changed = client.patch(address, json={"provider": f"p{count - 1}"})
                assert changed.status_code == 200, changed.text
                moved = seconds_between(changed.json()["updated_at"], datetime.now(UTC).isoformat())
                assert abs(moved - seconds) < DAY / 10, "the clock was not moved: the test says nothing"
            assert client.get(seen_at(address)).json()["provider"] == f"p{count - 1}"
            check_order([client], address, count)
    figure("R16 clocks", "one server, a day ahead, then a day behind, then right: changes in order")


def check_order(clients: list[httpx.Client], address: str, times: int) -> None:
    """Revisions and audit records are in the order of the changes, the newest first; If-Match knows the newest."""
    for client in clients:
        revisions = client.get(f"{seen_at(address)}/revisions").json()["data"]
        assert [one["revision"] for one in revisions] == list(range(times + 1, 0, -1))
        assert [one["provider"] for one in revisions][:-1] == [f"p{number}" for number in reversed(range(times))]
        home = models_of(client).removesuffix("/models")
        audit = client.get(f"{home}/audit").json()["data"]
        assert [one["revision"] for one in audit] == list(range(times + 1, 0, -1))
        newest: Any = client.get(seen_at(address))
        kept = client.patch(address, json={}, headers={"If-Match": newest.headers["etag"]})
        assert kept.status_code == 200, "nothing is changed, on the condition that it is the newest"


def seconds_between(one: str, other: str) -> float:
    return (datetime.fromisoformat(one) - datetime.fromisoformat(other)).total_seconds()

"""R11: when the database's server is lost, its synchronous standby has everything that was acknowledged."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from tests import postgres
from tests.faults.conftest import Figure
from tests.faults.lines import line_to
from tests.faults.place import Storage, migrated, new_database, through, two_servers
from tests.faults.test_kills import Writer, writing
from tests.waiting import wait_until

BACK_SECONDS = 5.0


@pytest.mark.thorough
def test_failover_to_the_standby_loses_nothing(tmp_path: Path, figure: Figure) -> None:
    with ExitStack() as stack:
        primary = postgres.create("")
        standby = postgres.standby(primary)
        stack.callback(standby.stop, "immediate")
        wait_until(lambda: is_synchronous(primary), 20)
        line = stack.enter_context(line_to(primary.port))
        url = migrated(new_database(primary), tmp_path)
        storage = Storage("postgresql", tmp_path, through(url, line.port))
        servers = stack.enter_context(two_servers(storage))
        clients = [stack.enter_context(storage.client(server)) for server in servers]
        writers = [Writer(number) for number in range(6)]
        with writing(servers[0], storage.token, writers[:3]), writing(servers[1], storage.token, writers[3:]):
            wait_until(lambda: sum(writer.acknowledged for writer in writers) > 200, 60)
            gone = time.monotonic()
            primary.stop("immediate")
            before = sum(writer.acknowledged for writer in writers)
            standby.promote()
            line.to = standby.port
            line.reset()
            back = time.monotonic()
            wait_until(lambda: sum(writer.acknowledged for writer in writers) > before, 20)
            took = time.monotonic() - back
            wait_until(lambda: sum(writer.acknowledged for writer in writers) > before + 100, 60)
        for writer in writers:
            writer.check(clients[writer.number % 2])
        figure(
            "R11 failover",
            f"{before} writes acknowledged before, none lost; {sum(one.refused for one in writers)} refused by 503; "
            f"the first one on the standby {took:.2f} s after it could be reached, {back - gone:.2f} s after the loss",
        )
        assert took < BACK_SECONDS


def is_synchronous(primary: postgres.Postgres) -> bool:
    with psycopg.connect(primary.text()) as connection:
        found = connection.execute("SELECT sync_state FROM pg_stat_replication").fetchall()
    return found == [("sync",)]

"""The figures of PostgreSQL's pools in /metrics of a real server, while somebody else holds what it needs."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests import databases
from tests.conftest import client_of, definition
from tests.ports import free_port
from tests.running import RunningServer, running
from tests.waiting import wait_until

MOST = 2
CLIENTS = 5

Figures = Mapping[tuple[str, str], float]


@pytest.fixture(scope="module")
def url() -> str:
    return databases.postgresql().make("connections")


@pytest.fixture(scope="module")
def pooled(tmp_path_factory: pytest.TempPathFactory, url: str) -> Iterator[tuple[RunningServer, int]]:
    """A server, and the port of its /metrics."""
    port = free_port()
    more = {
        "HAYMOW_DATABASE_URL": url,
        "HAYMOW_UNSAFE_STORAGE": "on",
        "HAYMOW_DATABASE_CONNECTIONS": str(MOST),
        "HAYMOW_METRICS_PORT": str(port),
    }
    with running(tmp_path_factory.mktemp("connections") / "data", more=more) as server:
        yield server, port


def figures(port: int, end: str = "") -> Figures:
    """What is there of the pools' connections, by name and pool; of a histogram's buckets the one up to `end`."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
    return {
        (sample.name.removeprefix("haymow_database_connection"), sample.labels["pool"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("haymow_database_connection") and sample.labels.get("le", end) == end
    }


def address(client: httpx.Client) -> str:
    """Where a new model is read."""
    workspace = client.get("/api/v1/workspaces/default").json()["workspace_id"]
    made = client.post(f"/api/v2/workspaces/{workspace}/models/custom", json=definition(f"m-{free_port()}"))
    assert made.status_code == 201, made.text
    return f"/api/v2/workspaces/{workspace}/models/{made.json()['model_id']}"


@contextmanager
def asked_for(server: RunningServer, path: str) -> Iterator[None]:
    """Clients that ask for a model again and again."""
    over = threading.Event()

    def ask() -> None:
        with client_of(server.url, server.token) as client:
            while not over.is_set():
                assert client.get(path).status_code in (200, 503)

    clients = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for one in clients:
        one.start()
    try:
        yield
    finally:
        over.set()
        for one in clients:
            one.join()


def test_units_that_wait_for_a_connection_are_seen_and_their_waiting_is_timed(
    pooled: tuple[RunningServer, int], url: str
) -> None:
    server, port = pooled
    with client_of(server.url, server.token) as client:
        path = address(client)
    before = figures(port, end="0.5")
    with psycopg.connect(url) as holder:
        holder.execute("LOCK TABLE models IN ACCESS EXCLUSIVE MODE")
        with asked_for(server, path):
            wait_until(lambda: figures(port)["s_in_use", "short"] == MOST)
            wait_until(lambda: figures(port)["s_waited_for", "short"] == CLIENTS - MOST)
            wait_until(lambda: gave_up(figures(port, end="0.5"), before) > 0)
            holder.rollback()
    wait_until(lambda: figures(port)["s_in_use", "short"] == 0)
    now = figures(port)
    assert now["s_waited_for", "short"] == 0
    assert (now["s_open", "short"], now["s_most", "short"]) == (MOST, MOST)
    assert (now["s_in_use", "long"], now["s_most", "long"]) == (0, 2)


def gave_up(now: Figures, before: Figures) -> float:
    """How many units have waited for longer than half a second."""

    def longer(figures: Figures) -> float:
        return figures["_wait_seconds_count", "short"] - figures["_wait_seconds_bucket", "short"]

    return longer(now) - longer(before)


def test_connections_that_are_cut_are_not_counted_as_open(pooled: tuple[RunningServer, int], url: str) -> None:
    server, port = pooled
    with client_of(server.url, server.token) as client, psycopg.connect(url, autocommit=True) as other:
        path = address(client)
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        listens = " AND query LIKE 'LISTEN%'"

        def there(more: str = "") -> float:
            found = other.execute(f"SELECT count(*) {others}{more}").fetchone()
            assert found is not None
            return float(found[0])

        def is_true() -> bool:
            now = figures(port)
            return now["s_open", "short"] + now["s_open", "long"] == there() - there(listens) >= 1

        wait_until(is_true)
        for _ in range(2 * MOST):
            other.execute(f"SELECT pg_terminate_backend(pid) {others}")
            wait_until(lambda: client.get(path).status_code == 200)
        for _ in range(2 * MOST):  # each has its turn, and one that was cut is noticed when it has
            assert client.get(path).status_code == 200
        wait_until(is_true)


@pytest.mark.embedded("PostgreSQL has pools")
def test_a_file_has_no_pool(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path / "data", more={"HAYMOW_METRICS_PORT": str(port)}):
        assert figures(port) == {}

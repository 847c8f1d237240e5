"""What was acknowledged is there after kill -9, and the file is whole: a short form of what R2 and R3 promise."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import client_of, definition
from tests.running import RunningServer, running

WRITERS = 8
ACKNOWLEDGED_BEFORE_THE_KILL = 300


class Writer(threading.Thread):
    """Creates a model, then renames it again and again; keeps what it was told, and the one change it was not."""

    def __init__(self, server: RunningServer, path: str, number: int) -> None:
        super().__init__()
        self._server, self._path, self._number = server, path, number
        self.told: list[dict[str, Any]] = []
        self.asked = ""

    def run(self) -> None:
        with client_of(self._server.url, self._server.token) as client:
            try:
                model = client.post(self._path, json=definition(f"w{self._number}-0")).json()
                self.told.append(model)
                for count in range(1, 100_000):
                    self.asked = f"w{self._number}-{count}"
                    answer = client.patch(f"{self._path}/{model['model_id']}", json={"name": self.asked})
                    assert answer.status_code == 200
                    self.told.append(answer.json())
            except httpx.TransportError:
                return  # the server is gone


def test_nothing_acknowledged_is_lost_by_a_kill(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data) as server:
        with client_of(server.url, server.token) as client:
            workspace = client.get("/api/v1/workspaces/default").json()["workspace_id"]
        path = f"/api/v2/workspaces/{workspace}/models/custom"
        writers = [Writer(server, path, number) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        while sum(len(one.told) for one in writers) < ACKNOWLEDGED_BEFORE_THE_KILL or not all(
            one.told for one in writers
        ):
            assert any(writer.is_alive() for writer in writers)
            time.sleep(0.005)
        server.process.kill()
        for writer in writers:
            writer.join()
    with running(data) as again, client_of(again.url, server.token) as client:
        for writer in writers:
            check(client, path.removesuffix("/custom"), writer)
    assert integrity(data / "haymow.db") == "ok"


def check(client: httpx.Client, path: str, writer: Writer) -> None:
    """The model is as it was last told, or as it was asked to be when the server went; its revisions have it all."""
    last = writer.told[-1]
    found = client.get(f"{path}/{last['model_id']}").json()
    assert found["name"] in (last["name"], writer.asked)
    if found["name"] == last["name"]:
        assert found == last
    revisions = [revision for page in pages(client, f"{path}/{last['model_id']}/revisions") for revision in page]
    names = [revision["name"] for revision in reversed(revisions)]
    assert names[: len(writer.told)] == [told["name"] for told in writer.told]
    assert [revision["revision"] for revision in reversed(revisions)] == list(range(1, len(names) + 1))


def pages(client: httpx.Client, path: str) -> list[list[dict[str, Any]]]:
    found, number = [], 1
    while True:
        page = client.get(path, params={"page_number": number}).json()
        found.append(page["data"])
        if not page["has_more"]:
            return found
        number += 1


def integrity(file: Path) -> str:
    connection = sqlite3.connect(file)
    try:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        connection.close()

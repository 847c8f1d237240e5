"""R14: keys are rotated under chats; whatever is killed, no value fails to decrypt, and the command goes on."""

from __future__ import annotations

import os
import random
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection

from haymow.server.database.places import Place, looking, place_named
from haymow.server.secrets import key_file, store
from haymow.server.secrets.cipher import WrappedKey
from haymow.server.secrets.master_keys import MasterKeys
from tests.beside import beside
from tests.conftest import client_of, definition
from tests.faults.conftest import Figure
from tests.faults.place import PLAIN, Storage
from tests.running import RunningServer, environment, haymow_command
from tests.upstream import Upstream

WORKSPACES = 40
VALUES = 6


@dataclass
class Chats:
    """Asks a model again and again, each time in a new revision, so that its secret is decrypted each time."""

    servers: list[RunningServer]
    token: str
    workspaces: Mapping[str, str]
    upstream: Upstream
    asked: int = 0
    failures: list[str] = field(default_factory=list)

    def once(self, client: httpx.Client) -> None:
        workspace, value = random.choice(list(self.workspaces.items()))
        path = f"/api/v2/workspaces/{workspace}"
        model = definition(f"m-{os.urandom(6).hex()}")
        model["chat_generator_config"]["init_parameters"] |= {"api_base_url": self.upstream.url, "model": value}
        made = client.post(f"{path}/models/custom", json=model)
        body = {"model": model["name"], "messages": [{"role": "user", "content": "Hi"}]}
        said = client.post(f"{path}/openai/v1/chat/completions", json=body)
        self.asked += 1
        if (made.status_code, said.status_code) != (201, 200):
            self.failures.append(f"{made.status_code} {said.status_code}: {made.text[:200]} {said.text[:300]}")


@contextmanager
def chatting(chats: Chats) -> Iterator[None]:
    over = threading.Event()

    def ask(url: str) -> None:
        with client_of(url, chats.token) as client:
            while not over.is_set():
                chats.once(client)

    with beside(over, *(partial(ask, server.url) for server in chats.servers)):
        yield


def fill(client: httpx.Client, upstream: Upstream) -> dict[str, str]:
    """Workspaces by id, each with values of its own; what its models' key is."""
    found = {}
    host = upstream.url.removesuffix("/v1")
    for number in range(WORKSPACES):
        made = client.post("/api/v1/workspaces", json={"name": f"w-{number}"}).json()["workspace_id"]
        for name in ("OPENAI_API_KEY", *(f"KEY_{other}" for other in range(1, VALUES))):
            secret = {"name": name, "secret": f"sk-{number}-{name}", "hosts": [host]}
            answer = client.post(f"/api/v2/workspaces/{made}/secrets", json=secret)
            assert answer.status_code == 201, answer.text
        found[made] = f"sk-{number}-OPENAI_API_KEY"
    return found


def told(storage: Storage) -> dict[str, str]:
    key = str(storage.folder / "master.key")
    return {**PLAIN, "HAYMOW_DATABASE_URL": storage.url, "HAYMOW_MASTER_KEY_FILE": key}


def command(storage: Storage, *arguments: str) -> subprocess.Popen[str]:
    """`haymow admin rotate-key`: beside a server on SQLite, on PostgreSQL with a data folder of its own."""
    data = storage.folder / ("operator" if storage.is_shared else "data")
    return subprocess.Popen(
        haymow_command("admin", "rotate-key", *arguments),
        env=environment(data, told(storage)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def run(storage: Storage, *arguments: str) -> str:
    process = command(storage, *arguments)
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    return out


def place(storage: Storage) -> Place:
    return place_named(storage.url or str(storage.folder / "data"), "SOURCE")


def everything(connection: Connection, keys: MasterKeys) -> list[str]:
    """Every value there is, decrypted."""
    return [
        keys.unwrap(WrappedKey.of(row)).decrypt(sealed, at).reveal()
        for row in list(store.every_data_key(connection))
        for at, sealed in list(store.values_of(connection, row.scope_id))
    ]


def killed_again_and_again(storage: Storage) -> int:
    """Run the command until it comes to its end, and kill it after a few lines of progress; how often that was."""
    chance, times = random.Random(14), 0
    while True:
        process, said = command(storage, "--data-keys"), list[str]()
        assert process.stderr is not None
        for line in process.stderr:
            said.append(line)
            if len(said) > chance.randint(0, 10):  # of some forty
                time.sleep(chance.random() * 0.02)
                process.kill()
                break
        if process.wait() == 0:
            return times
        assert process.returncode == -9, said
        times += 1


@pytest.mark.timeout(400)
@pytest.mark.thorough
def test_no_value_fails_to_decrypt_while_the_command_is_killed_again_and_again(
    storage: Storage, figure: Figure
) -> None:
    with ExitStack() as stack:
        upstream = stack.enter_context(Upstream())
        names = ("one", "two") if storage.is_shared else ("data",)
        servers = [stack.enter_context(storage.serving(name)) for name in names]
        with storage.client(servers[0]) as client:
            chats = Chats(servers, storage.token, fill(client, upstream), upstream)
        if storage.is_shared:
            run(storage, "--prepare")
        begun = time.monotonic()
        with chatting(chats):
            times = killed_again_and_again(storage)
            seconds = time.monotonic() - begun
            run(storage, "--forget-old")
        wrong = [seen for seen in upstream.seen if seen.headers["authorization"] != f"Bearer {seen.body['model']}"]
    assert (chats.failures, wrong) == ([], [])
    assert times > 3 and chats.asked > 20
    (only,) = key_file.read(storage.folder / "master.key")
    with looking(place(storage)) as connection:
        values = everything(connection, MasterKeys(Path("nowhere"), [only]))
    assert len(values) == WORKSPACES * VALUES
    figure(
        f"R14 {storage.kind}",
        f"{times} kills -9 of rotate-key --data-keys in {seconds:.0f} s, {len(values)} values in {WORKSPACES} scopes, "
        f"{chats.asked} chats that decrypted meanwhile: 0 failed",
    )


@pytest.mark.timeout(400)
@pytest.mark.thorough
def test_a_server_that_is_killed_in_the_middle_starts_and_goes_on(embedded: Storage, figure: Figure) -> None:
    """On SQLite the server does the work that the command asks for."""
    values = times = 0
    with Upstream() as upstream:
        with embedded.serving() as server, embedded.client(server) as client:
            workspaces = fill(client, upstream)
        for lines in (1, 3, 5, 8, 2, 1, 100):
            with embedded.serving() as server:
                chats = Chats([server], embedded.token, workspaces, upstream)
                process = command(embedded, "--data-keys")
                assert process.stderr is not None
                for number, _ in enumerate(process.stderr):
                    if number >= lines:
                        server.process.kill()
                        times += 1
                        break
                assert process.wait() == (0 if lines == 100 else 1)
                if lines == 100:
                    with client_of(server.url, embedded.token) as client:
                        for _ in range(10):
                            chats.once(client)
                    assert chats.failures == []
        keys = MasterKeys(Path("nowhere"), key_file.read(embedded.folder / "master.key"))
        with looking(place(embedded)) as connection:
            values = len(everything(connection, keys))
    assert values == WORKSPACES * VALUES
    assert len(key_file.read(embedded.folder / "master.key")) == 2
    figure("R14 the server", f"{times} kills -9 of the server in the middle: {values} values decrypt, one new key")

"""A haymow with something of everything in it, made once; and what there is in a database, by hashes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import httpx

from haymow.server.app import tables
from haymow.server.database.moving import lines_of
from haymow.server.database.places import Place, looking, place_of
from haymow.server.database.rows import Digest
from haymow.server.settings import Settings
from tests import databases
from tests.conftest import client_of, definition
from tests.running import RunningServer, running

KEY = "sk-canary-4b1f90c2aa71"
PASSPHRASE = "correct horse battery staple"
MODELS = 12


def quiet(line: str) -> None:
    """Says nothing."""


@dataclass(frozen=True)
class Stock:
    """A data folder that no server uses, and its administrator's token."""

    folder: Path
    token: str

    @property
    def settings(self) -> Settings:
        return databases.settings(self.folder)

    @property
    def place(self) -> Place:
        return place_of(self.settings)

    @property
    def argument(self) -> str:
        """What it is called on the command line."""
        return self.settings.database_url or str(self.folder)


def fill(folder: Path, upstream: str) -> Stock:
    """Start a server on `folder` and do a little of everything with it; its models call `upstream`."""
    with running(folder) as server, client_of(server.url, server.token) as admin:
        sign_in(server)
        workspace = admin.get("/api/v1/workspaces/default").json()["workspace_id"]
        secret = {"name": "OPENAI_API_KEY", "secret": KEY, "hosts": ["http://127.0.0.1"]}
        for path in ("/api/v2/secrets", f"/api/v2/workspaces/{workspace}/secrets"):
            made = admin.post(path, json={**secret, "hosts": [upstream.removesuffix("/v1")]})
            assert made.status_code == 201, made.text
        for number in range(MODELS):
            register(admin, workspace, f"m-{number}", upstream)
        assert server.stop() == 0
        return Stock(folder, server.token)


def sign_in(server: RunningServer) -> None:
    """Two sessions: one that a link began, and one that belongs to a token."""
    headers = {"sec-fetch-site": "same-origin"}
    for body in ({"code": server.link.partition("#")[2]}, {"token": server.token}):
        made = httpx.post(f"{server.url}/api/v2/session", json=body, headers=headers, trust_env=False)
        assert made.status_code == 201, made.text


def register(admin: httpx.Client, workspace: str, name: str, upstream: str) -> None:
    model = definition(name)
    model["chat_generator_config"]["init_parameters"]["api_base_url"] = upstream
    made = admin.post(f"/api/v2/workspaces/{workspace}/models/custom", json=model)
    assert made.status_code == 201, made.text


def chat(server: RunningServer, token: str, name: str = "m-0") -> httpx.Response:
    """Ask a model of the default workspace."""
    with client_of(server.url, token) as client:
        workspace = client.get("/api/v1/workspaces/default").json()["workspace_id"]
        body = {"model": name, "messages": [{"role": "user", "content": "Hi"}]}
        return client.post(f"/api/v2/workspaces/{workspace}/openai/v1/chat/completions", json=body)


def hashes(place: Place) -> dict[str, tuple[int, str]]:
    """Rows and hash of each table."""
    with looking(place) as connection:
        found = {}
        for table in tables():
            digest = Digest()
            for lines in lines_of(connection, table):
                for line in lines:
                    digest.add(line)
            found[table.name] = (digest.rows, digest.hex())
        return found


def empty(tmp_path: Path, name: str = "restored") -> Settings:
    """Settings of a haymow in which there is nothing yet."""
    return databases.settings(tmp_path / name)

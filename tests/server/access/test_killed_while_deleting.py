"""kill -9 while very many tokens go: none of them opens anything from then on, and the next start takes all away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid4

import httpx
import pytest

from tests import looking
from tests.conftest import client_of
from tests.crowds import multiply_tokens
from tests.running import running
from tests.waiting import wait_until

MANY = 20_000


class Crowd(NamedTuple):
    """A person, the workspace `crowd` to which all of their tokens are limited, and the text of one."""

    user_id: str
    workspace_id: str
    token: str


def crowded(data: Path, client: httpx.Client) -> Crowd:
    person = {"given_name": "A", "family_name": "B", "email": f"{uuid4().hex}@example.com", "role": "user"}
    user_id = client.post("/api/v2/members", json=person).json()["user_id"]
    workspace_id = client.post("/api/v1/workspaces", json={"name": "crowd"}).json()["workspace_id"]
    client.put(f"/api/v2/workspaces/{workspace_id}/members", json={"user_id": user_id, "role": "user"})
    wanted = {"name": "t", "user_id": user_id, "workspace_id": workspace_id}
    token = client.post("/api/v2/tokens", json=wanted).json()["token"]
    with looking.connected(data) as connection:
        multiply_tokens(connection, UUID(user_id), MANY)
    return Crowd(user_id, workspace_id, token)


def of_workspace(crowd: Crowd) -> tuple[str, str]:
    return "/api/v1/workspaces/crowd", crowd.workspace_id


def of_member(crowd: Crowd) -> tuple[str, str]:
    return f"/api/v2/members/{crowd.user_id}", crowd.user_id


def status_of(client: httpx.Client, token: str) -> int:
    return client.get("/api/v2/me", headers={"authorization": f"Bearer {token}"}).status_code


@pytest.mark.parametrize("what", [of_workspace, of_member])
def test_a_kill_in_the_middle_leaves_nothing_that_opens_anything(
    tmp_path: Path, what: Callable[[Crowd], tuple[str, str]]
) -> None:
    data = tmp_path / "data"
    with running(data) as server, client_of(server.url, server.token) as client:
        crowd = crowded(data, client)
        assert status_of(client, crowd.token) == 200
        path, subject = what(crowd)

        def delete() -> None:
            with suppress(httpx.TransportError), client_of(server.url, server.token) as other:
                other.delete(path)

        deleting = threading.Thread(target=delete)
        deleting.start()
        wait_until(lambda: status_of(client, crowd.token) == 401)
        server.process.kill()
        deleting.join()
    with running(data) as again, client_of(again.url, server.token) as client:
        assert status_of(client, crowd.token) == 401
        tokens = "SELECT 1 FROM tokens WHERE user_id = :it LIMIT 1"
        wait_until(lambda: not looking.rows(data, tokens, it=UUID(crowd.user_id)), 60)
        page = client.get("/api/v2/audit", params={"subject_id": subject}).json()
        assert [record["action"].partition(".")[2] for record in page["data"]].count("delete") == 1

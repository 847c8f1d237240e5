"""Asking for secrets over HTTP."""

from typing import Any

import httpx

from tests.server.secrets.conftest import Rooms

CANARY = "canary+5f1d/0c7e=9ab24c68"


def paths(rooms: Rooms) -> dict[str, str]:
    return {
        "organization": "/api/v2/secrets",
        "workspace": f"/api/v2/workspaces/{rooms.workspace.workspace_id}/secrets",
    }


async def create(http: httpx.AsyncClient, path: str, name: str = "KEY", **more: Any) -> dict[str, Any]:
    answer = await http.post(path, json={"name": name, "secret": CANARY, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}

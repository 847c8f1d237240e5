"""A model of a workspace for the tests of its changes: its addresses, and what it was when it was made."""

from __future__ import annotations

from typing import Any

import httpx


class Registered:
    """A model in a workspace, and what a test asks of it."""

    def __init__(self, client: httpx.Client, workspace: str, body: dict[str, Any]) -> None:
        self.client = client
        self.workspace = workspace
        self.path = f"/api/v2/workspaces/{workspace}/models/custom"
        made = client.post(self.path, json=body)
        assert made.status_code == 201, made.text
        self.model = made.json()
        self.etag = made.headers["etag"]
        self.url = f"{self.path}/{self.model['model_id']}"
        self.read_url = self.url.replace("/custom", "")

    def patch(self, body: Any, **headers: str) -> httpx.Response:
        return self.client.patch(self.url, json=body, headers=headers)

    def get(self) -> httpx.Response:
        return self.client.get(self.read_url)

    def audit(self) -> list[dict[str, Any]]:
        page = self.client.get(f"/api/v2/workspaces/{self.workspace}/audit").json()
        return [entry for entry in page["data"] if entry["subject_id"] == self.model["model_id"]]

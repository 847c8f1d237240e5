"""People with roles and tokens, made over the API by an administrator."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import httpx

from tests.conftest import client_of


@dataclass(frozen=True)
class Somebody:
    """A member of the organization, and a client with their token."""

    user_id: str
    token: str
    client: httpx.Client


def unique(word: str) -> str:
    """A name that no other test has."""
    return f"{word}-{uuid.uuid4().hex[:12]}"


def new_member(admin: httpx.Client, role: str = "user") -> str:
    """The user_id of a new member."""
    name = unique("member")
    body = {"given_name": "Ada", "family_name": name, "email": f"{name}@example.com", "role": role}
    return str(created(admin.post("/api/v2/members", json=body))["user_id"])


def new_token(client: httpx.Client, **wanted: Any) -> dict[str, Any]:
    """A new token as it is answered, `token` included."""
    return created(client.post("/api/v2/tokens", json={"name": unique("token"), **wanted}))


def somebody(admin: httpx.Client, role: str = "user", **limits: Any) -> Somebody:
    """A new member with a token; `limits` are the token's."""
    user_id = new_member(admin, role)
    return with_token_of(admin, user_id, **limits)


def with_token_of(admin: httpx.Client, user_id: str, **limits: Any) -> Somebody:
    """The same person with another token, which by itself limits nothing unless `limits` do."""
    token = new_token(admin, user_id=user_id, **{"role": "admin", **limits})["token"]
    return Somebody(user_id, token, client_of(str(admin.base_url), token))


def let_in(admin: httpx.Client, workspace: str, user_id: str, role: str) -> None:
    """Give a person a role in a workspace."""
    put = admin.put(f"/api/v2/workspaces/{workspace}/members", json={"user_id": user_id, "role": role})
    assert put.status_code == 200, put.text


def new_workspace(admin: httpx.Client) -> tuple[str, str]:
    """The name and the id of a new workspace."""
    made = created(admin.post("/api/v1/workspaces", json={"name": unique("w")}))
    return str(made["name"]), str(made["workspace_id"])


def new_secret(client: httpx.Client, workspace: str | None = None, name: str = "", **more: Any) -> dict[str, Any]:
    """A new secret, of the organization when `workspace` is None."""
    path = "/api/v2/secrets" if workspace is None else f"/api/v2/workspaces/{workspace}/secrets"
    body = {"name": name or f"KEY_{uuid.uuid4().hex.upper()}", "secret": uuid.uuid4().hex, **more}
    return created(client.post(path, json=body))


def created(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    content: dict[str, Any] = answer.json()
    return content

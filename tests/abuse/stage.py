"""A server of a test module's own, on which every operation can be asked for by every kind of caller."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.abuse.matrix import CALLERS
from tests.abuse.subject import UNKNOWN, config, named
from tests.conftest import client_of, definition
from tests.running import running
from tests.server.access.people import (
    created,
    let_in,
    new_member,
    new_secret,
    new_token,
    new_workspace,
    somebody,
    unique,
)

CHAT = "/openai/v1/chat/completions"


class Stage:
    """A workspace, one client for each kind of caller, and fresh things for every request to act on.

    `data` is its server's folder.
    """

    def __init__(self, admin: httpx.Client, data: Path) -> None:
        self.admin = admin
        self.data = data
        self.workspace_name, self.workspace = new_workspace(admin)
        self.operations: dict[str, Any] = {
            f"{method.upper()} {path}": operation
            for path, methods in admin.get("/openapi.json").json()["paths"].items()
            for method, operation in methods.items()
        }
        chat = definition("chat", chat_generator_config=config(api_key=named("MISSING")))
        created(admin.post(f"/api/v2/workspaces/{self.workspace}/models/custom", json=chat))
        self.callers = {name: self._client(name) for name in CALLERS}

    def close(self) -> None:
        for client in self.callers.values():
            client.close()

    def _client(self, caller: str) -> httpx.Client:
        if caller == "no_token":
            return httpx.Client(base_url=self.admin.base_url, timeout=60.0)
        token = "hm_00000000_guessed" if caller == "bad_token" else self._token(caller)
        return client_of(str(self.admin.base_url), token)

    def _token(self, caller: str) -> str:
        match caller.partition("_"):
            case ("ws", _, role):
                person = somebody(self.admin)
                let_in(self.admin, self.workspace, person.user_id, role)
                return person.token
            case ("org", _, role):
                return somebody(self.admin, role).token
        limits: dict[str, dict[str, Any]] = {
            "outsider": {"user_id": new_member(self.admin)},
            "elsewhere": {"workspace_id": new_workspace(self.admin)[1]},
            "capped": {"role": "user"},
            "here": {"workspace_id": self.workspace, "role": "editor"},
        }
        return str(new_token(self.admin, **limits[caller])["token"])

    def ask(self, caller: str, operation: str) -> httpx.Response:
        """One good request for an operation, on things made for it alone."""
        method, path = operation.split(" ")
        parts = self.parts(path)
        body = self.body(method, path, parts)
        query = query_of(method, path)
        headers = {"sec-fetch-site": "same-origin"} if path.endswith("/session") else {}  # haymow's own page
        answer = self.callers[caller].request(method, path.format(**parts), params=query, json=body, headers=headers)
        self.callers[caller].cookies.clear()  # nobody stays signed in
        return answer

    def parts(self, path: str) -> dict[str, str]:
        """The parameters of a path, fresh ones."""
        workspace = self.workspace if "{workspace_id}" in path else None
        parts = {"workspace_id": self.workspace, "revision": "1", "provider": "openai", "code": "invalid"}
        if "{model_id}" in path:
            models = f"/api/v2/workspaces/{workspace}/models" if workspace else "/api/v2/models"
            without = definition(unique("m"), chat_generator_config=config(api_key=named("MISSING")))  # calls nobody
            made = created(self.admin.post(f"{models}/custom", json=without))
            parts["model_id"] = made["model_id"]
        if "{secret_id}" in path:
            parts["secret_id"] = new_secret(self.admin, workspace)["secret_id"]
        if "{token_id}" in path:
            parts["token_id"] = new_token(self.admin, user_id=new_member(self.admin))["token_id"]
        if "{user_id}" in path or path.endswith("/members"):
            parts["user_id"] = new_member(self.admin)
            let_in(self.admin, self.workspace, parts["user_id"], "user")
        if "{name}" in path:
            parts["name"] = self._name(path)
        return parts

    def _name(self, path: str) -> str:
        if "generators" in path:
            return "OpenAIChatGenerator"
        if "openai/v1/models" in path:
            return "chat"
        return self.workspace_name

    def body(self, method: str, path: str, parts: dict[str, str]) -> dict[str, Any] | None:
        """A good body, where there is one, for what a path with these parameters leads to."""
        if "model_registry_tokens" in path:
            self._prepare_integration(method)
        if method not in ("POST", "PUT", "PATCH"):
            return None
        bodies: dict[str, dict[str, Any]] = {
            "custom": definition(unique("m")),
            "validate": definition(unique("m")),
            "{model_id}": {"name": unique("m")},
            "completions": {"model": "chat", "messages": [{"role": "user", "content": "Hi"}]},
            "secrets": {"name": unique("K").replace("-", "_"), "secret": "a value"},
            "{secret_id}": {"secret": "another value"},
            "{provider}": {"token": "a value"},
            "workspaces": {"name": unique("w")},
            "members": {"role": "user", **_person(method, parts)},
            "tokens": {"name": "t"},
            "session": {"token": self.admin.headers["authorization"].removeprefix("Bearer ")},
            "restore": {},
            "test": {},
        }
        return bodies[path.rpartition("/")[2]]

    def _prepare_integration(self, method: str) -> None:
        """POST wants none, the others want one."""
        one = "/api/v1/model_registry_tokens/openai"
        if method == "POST":
            self.admin.delete(one, params={"force": "true"})
        else:
            self.admin.put(one, json={"token": "a value"})


def query_of(method: str, path: str) -> dict[str, str] | None:
    """What an operation asks for in its query, if anything."""
    if path.endswith("/model_states"):
        return {"model_id": UNKNOWN}
    return {"force": "true"} if method == "DELETE" else None


def _person(method: str, parts: dict[str, str]) -> dict[str, str]:
    if method == "PUT":
        return {"user_id": parts.get("user_id", "")}
    return {"given_name": "A", "family_name": "B", "email": f"{unique('m')}@example.com"}


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """A stage on a server that no other tests use: requests set the organization's integrations."""
    with running(folder) as server, client_of(server.url, server.token) as admin:
        stage = Stage(admin, server.data)
        yield stage
        stage.close()

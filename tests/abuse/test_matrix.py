"""E5: every operation answers every kind of caller as declared in matrix.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.abuse.matrix import CALLERS, MATRIX, ok
from tests.abuse.subject import UNKNOWN, config, named
from tests.conftest import client_of, definition
from tests.running import RunningServer, running
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
    """A workspace, one client for each kind of caller, and fresh things for every request to act on."""

    def __init__(self, admin: httpx.Client) -> None:
        self.admin = admin
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
        parts = self._parts(path)
        body = self._body(method, path, parts)
        query = query_of(method, path)
        headers = {"sec-fetch-site": "same-origin"} if path.endswith("/session") else {}  # haymow's own page
        answer = self.callers[caller].request(method, path.format(**parts), params=query, json=body, headers=headers)
        self.callers[caller].cookies.clear()  # nobody stays signed in
        return answer

    def _parts(self, path: str) -> dict[str, str]:
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

    def _body(self, method: str, path: str, parts: dict[str, str]) -> dict[str, Any] | None:
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


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of these tests alone: they set the organization's integrations."""
    with running(tmp_path_factory.mktemp("matrix")) as server:
        yield server


@pytest.fixture(scope="module")
def stage(alone: RunningServer) -> Iterator[Stage]:
    with client_of(alone.url, alone.token) as admin:
        stage = Stage(admin)
        yield stage
        stage.close()


def test_e5_every_operation_is_declared_and_no_other(stage: Stage) -> None:
    assert set(stage.operations) == set(MATRIX)


def _success(stage: Stage, operation: str) -> set[int]:
    if operation.endswith(CHAT):
        return {409}  # its secret is missing: that is told to who may chat
    declared = {int(status) for status in stage.operations[operation]["responses"] if status < "300"}
    return declared | {201} if operation.startswith("PUT /api/v1/model_registry_tokens") else declared


@pytest.mark.parametrize("operation", sorted(MATRIX, key=lambda one: one.startswith("DELETE")))
def test_e5_each_caller_is_answered_as_declared(stage: Stage, operation: str) -> None:
    wrong = {}
    # Who may do it comes last: only then is the thing that others must not touch gone.
    for caller in sorted(CALLERS, key=lambda name: MATRIX[operation].of(name) == ok):
        if operation == "DELETE /api/v1/workspaces/{name}" and MATRIX[operation].of(caller) == ok:
            continue  # the stage itself; see test_e5_an_administrator_deletes_a_workspace
        expected = {MATRIX[operation].of(caller)} - {ok} or _success(stage, operation)
        answer = stage.ask(caller, operation)
        if answer.status_code not in expected:
            wrong[caller] = (answer.status_code, expected, answer.text[:200])
    assert wrong == {}


@pytest.mark.parametrize("operation", [one for one in MATRIX if one.startswith("GET")])
def test_e5_head_is_answered_like_get(stage: Stage, operation: str) -> None:
    path = operation.split(" ")[1]
    for caller in CALLERS:
        address = path.format(**stage._parts(path))
        query = query_of("GET", path)
        seen = stage.callers[caller].head(address, params=query).status_code
        assert seen == stage.callers[caller].get(address, params=query).status_code, caller
        assert seen == MATRIX[operation].of(caller) or seen in (200, 404)


def test_e5_an_administrator_deletes_a_workspace(stage: Stage) -> None:
    for caller in ("ws_admin", "org_admin"):
        name, workspace = new_workspace(stage.admin)
        user_id = stage.callers[caller].get("/api/v2/me").json()["user_id"]
        let_in(stage.admin, workspace, user_id, "admin")
        assert stage.callers[caller].delete(f"/api/v1/workspaces/{name}").status_code == 204
        assert stage.admin.get(f"/api/v1/workspaces/{name}").status_code == 404


def test_e5_a_refusal_looks_the_same_whether_the_thing_exists_or_not(stage: Stage) -> None:
    """Who may not see a workspace learns nothing of what is in it."""
    for operation in MATRIX:
        method, path = operation.split(" ")
        if "{workspace_id}" not in path:
            continue
        real = stage.ask("outsider", operation).json()
        parts = {
            "workspace_id": UNKNOWN,
            "revision": "1",
            "model_id": UNKNOWN,
            "secret_id": UNKNOWN,
            "user_id": UNKNOWN,
            "name": "nobody",
        }
        body = stage._body(method, path, parts)
        made_up = stage.callers["outsider"].request(method, path.format(**parts), json=body).json()
        for answer in (real, made_up):
            answer.pop("request_id", None)
        assert real == made_up, operation

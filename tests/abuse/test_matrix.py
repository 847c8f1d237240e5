"""E5: every operation answers every kind of caller as declared in matrix.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.abuse.matrix import CALLERS, MATRIX, ok
from tests.abuse.stage import CHAT, Stage, query_of, staged
from tests.abuse.subject import UNKNOWN
from tests.server.access.people import let_in, new_workspace


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("matrix")) as stage:
        yield stage


def test_e5_every_operation_is_declared_and_no_other(stage: Stage) -> None:
    assert set(stage.operations) == set(MATRIX)


def _success(stage: Stage, operation: str) -> set[int]:
    if operation.endswith(CHAT):
        return {409}  # its secret is missing: that is told to who may chat
    declared = {int(status) for status in stage.operations[operation]["responses"] if status < "300"}
    return declared | {201} if operation.startswith("PUT /api/v1/model_registry_tokens") else declared


@pytest.mark.parametrize("operation", sorted(MATRIX, key=lambda one: str(one).startswith("DELETE")))
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
        address = path.format(**stage.parts(path))
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
        body = stage.body(method, path, parts)
        made_up = stage.callers["outsider"].request(method, path.format(**parts), json=body).json()
        for answer in (real, made_up):
            answer.pop("request_id", None)
        assert real == made_up, operation

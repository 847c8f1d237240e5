"""Every POST takes an Idempotency-Key: sent twice it is done once, and the second answer is the first."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import looking
from tests.abuse.stage import CHAT, Stage, staged
from tests.abuse.subject import refused

DOCUMENT = json.loads((Path(__file__).parents[3] / "docs" / "openapi.json").read_text())
SIGN_IN = "POST /api/v2/session"
POSTS = sorted(f"POST {path}" for path, methods in DOCUMENT["paths"].items() if "post" in methods)
KEPT = [operation for operation in POSTS if not operation.endswith(CHAT)]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("every-post")) as stage:
        yield stage


def test_each_declares_the_header_and_nothing_else_does() -> None:
    declaring = {
        f"{method.upper()} {path}"
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
        if any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", ()))
    }
    assert declaring == set(POSTS)


class Request:
    """A good request for an operation, to be sent with keys and bodies of the test's choosing."""

    def __init__(self, stage: Stage, operation: str) -> None:
        path = operation.removeprefix("POST ")
        parts = stage.parts(path)
        self.client = stage.admin
        self.body = stage.body("POST", path, parts)
        self.path = path.format(**parts)

    def send(
        self, key: str, body: Any = None, client: httpx.Client | None = None, more: Mapping[str, str] | None = None
    ) -> httpx.Response:
        sent = {"idempotency-key": key, "sec-fetch-site": "same-origin", **(more or {})}
        return (client or self.client).post(self.path, json=self.body if body is None else body, headers=sent)


def told(answer: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    """Everything of an answer but what is of its request: when, and under which id."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}
    return answer.status_code, headers, answer.content


@pytest.mark.parametrize("operation", KEPT)
def test_sent_twice_it_is_answered_alike(stage: Stage, operation: str) -> None:
    request, key = Request(stage, operation), uuid.uuid4().hex
    first = request.send(key)
    assert first.is_success, first.text
    changes = len(stage.admin.get("/api/v2/audit", params={"limit": 100}).json()["data"])
    assert told(request.send(key)) == told(first)
    assert len(stage.admin.get("/api/v2/audit", params={"limit": 100}).json()["data"]) == changes


@pytest.mark.parametrize("operation", KEPT)
def test_without_a_key_it_is_no_receipt(stage: Stage, operation: str) -> None:
    """Creates are refused the second time, as the name is taken; what may be done twice is done twice."""
    request = Request(stage, operation)
    first = request.client.post(request.path, json=request.body, headers={"sec-fetch-site": "same-origin"})
    assert first.is_success, first.text
    assert told(request.send(uuid.uuid4().hex)) != told(first) or operation.endswith(("/validate", "/restore"))


@pytest.mark.parametrize("operation", KEPT)
def test_another_body_under_the_key_is_refused(stage: Stage, operation: str) -> None:
    request, key = Request(stage, operation), uuid.uuid4().hex
    assert request.send(key).is_success
    again = request.send(key, {**(request.body or {}), "unknown": 1})
    if operation.endswith(("/test", "/restore")):  # reads no body
        assert again.is_success
    else:
        assert refused(again, 422) == {"#": "idempotency_key_reused"}
        assert again.json()["code"] == "idempotency_key_reused"


@pytest.mark.parametrize("operation", [one for one in KEPT if one != SIGN_IN])  # who has its token may sign in
@pytest.mark.parametrize("caller", ["no_token", "bad_token", "elsewhere", "outsider"])
def test_an_answer_is_given_to_nobody_else(stage: Stage, operation: str, caller: str) -> None:
    request, key = Request(stage, operation), uuid.uuid4().hex
    first = request.send(key)
    assert told(request.send(key, client=stage.callers[caller])) != told(first)


def test_a_token_with_less_is_not_given_the_token_that_was_made_with_more(stage: Stage) -> None:
    """Receipts are a person's, whichever token they call with; a weaker one must not get hold of a stronger one."""
    request, key = Request(stage, "POST /api/v2/tokens"), uuid.uuid4().hex
    body = {"name": "strong", "role": "admin"}
    first = request.send(key, body)
    assert first.status_code == 201
    for caller in ("capped", "elsewhere", "here"):
        answer = request.send(key, body, client=stage.callers[caller])
        assert answer.status_code in (403, 422), caller
        assert first.json()["token"] not in answer.text


def test_what_was_said_once_stands_in_no_file_but_encrypted(stage: Stage) -> None:
    request, key, name = Request(stage, "POST /api/v2/tokens"), "a-key-that-is-looked-for", "a-name-that-is-found"
    token = request.send(key, {"name": name}).json()["token"]
    assert request.send(key, {"name": name}).json()["token"] == token
    cookie = Request(stage, SIGN_IN).send(key).cookies["haymow_session"]
    held = dict(looking.files(stage.data))
    assert any(name.encode() in text for text in held.values())
    secrets = [secret.encode() for secret in (token, cookie, key)]
    assert [file for file, text in held.items() if any(secret in text for secret in secrets)] == []


def test_a_restore_is_answered_again_though_its_if_match_holds_no_more(stage: Stage) -> None:
    request = Request(stage, "POST /api/v2/models/{model_id}/revisions/{revision}/restore")
    model = request.path.partition("/revisions")[0]
    changed = request.client.patch(model.replace("/models/", "/models/custom/"), json={"name": f"n-{uuid.uuid4().hex}"})
    first = request.send("k", more={"if-match": changed.headers["etag"]})
    assert first.status_code == 200, first.text
    assert first.headers["etag"] != changed.headers["etag"]
    assert told(request.send("k", more={"if-match": changed.headers["etag"]})) == told(first)
    assert request.send("other", more={"if-match": changed.headers["etag"]}).status_code == 412

"""B7, B13, B16: a secret's value is in no answer, no log and no file, whatever is asked and whatever fails."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from itertools import chain
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests import databases, looking
from tests.abuse.subject import UNKNOWN, Subject, config, named
from tests.answers import Dies, Fails, Garbles
from tests.conftest import client_of
from tests.running import RunningServer, running
from tests.server.access.people import new_member, new_secret, new_token, new_workspace
from tests.upstream import Upstream

# With characters that URLs and JSON write differently, so that the search below has something to find.
CANARIES = {
    "workspace": 'sk-canary/ws+4f0c=19"a\\b',
    "organization": "sk-canary/org+4f0c=28'<&>",
    "replaced": "sk-canary/new+4f0c=37 in two",
    "integration": "sk-canary/int+4f0c=46%25",
    "refused": "sk-canary/bad+4f0c=55\u2013dash",
    "literal": "sk-canary/lit+4f0c=64",
}


def spellings(value: str) -> Iterator[bytes]:
    """How a value could stand somewhere: as it is, in JSON, in a URL, in a log, in base64 at any offset."""
    yield value.encode()
    yield json.dumps(value)[1:-1].encode()
    yield quote(value, safe="").encode()
    yield quote(value).encode()
    yield repr(value)[1:-1].encode()
    for offset in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            # The ends share their characters with what stands beside the value.
            yield encode(b"\0" * offset + value.encode())[4:-4]


SPELLINGS = {name: set(spellings(value)) for name, value in CANARIES.items()}


def found_in(text: bytes) -> list[str]:
    """The canaries that stand in it, in any spelling."""
    return [name for name, ways in SPELLINGS.items() if any(one in text for one in ways)]


class Listening:
    """A client's hook that keeps every answer."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []

    def __call__(self, answer: httpx.Response) -> None:
        headers = b"\n".join(name + b": " + value for name, value in answer.headers.raw)
        self.heard.append(
            (f"{answer.request.method} {answer.request.url} {answer.status_code}", headers + b"\n" + answer.read())
        )

    @property
    def faults(self) -> list[str]:
        return [f"{request}: {found}" for request, text in self.heard if (found := found_in(text))]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(tmp_path_factory.mktemp("watched")) as server:
        yield server


@pytest.fixture(scope="module")
def listening() -> Listening:
    return Listening()


@pytest.fixture(scope="module")
def client(watched: RunningServer, listening: Listening) -> Iterator[httpx.Client]:
    with client_of(watched.url, watched.token) as client:
        client.event_hooks = {"response": [listening]}
        yield client


@pytest.fixture(scope="module")
def scene(client: httpx.Client) -> Subject:
    """A workspace and an organization whose secrets are the canaries."""
    subject = Subject(client, new_workspace(client)[1])
    new_secret(client, subject.workspace, "WORKSPACE_KEY", secret=CANARIES["workspace"], hosts=["127.0.0.1:9"])
    new_secret(client, None, "ORGANIZATION_KEY", secret=CANARIES["organization"])
    entered = client.post("/api/v1/model_registry_tokens/openai", json={"token": CANARIES["integration"]})
    assert entered.status_code == 201, entered.text
    assert subject.patch_config(api_key=named("WORKSPACE_KEY"), api_base_url="http://127.0.0.1:9/v1").is_success
    return subject


def everything(scene: Subject) -> dict[str, str]:
    """Something for every parameter of a path."""
    client = scene.client
    secret = client.get(f"{scene.home}/secrets").json()["data"][0]
    return {
        "workspace_id": scene.workspace,
        "model_id": scene.id,
        "secret_id": secret["secret_id"],
        "revision": "1",
        "user_id": new_member(client),
        "token_id": new_token(client)["token_id"],
        "name": "OpenAIChatGenerator",
        "provider": "openai",
        "code": "secret_in_use",
    }


def body_with_canaries(scene: Subject) -> dict[str, Any]:
    """A body that is wrong for most operations, with a literal value wherever one could be put."""
    value = CANARIES["literal"]
    return {
        "name": value,
        "secret": CANARIES["refused"],
        "token": CANARIES["refused"],
        "hosts": [value],
        "provider": value,
        "provider_domain": f"{value}.example",
        "given_name": value,
        "role": value,
        "user_id": value,
        "model": value,
        "model_id": value,
        "messages": [{"role": value, "content": [{"type": value}]}],
        "chat_generator_config": config(value, api_key=value, **{value: value}),
        "generation_kwargs": {"type": value, value: value},
        value: value,
    }


def test_b7_no_operation_answers_with_a_secret_whatever_is_sent(scene: Subject, listening: Listening) -> None:
    paths = scene.client.get("/openapi.json").json()["paths"]
    wrong = body_with_canaries(scene)
    operations = [(method.upper(), path) for path, methods in paths.items() for method in methods]
    for method, path in sorted(operations, key=lambda one: one[0] == "DELETE"):
        address = path.format(**everything(scene))
        for headers in ({}, {"prefer": "handling=strict"}, {"authorization": f"Bearer {CANARIES['literal']}"}):
            scene.client.request(
                method, address, json=wrong if method in ("POST", "PUT", "PATCH") else None, headers=headers
            )
        scene.client.request(method, address, params={"limit": CANARIES["literal"], "q": CANARIES["literal"]})
    assert len(listening.heard) > 4 * len(operations)
    assert listening.faults == []


def test_b7_validation_restoring_and_use_do_not_show_values(scene: Subject, listening: Listening) -> None:
    client = scene.client
    again = Subject(client, scene.workspace, {**scene.model, "name": "again"})
    key = new_secret(client, scene.workspace, "ANOTHER_KEY", secret=CANARIES["workspace"])
    change = {"model_id": again.id, "chat_generator_config": config(api_key=named("ANOTHER_KEY"))}
    assert client.post(f"{scene.home}/models/validate", json=change).status_code == 200
    assert again.patch(change).status_code == 200
    assert client.post(f"{again.read_url}/revisions/1/restore").status_code == 200
    one = f"{scene.home}/secrets/{key['secret_id']}"
    assert client.put(one, json={"secret": CANARIES["replaced"], "hosts": ["api.openai.com"]}).status_code == 200
    again.state()
    assert client.delete(one).status_code in (204, 409)
    assert listening.faults == []


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 404, 429, 500, 503])
def test_b13_a_provider_that_repeats_the_key_is_not_repeated(
    scene: Subject, listening: Listening, watched: RunningServer, status: int, stream: bool
) -> None:
    key = CANARIES["workspace"]
    with Upstream() as upstream:
        subject = chatty(scene, upstream)
        headers = {"location": f"{upstream.url}/{quote(key, safe='')}", "x-key": quote(key), "retry-after": "0"}
        upstream.script(*[Fails(status, f"Incorrect API key provided: {key}", headers)] * 4)
        answer = subject.chat(stream=stream)
        assert 400 <= answer.status_code < 600
        assert answer.json()["error"].keys() == {"message", "type", "param", "code"}
        assert {seen.method for seen in upstream.seen} == {"POST"}
        assert len({seen.path for seen in upstream.seen}) == 1
    assert listening.faults == []
    assert found_in(watched.log.read_bytes()) == []


def chatty(scene: Subject, upstream: Upstream) -> Subject:
    """A model that calls `upstream` with the workspace's canary."""
    host, name = f"127.0.0.1:{upstream.port}", f"KEY_{upstream.port}"
    new_secret(scene.client, scene.workspace, name, secret=CANARIES["workspace"], hosts=[host])
    body = {**scene.model, "name": f"calls {upstream.port}", "generation_kwargs": {}}
    body["chat_generator_config"] = config(api_base_url=upstream.url, api_key=named(name), max_retries=0)
    return Subject(scene.client, scene.workspace, body)


def test_b13_an_answer_that_breaks_off_or_is_none_does_not_show_the_key(
    scene: Subject, listening: Listening, watched: RunningServer
) -> None:
    key = CANARIES["workspace"]
    with Upstream() as upstream:
        subject = chatty(scene, upstream)
        upstream.script(Dies(event={"message": f"key {key}", "type": key, "code": key}))
        assert "[DONE]" not in subject.chat(stream=True).text
        upstream.script(
            Garbles(f"<html>{key}</html>".encode()), Garbles(json.dumps({"error": key}).encode(), "application/json")
        )
        assert subject.chat().status_code == 502
        assert subject.chat().status_code == 502
        assert all(seen.headers["authorization"] == f"Bearer {key}" for seen in upstream.seen)
    assert listening.faults == []
    assert found_in(watched.log.read_bytes()) == []


def test_b16_what_nobody_expected_logs_no_value(scene: Subject, listening: Listening, watched: RunningServer) -> None:
    body = {"name": "UNLUCKY", "secret": CANARIES["literal"]}
    with looking.without(watched.data, "audit"):
        assert scene.client.post(f"{scene.home}/secrets", json=body).status_code >= 500
        path = "/api/v1/model_registry_tokens/cohere"
        assert scene.client.post(path, json={"token": body["secret"]}).status_code >= 500
    assert "Traceback" in watched.log.read_text()
    assert found_in(watched.log.read_bytes()) == []
    assert listening.faults == []
    assert scene.client.get(f"{scene.home}/secrets/{UNKNOWN}").status_code == 404


def test_b7_no_file_holds_a_value(scene: Subject, watched: RunningServer) -> None:
    """The write-ahead log and what deleted rows left in the database are files too."""
    more = {"rows": looking.contents(watched.data), "haymow's log": watched.log.read_bytes()}
    named, faults = {}, {}
    for name, held in chain(looking.files(watched.data), more.items()):
        named[name] = b"WORKSPACE_KEY" in held
        if found := found_in(held):
            faults[name] = found
    assert faults == {}
    assert "master.key" in named
    for begin in ("rows", *(("pg_wal/", "base/") if databases.is_shared() else ("haymow.db-wal",))):
        # The search looks at the right bytes.
        assert any(there for name, there in named.items() if name.startswith(begin)), begin


@pytest.mark.parametrize("name", CANARIES)
def test_the_search_finds_every_spelling(name: str) -> None:
    value = CANARIES[name]
    padded = b"{'key': '" + value.encode() + b"'}"
    for text in (padded, base64.b64encode(padded), base64.b64encode(b"." + padded), base64.b64encode(b".." + padded)):
        assert found_in(text) == [name]
    assert found_in(quote(value).encode()) == [name]
    assert found_in(json.dumps(value).encode()) == [name]

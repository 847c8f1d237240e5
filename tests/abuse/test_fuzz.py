"""Whatever a client sends: no answer is a 500, and every refusal is a problem that says why.

The examples are the same in every run (derandomized).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.abuse import nasty
from tests.abuse.raw import connect, read_answer
from tests.abuse.subject import Subject, config, named
from tests.conftest import client_of
from tests.running import RunningServer
from tests.server.access.people import new_secret, new_workspace
from tests.upstream import Upstream

few = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[httpx.Client]:
    with client_of(server.url, server.token) as client:
        yield client


@pytest.fixture(scope="module")
def target(client: httpx.Client) -> Subject:
    return Subject(client, new_workspace(client)[1])


def check(answer: httpx.Response) -> None:
    """No surprise, and in the shape that is promised."""
    assert answer.status_code < 500, answer.text
    if answer.status_code < 400:
        return
    kind = answer.headers["content-type"]
    if "/openai/" in str(answer.request.url) and kind == "application/json":
        assert answer.json()["error"].keys() == {"message", "type", "param", "code"}
        return
    assert kind == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert len(problem["details"]) <= 50
    for detail in problem["details"]:
        assert detail.keys() == {"pointer", "code", "message"}
        assert re.fullmatch(r"#(/[\w%~.$-]+)*", detail["pointer"]), detail
        assert detail["message"].endswith("."), detail


def still_good(target: Subject) -> None:
    """The model is there, and its config and schema still are what a PATCH takes."""
    model = target.client.get(target.read_url)
    assert model.status_code == 200
    again = {field: model.json()[field] for field in ("name", "provider", "chat_generator_config", "generation_kwargs")}
    assert target.patch(again).headers["etag"] == model.headers["etag"]


@few
@given(body=nasty.almost())
def test_a_body_that_is_almost_right(target: Subject, body: Any) -> None:
    sent = nasty.as_json(body)
    patched = target.client.patch(target.url, content=sent, headers=JSON)
    check(patched)
    if patched.status_code == 200:
        still_good(target)
    check(target.client.patch(target.url, content=sent, headers={**JSON, "prefer": "handling=strict"}))
    validated = target.client.post(f"{target.home}/models/validate", content=sent, headers=JSON)
    check(validated)
    created = target.client.post(target.collection, content=sent, headers=JSON)
    check(created)
    if created.status_code == 201:
        one = created.headers["location"]
        assert target.client.get(one).headers["etag"] == created.headers["etag"]
        assert target.client.delete(one.replace("/models/", "/models/custom/")).status_code == 204


@few
@given(schema=nasty.almost(nasty.SCHEMA), defaults=nasty.almost({"a": 1, "b": "abc", "c": None}))
def test_schemas_and_defaults_that_are_almost_right(target: Subject, schema: Any, defaults: Any) -> None:
    body = {"generation_kwargs": schema, "chat_generator_config": config(generation_kwargs=defaults)}
    check(target.client.patch(target.url, content=nasty.as_json(body), headers=JSON))
    still_good(target)


@few
@given(body=st.one_of(nasty.broken_text(), st.binary(max_size=60)))
def test_bytes_that_are_almost_json(target: Subject, body: bytes) -> None:
    for method, path in (("PATCH", target.url), ("POST", f"{target.home}/models/validate")):
        check(target.client.request(method, path, content=body, headers=JSON))


OTHERS: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/api/v1/workspaces", {"name": "/"}),
    ("POST", "/api/v2/members", {"given_name": "A", "family_name": "B", "email": "a@b", "role": "none"}),
    ("PUT", "/api/v2/members", {"user_id": "00000000-0000-4000-8000-000000000000", "role": "user"}),
    ("PUT", "HOME/members", {"user_id": "00000000-0000-4000-8000-000000000000", "role": "user"}),
    (
        "POST",
        "/api/v2/tokens",
        {"name": "t", "role": "none", "expires_at": "2099-01-01T00:00:00Z", "workspace_id": "x"},
    ),
    ("POST", "HOME/secrets", {"name": "-", "secret": "v", "hosts": ["example.com", "*.example.com:8443"]}),
    ("PUT", "/api/v1/model_registry_tokens/nobody", {"token": "v", "provider_domain": "example.com"}),
    (
        "POST",
        "HOME/openai/v1/chat/completions",
        {"model": "gpt-5", "messages": [{"role": "user", "content": "x"}], "stream": False},
    ),
]


@pytest.mark.parametrize(("method", "path", "body"), OTHERS, ids=[f"{method} {path}" for method, path, _ in OTHERS])
def test_other_bodies_that_are_almost_right(target: Subject, method: str, path: str, body: dict[str, Any]) -> None:
    address = path.replace("HOME", target.home)

    @settings(few, max_examples=40)
    @given(body=st.one_of(nasty.almost(body), nasty.VALUES))
    def send(body: Any) -> None:
        check(target.client.request(method, address, content=nasty.as_json(body), headers=JSON))

    send()


CHAT = {
    "model": "MODEL",
    "messages": [
        {"role": "system", "content": "s"},
        {"role": "user", "content": [{"type": "text", "text": "t"}]},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "c", "content": "r"},
    ],
    "tools": [
        {
            "type": "function",
            "function": {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}},
        }
    ],
    "temperature": 0.5,
    "max_tokens": 5,
    "stop": ["x"],
    "n": 1,
    "seed": 1,
    "user": "u",
    "tool_choice": "auto",
    "stream": False,
    "stream_options": {"include_usage": True},
}


def test_chats_that_are_almost_right(target: Subject) -> None:
    """With a provider that answers: what it is sent is what is left of the body."""
    with Upstream() as upstream:
        secret = new_secret(target.client, target.workspace, hosts=[f"127.0.0.1:{upstream.port}"])
        generator = config(api_base_url=upstream.url, api_key=named(secret["name"]), max_retries=0)
        made = Subject(
            target.client,
            target.workspace,
            {**target.model, "name": "chats", "chat_generator_config": generator, "generation_kwargs": {}},
        )
        address = f"{target.home}/openai/v1/chat/completions"
        assert target.client.post(address, json={**CHAT, "model": "chats"}).status_code == 200

        @settings(few, max_examples=200)
        @given(body=nasty.almost({**CHAT, "model": "chats"}))
        def chat(body: Any) -> None:
            check(target.client.post(address, content=nasty.as_json(body), headers=JSON))

        chat()
        assert made.chat().status_code == 200


@few
@given(headers=st.lists(st.tuples(nasty.HEADER_NAMES, nasty.HEADER_VALUES), min_size=1, max_size=4))
def test_headers_of_any_kind(target: Subject, server: RunningServer, headers: list[tuple[str, bytes]]) -> None:
    lines = [name.encode() + b": " + value for name, value in headers]
    start = (
        f"PATCH {target.url} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {server.token}\r\nContent-Length: 2".encode()
    )
    with closing(connect(server.url)) as connection:
        connection.settimeout(15)
        connection.sendall(b"\r\n".join([start, *lines, b"", b"{}"]))
        try:
            answer = read_answer(connection, "PATCH")
        except (HTTPException, ConnectionError):
            return  # what was no HTTP any more
    assert answer.status < 500, answer.text
    if answer.headers["content-type"].startswith("application/problem"):
        assert json.loads(answer.body)["status"] == answer.status


PATHS = [
    "HOME/models/{}",
    "HOME/models/custom/{}",
    "HOME/models/{}/revisions",
    "ONE/revisions/{}",
    "ONE/revisions/{}/restore",
    "HOME/secrets/{}",
    "HOME/members/{}",
    "/api/v2/workspaces/{}/models",
    "/api/v2/workspaces/{}/secrets",
    "/api/v2/models/{}",
    "/api/v2/secrets/{}",
    "/api/v2/members/{}",
    "/api/v2/tokens/{}",
    "/api/v2/generators/{}",
    "/api/v1/workspaces/{}",
    "/api/v1/users/{}",
    "/api/v1/model_registry_tokens/{}",
    "/errors/{}",
    "/{}",
]


@few
@given(
    path=st.sampled_from(PATHS),
    part=st.one_of(nasty.NASTY_TEXTS, st.binary(max_size=8)),
    method=st.sampled_from(["GET", "HEAD", "PATCH", "POST", "PUT", "OPTIONS"]),
)
def test_ids_and_names_of_any_kind(target: Subject, path: str, part: str | bytes, method: str) -> None:
    raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
    address = path.format(quote(raw[:9000], safe="")).replace("HOME", target.home).replace("ONE", target.read_url)
    answer = target.client.request(method, address, content=b"{}" if method != "GET" else None, headers=JSON)
    if method == "HEAD":
        assert answer.status_code < 500
    else:
        check(answer)


LISTS = [
    "HOME/models",
    "HOME/model_states",
    "HOME/secrets",
    "HOME/audit",
    "ONE/revisions",
    "/api/v2/models",
    "/api/v2/secrets",
    "/api/v2/audit",
]


@few
@given(path=st.sampled_from(LISTS), query=st.lists(st.tuples(nasty.QUERY_NAMES, nasty.QUERY_VALUES), max_size=4))
def test_queries_of_any_kind(target: Subject, path: str, query: list[tuple[str, bytes]]) -> None:
    address = path.replace("HOME", target.home).replace("ONE", target.read_url)
    check(target.client.get(f"{address}?{urlencode(query)}"))


def test_afterwards_the_log_has_no_traceback(server: RunningServer) -> None:
    log = server.log.read_text(errors="replace")
    assert "Traceback" not in log, log[-3000:]

"""openapi.json says everything there is, and nothing in it leads nowhere. Of a real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.abuse.raw import ask
from tests.conftest import client_of
from tests.running import RunningServer

Operations = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def document(server: RunningServer) -> dict[str, Any]:
    answer = ask("GET", f"{server.url}/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    content: dict[str, Any] = answer.json()
    return content


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> Operations:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def walk(value: Any) -> Iterator[Any]:
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        yield from walk(one)


def test_it_names_its_version_and_itself(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"].keys() >= {"title", "version"}


def test_every_operation_is_described(operations: Operations) -> None:
    for name, operation in operations.items():
        assert operation["summary"].strip(), name
        assert operation["description"].strip().endswith((".", "definition")), name
        assert all(answer["description"].strip() for answer in operation["responses"].values()), name


def test_every_operation_has_exactly_one_success(operations: Operations) -> None:
    for name, operation in operations.items():
        assert len([status for status in operation["responses"] if status.startswith("2")]) == 1, name


def test_every_success_with_a_body_says_what_is_in_it(operations: Operations) -> None:
    """But for pages, and for lists and documents that no wire type describes."""
    undescribed = {
        name
        for name, operation in operations.items()
        for status, answer in operation["responses"].items()
        if status.startswith("2") and status != "204" and "content" not in answer
    }
    assert undescribed == {"GET /openapi.json", "GET /docs", "GET /errors/{code}"}


def test_every_operation_that_takes_a_body_says_what_it_takes(operations: Operations) -> None:
    without = {
        name
        for name, one in operations.items()
        if name.split(" ")[0] in ("POST", "PUT", "PATCH") and "requestBody" not in one
    }
    assert {name for name in without if not name.endswith(("/restore", "/test"))} == set()
    for name, operation in operations.items():
        if "requestBody" in operation:
            assert operation["requestBody"]["required"] is True, name
            assert list(operation["requestBody"]["content"]) == ["application/json"], name


def test_every_parameter_of_a_path_is_declared_and_no_other(operations: Operations) -> None:
    for name, operation in operations.items():
        declared = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"]
        assert sorted(declared) == sorted(re.findall(r"\{(\w+)\}", name)), name
        for parameter in operation.get("parameters", ()):
            assert parameter["schema"], name
            assert parameter["in"] in ("path", "query") or parameter["name"] == "Idempotency-Key", name


def test_every_reference_leads_somewhere_and_everything_is_used(document: dict[str, Any]) -> None:
    used = {one["$ref"] for one in walk(document) if isinstance(one, dict) and isinstance(one.get("$ref"), str)}
    assert used == {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}


def test_no_schema_names_python(document: dict[str, Any]) -> None:
    for name in document["components"]["schemas"]:
        assert re.fullmatch(r"[A-Z][A-Za-z]+", name), name
    for text in (one for one in walk(document) if isinstance(one, str)):
        assert not re.search(r"haymow\.|pydantic|__|<class", text), text


def test_every_documented_operation_exists_and_wants_a_token_unless_it_is_public(
    server: RunningServer, operations: Operations
) -> None:
    public = {"GET /healthz", "GET /readyz", "GET /openapi.json", "GET /docs", "GET /errors/{code}"}
    statuses: dict[str, tuple[int, ...]] = dict.fromkeys(public, (200, 404))
    statuses |= dict.fromkeys(("POST /api/v2/session", "DELETE /api/v2/session"), (403,))  # haymow's own page alone
    for name in operations:
        method, path = name.split(" ")
        answer = ask(method, server.url + re.sub(r"\{\w+\}", "x", path))
        assert answer.status_code in statuses.get(name, (401,)), name


def test_an_address_has_no_method_that_is_not_documented(server: RunningServer, document: dict[str, Any]) -> None:
    with client_of(server.url, server.token) as client:
        for path, methods in document["paths"].items():
            address = re.sub(r"\{\w+\}", "x", path)
            allowed = client.options(address).headers["allow"].split(", ")
            assert {method.lower() for method in allowed} - {"head"} == set(methods), path


def test_the_page_lists_every_operation(server: RunningServer, document: dict[str, Any]) -> None:
    page = ask("GET", f"{server.url}/docs").text
    for path in document["paths"]:
        assert f"<code>{path}</code>" in page

"""The published operation is served word for word, and with nothing added."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from haymow.wire import Model, UpdateModelRequest

PUBLISHED = json.loads((Path(__file__).parent / "fixtures" / "update-workspace-model.openapi.json").read_text())
PATH = "/api/v2/workspaces/{workspace_id}/models/custom/{model_id}"


def operation_of(openapi: dict[str, Any], path: str, method: str) -> Any:
    """An operation of an OpenAPI document with every `$ref` in it replaced by what it refers to."""
    return _resolved(openapi["paths"][path][method], openapi)


def _resolved(node: Any, document: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_resolved(item, document) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: _resolved(value, document) for key, value in node.items() if key not in ("$ref", "$defs")}
    if "$ref" in node:
        # In OpenAPI 3.1 what stands beside a $ref counts as well.
        found = {**_resolved(_target(node["$ref"], document), document), **found}
    return found


def _target(reference: str, document: dict[str, Any]) -> Any:
    target: Any = document
    for key in reference.removeprefix("#/").split("/"):
        target = target[key]
    return target


def _published_schema(part: str) -> Any:
    operation = operation_of(PUBLISHED, PATH, "patch")
    holder = operation["requestBody"] if part == "request" else operation["responses"]["200"]
    return holder["content"]["application/json"]["schema"]


def test_request_schema_is_the_published_one() -> None:
    schema = UpdateModelRequest.model_json_schema(mode="validation")
    assert _resolved(schema, schema) == _published_schema("request")


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_response_schema_is_the_published_one(mode: Any) -> None:
    schema = Model.model_json_schema(mode=mode)
    assert _resolved(schema, schema) == _published_schema("response")


def test_served_operation_is_the_published_one(server: Any) -> None:
    document = httpx.get(f"{server.url}/openapi.json").raise_for_status().json()
    assert operation_of(document, PATH, "patch") == operation_of(PUBLISHED, PATH, "patch")

"""The OpenAPI document, composed from the operations and their wire types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from haymow import __version__
from haymow.server.http.operations import Operation
from haymow.server.outside import PublicUrl

Schemas = Mapping[tuple[Any, JsonSchemaMode], dict[str, Any]]


def _id_parameter(name: str, title: str, description: str) -> dict[str, Any]:
    schema = {"description": description, "format": "uuid", "title": title, "type": "string"}
    return {"description": description, "in": "path", "name": name, "required": True, "schema": schema}


_PUBLISHED_PARAMETERS = {
    "model_id": _id_parameter("model_id", "Model Id", "The unique identifier of the model."),
    "workspace_id": _id_parameter("workspace_id", "Workspace Id", "Type the id of the workspace."),
}


_IDEMPOTENCY_KEY = {
    "description": "Names this request: sent again within 24 hours with the same body, it has the same answer and no "
    "further effect. With another body it is 422, while it is being answered 409 with Retry-After.",
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "title": "Idempotency Key"},
}


def document(operations: Iterable[Operation], public: PublicUrl | None = None) -> dict[str, Any]:
    """OpenAPI 3.1 for every operation, at a public address if there is one; refers to shared schemas by `$ref`."""
    listed = list(operations)
    schemas, components = _schemas(listed)
    paths: dict[str, dict[str, Any]] = {}
    for operation in listed:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "haymow", "version": __version__},
        **({"servers": [{"url": f"{public.origin}{public.prefix}"}]} if public else {}),
        "paths": paths,
        "components": {"schemas": components.get("$defs", {})},
    }


def _schemas(operations: Iterable[Operation]) -> tuple[Schemas, dict[str, Any]]:
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {}
    for operation in operations:
        if operation.body:
            wanted[operation.body, "validation"] = None
        if operation.answer:
            wanted[operation.answer, "serialization"] = None
    return models_json_schema(list(wanted), ref_template="#/components/schemas/{model}")


def _described(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {"summary": operation.summary, "description": operation.description}
    parameters = [*_path_parameters(operation.path), *_query_parameters(operation.query)]
    if operation.is_kept:
        parameters.append(_IDEMPOTENCY_KEY)
    if parameters:
        described["parameters"] = parameters
    if operation.body:
        described["requestBody"] = {"content": _json(schemas[operation.body, "validation"]), "required": True}
    described["responses"] = _responses(operation, schemas)
    return described


def _responses(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "Successful Response"}
    if operation.answer:
        success["content"] = _json(schemas[operation.answer, "serialization"])
    elif operation.media_type:
        success["content"] = {operation.media_type: {"schema": {"type": "string"}}}
    return {
        str(operation.status): success,
        **{str(status): {"description": text} for status, text in operation.errors.items()},
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = sorted(part[1:-1].partition(":")[0] for part in path.split("/") if part.startswith("{"))
    return [_PUBLISHED_PARAMETERS.get(name) or _path_parameter(name) for name in names]


def _path_parameter(name: str) -> dict[str, Any]:
    title = name.replace("_", " ").title()
    if name.endswith("_id"):
        return _id_parameter(name, title, f"The unique identifier of the {name[:-3].replace('_', ' ')}.")
    schema = {"type": "integer" if name == "revision" else "string", "title": title}
    return {"in": "path", "name": name, "required": True, "schema": schema}


def _query_parameters(query: type[BaseModel] | None) -> list[dict[str, Any]]:
    if query is None:
        return []
    schema = query.model_json_schema()
    required = schema.get("required", ())
    return [
        {"in": "query", "name": name, "required": name in required, "schema": field}
        for name, field in schema["properties"].items()
    ]

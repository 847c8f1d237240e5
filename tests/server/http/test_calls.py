"""A call: ids, queries, media types and bodies, as an endpoint asks for them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from starlette.requests import Request

from haymow.errors import Invalid, Malformed, PreconditionFailed, TooLarge, UnsupportedMedia
from haymow.server.http.calls import MOST_BODY_BYTES, Call
from haymow.wire.access import PutMember
from haymow.wire.audit import AuditQuery
from haymow.wire.registry import ModelListQuery, ModelStatesQuery

ID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"


def call(
    headers: dict[str, str] | None = None,
    query: str = "",
    ids: dict[str, str] | None = None,
    parts: Sequence[bytes] = (),
) -> Call[None]:
    """A call whose body arrives in these parts."""
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
    scope = {"type": "http", "method": "PATCH", "path": "/", "headers": raw, "query_string": query.encode(),
             "path_params": ids or {}}  # fmt: skip
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    return Call(Request(scope, receive), None)


def document(*parts: bytes) -> dict[str, object]:
    return asyncio.run(call(parts=parts).document())


def faults(error: Invalid) -> dict[str, str]:
    return {fault.pointer: fault.code for fault in error.faults}


@pytest.mark.parametrize("text", [ID, ID.upper()])
def test_an_id_is_a_uuid_with_hyphens(text: str) -> None:
    assert call(ids={"a": text}).id("a") == UUID(ID)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        ID[:-1],
        ID + "0",
        ID.replace("-", ""),
        "{" + ID + "}",
        f"urn:uuid:{ID}",
        f" {ID}"[:36],
        ID.replace("-", "_"),
        ID.replace("0a", "0\uff11"),
        ID.replace("4", "g"),
        "../" * 12,
        "%" * 36,
        "-" * 36,
    ],
)
def test_an_id_has_no_other_spelling(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        call(ids={"a": text}).id("a")
    assert faults(refused.value) == {"#/path/a": "malformed_id"}
    assert refused.value.code == "malformed_id"


def test_every_malformed_id_is_named_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        call(ids={"a": "x", "b": ID, "c": "y"}).ids("a", "b", "c")
    assert list(faults(refused.value)) == ["#/path/a", "#/path/c"]


def test_a_name_in_the_place_of_an_id_is_told_how_to_find_the_id() -> None:
    with pytest.raises(Invalid) as refused:
        call(ids={"workspace_id": "default", "model_id": "assistant"}).ids("workspace_id", "model_id")
    assert [fault.message for fault in refused.value.faults] == [
        "This must be a UUID. GET /api/v1/workspaces/NAME has that of a workspace.",
        "This must be a UUID. GET .../models?name=NAME has that of a model.",
    ]


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON", "application/json; charset=utf-8",
                                  'application/json;charset="UTF-8"', "application/json ; charset = utf8"])  # fmt: skip
def test_a_body_is_announced_as_json(kind: str) -> None:
    call({"content-type": kind}).require_json()


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/merge-patch+json",
        "application/json-patch+json",
        "application/jsonx",
        "application/json; charset=latin-1",
        "application/json; charset=utf-16",
        "text/json",
        "application/json, text/plain",
        "application/problem+json",
        "*/*",
        "application/json; q=1",
    ],
)
def test_other_media_types_are_refused_with_the_one_that_is_taken(kind: str) -> None:
    with pytest.raises(UnsupportedMedia) as refused:
        call({"content-type": kind} if kind else {}).require_json()
    assert refused.value.accept == ("accept-patch", "application/json")


def test_a_missing_media_type_is_refused() -> None:
    with pytest.raises(UnsupportedMedia):
        call().require_json()


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip", "x"])
def test_a_packed_body_is_refused(coding: str) -> None:
    with pytest.raises(UnsupportedMedia) as refused:
        call({"content-type": "application/json", "content-encoding": coding}).require_json()
    assert refused.value.accept == ("accept-encoding", "identity")


def test_a_body_may_come_in_parts() -> None:
    assert document(b'{"a"', b"", b': "\xc3', b'\xa9"}') == {"a": "\u00e9"}


def test_a_body_of_the_largest_size_is_read_and_one_byte_more_is_not() -> None:
    body = b'{"a": 1}'
    assert document(body, b" " * (MOST_BODY_BYTES - len(body))) == {"a": 1}
    with pytest.raises(TooLarge):
        document(body, b" " * (MOST_BODY_BYTES - len(body) + 1))


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"x"'])
def test_a_body_that_is_no_object_is_invalid(body: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        document(body)
    assert faults(refused.value) == {"#": "type"}


def test_a_body_that_is_no_json_is_malformed() -> None:
    with pytest.raises(Malformed):
        document(b"{")


def put_member(body: bytes, **headers: str) -> PutMember:
    sent = call({"content-type": "application/json", **headers}, parts=[body])
    return asyncio.run(sent.body(PutMember))


def test_unknown_fields_are_ignored_unless_the_call_is_strict() -> None:
    body = b'{"user_id": "%s", "role": "user", "surprise": 1}' % ID.encode()
    assert put_member(body).role == "user"
    with pytest.raises(Invalid) as refused:
        put_member(body, prefer="handling=strict")
    assert faults(refused.value) == {"#": "unknown_field"}


def test_every_fault_of_a_body_is_told_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        put_member(b'{"user_id": 5, "role": "owner", "surprise": 1}', prefer="handling=strict")
    assert faults(refused.value) == {"#/user_id": "type", "#/role": "not_allowed", "#": "unknown_field"}


@pytest.mark.parametrize(
    ("query", "pointer"),
    [("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("limit=1.5", "limit"), ("limit=1e2", "limit"),
     ("limit=" + "9" * 5000, "limit"), ("before=-1", "before"), ("before=9007199254740992", "before")],
)  # fmt: skip
def test_a_query_is_checked(query: str, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        call(query=query).query(AuditQuery)
    assert list(faults(refused.value)) == [f"#/query/{pointer}"]


def test_a_query_may_leave_out_and_leave_empty_and_add() -> None:
    assert call(query="limit=&before=&other=1").query(AuditQuery) == AuditQuery()
    assert call(query="limit=7&before=3").query(AuditQuery) == AuditQuery(limit=7, before=3)
    assert call(query="connected=true&include_shadowed=1").query(ModelListQuery).connected is True


def test_a_parameter_of_a_list_may_be_repeated_and_of_any_other_the_last_one_counts() -> None:
    other = ID.replace("0a", "0b")
    asked = call(query=f"model_id={ID}&x=1&model_id={other}").query(ModelStatesQuery)
    assert asked.model_id == [UUID(ID), UUID(other)]
    assert call(query=f"model_id={ID}").query(ModelStatesQuery).model_id == [UUID(ID)]
    assert call(query="limit=3&limit=7").query(AuditQuery).limit == 7


@pytest.mark.parametrize("query", ["sort=nonsense", "sort=-", "connected=maybe", "origin=workspace", "page_number=0"])
def test_a_query_of_models_is_checked(query: str) -> None:
    with pytest.raises(Invalid):
        call(query=query).query(ModelListQuery)


def test_if_match_is_asked_of_every_line() -> None:
    call().check_if_match('"1-a"')
    call({"if-match": '"0-x", "1-a"'}).check_if_match('"1-a"')
    with pytest.raises(PreconditionFailed):
        call({"if-match": '"2-a"'}).check_if_match('"1-a"')
    with pytest.raises(Malformed):
        call({"if-match": "1-a"}).check_if_match('"1-a"')

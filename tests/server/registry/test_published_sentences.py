"""PATCH of a workspace's model: its 404 and 422 say what the published operation says, whatever the reason."""

from __future__ import annotations

import httpx
import pytest

from tests.conftest import definition
from tests.server.access.people import somebody, unique
from tests.server.registry.shelf import GONE, INVALID, UNKNOWN, Shelf


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "a\\u0000b"}',
        b"[1]",
        b'"text"',
        b"null",
        b'{"name": 5}',
        b'{"name": ""}',
        b'{"name": "a\\n"}',
        b'{"provider": 1e999}',
        b'{"chat_generator_config": 3}',
        b'{"generation_kwargs": {"type": 3}}',
        b'{"generation_kwargs": ' + b"[" * 100 + b"]" * 100 + b"}",
        b'{"name": "' + b"x" * 70_000 + b'"}',
    ],
)
def test_every_422_is_one_sentence(shelf: Shelf, body: bytes) -> None:
    model = shelf.made(definition(unique("m")))
    url, headers = f"{shelf.custom}/{model['model_id']}", {"content-type": "application/json"}
    refused = shelf.client.patch(url, content=body, headers=headers)
    assert (refused.status_code, refused.json()["message"]) == (422, INVALID)
    assert refused.json()["details"]


@pytest.mark.parametrize("path", [f"not-an-id/models/custom/{UNKNOWN}", f"{UNKNOWN}/models/custom/not-an-id"])
def test_a_malformed_id_is_that_422_too(admin: httpx.Client, path: str) -> None:
    refused = admin.patch(f"/api/v2/workspaces/{path}", json={"name": "n"})
    assert (refused.status_code, refused.json()["message"]) == (422, INVALID)


def test_every_404_is_one_sentence(shelf: Shelf, admin: httpx.Client) -> None:
    model = shelf.made(definition(unique("m")))
    stranger = somebody(admin)
    with stranger.client as client:
        answers = [
            shelf.patch(UNKNOWN, {"name": "n"}),
            Shelf(admin, f"/api/v2/workspaces/{UNKNOWN}").patch(model["model_id"], {"name": "n"}),
            Shelf(client, shelf.prefix).patch(model["model_id"], {"name": "n"}),
        ]
    assert {(answer.status_code, answer.json()["message"]) for answer in answers} == {(404, GONE)}
    assert {answer.json()["code"] for answer in answers} == {"model_not_found"}


def test_a_fault_keeps_its_pointer_and_its_code(shelf: Shelf) -> None:
    model = shelf.made(definition(unique("m")))
    (fault,) = shelf.patch(model["model_id"], {"name": "a\0b"}).json()["details"]
    assert (fault["pointer"], fault["code"]) == ("#/name", "null_character")

"""Chats through the whole server: their size, what their tools name, and the shape of every refusal below openai/v1."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.abuse.sink import Sink
from tests.server.access.people import unique
from tests.server.registry.shelf import UNKNOWN, Shelf

MIB = 1024 * 1024
JSON = {"content-type": "application/json"}


@pytest.fixture
def mock(shelf: Shelf) -> str:
    """The name of a model that answers by itself."""
    config = {"type": "MockChatGenerator", "init_parameters": {}}
    body = {"name": unique("m"), "provider": "mock", "chat_generator_config": config}
    return str(shelf.made(body)["name"])


def path(shelf: Shelf) -> str:
    return f"{shelf.prefix}/openai/v1/chat/completions"


def chat(shelf: Shelf, model: str, content: Any = "hi", **more: Any) -> httpx.Response:
    asked = {"model": model, "messages": [{"role": "user", "content": content}], **more}
    return shelf.client.post(path(shelf), json=asked)


def openai_error(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Check that this is an error as OpenAI's SDKs read it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.json().keys() == {"error"}
    error: dict[str, Any] = answer.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    return error


class TestSize:
    def test_a_message_of_a_megabyte_is_answered(self, shelf: Shelf, mock: str) -> None:
        answer = chat(shelf, mock, "x" * MIB)
        assert answer.status_code == 200, answer.text
        assert answer.json()["choices"][0]["message"]["content"]

    def test_an_image_in_a_data_address_may_be_as_long(self, shelf: Shelf, mock: str) -> None:
        image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "iVBORw0KGgo=" + "A" * MIB}}
        answer = chat(shelf, mock, [{"type": "text", "text": "What is this?"}, image])
        assert answer.status_code in (200, 400), answer.text
        assert "longer" not in answer.text
        assert "too long" not in answer.text

    def test_beyond_sixteen_mebibytes_is_413(self, shelf: Shelf, mock: str) -> None:
        openai_error(chat(shelf, mock, "x" * (16 * MIB)), 413)

    def test_unannounced_too(self, shelf: Shelf) -> None:
        parts = (b"x" * MIB for _ in range(17))
        openai_error(shelf.client.post(path(shelf), content=parts, headers=JSON), 413)

    def test_what_is_stored_is_held_to_its_own_bounds(self, shelf: Shelf) -> None:
        refused = shelf.client.post(shelf.custom, json={"name": "x" * 70_000})
        assert {fault["code"] for fault in refused.json()["details"]} >= {"string_too_long"}
        assert shelf.client.post(shelf.custom, content=b"x" * (MIB + 1), headers=JSON).status_code == 413


@pytest.mark.parametrize("scheme", ["http", "file", "https"])
@pytest.mark.parametrize("keyword", ["$schema", "$ref", "$id"])
def test_nothing_that_a_tools_schema_names_is_fetched(shelf: Shelf, mock: str, scheme: str, keyword: str) -> None:
    with Sink() as sink:
        where = "file:///etc/passwd" if scheme == "file" else f"{scheme}://127.0.0.1:{sink.port}/x"
        for parameters in ({keyword: where}, {"type": "object", "properties": {"a": {keyword: where}}}):
            tool = {"type": "function", "function": {"name": "f", "parameters": parameters}}
            answer = chat(shelf, mock, tools=[tool])
            assert answer.status_code == 200 or 400 <= answer.status_code < 500, answer.text
        assert not sink.was_reached


class TestShape:
    def test_a_method_that_is_not_allowed(self, shelf: Shelf) -> None:
        answer = shelf.client.get(path(shelf))
        assert openai_error(answer, 405)["code"] == "method_not_allowed"
        assert answer.headers["allow"] == "POST"

    def test_a_body_that_is_no_json(self, shelf: Shelf) -> None:
        openai_error(shelf.client.post(path(shelf), content=b"{", headers=JSON), 400)

    def test_a_media_type_that_is_none(self, shelf: Shelf) -> None:
        openai_error(shelf.client.post(path(shelf), content=b"{}", headers={"content-type": "text/plain"}), 415)

    def test_a_token_that_is_none(self, shelf: Shelf) -> None:
        answer = shelf.client.post(path(shelf), json={}, headers={"authorization": "Bearer nobody"})
        assert openai_error(answer, 401)["code"] == "invalid_api_key"

    def test_a_workspace_that_is_none(self, shelf: Shelf, mock: str) -> None:
        openai_error(chat(Shelf(shelf.client, f"/api/v2/workspaces/{UNKNOWN}"), mock), 404)

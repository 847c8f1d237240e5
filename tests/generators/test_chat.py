from __future__ import annotations

from typing import Any

import pytest
from haystack.dataclasses import ChatMessage, ChatRole, ImageContent, TextContent

from haymow.errors import Invalid
from haymow.generators.live.chat import MOST_TOOLS, messages_from, plain_messages, tools_from

CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Rome"}'}}
REMOTE_IMAGE = {"type": "image_url", "image_url": {"url": "https://x/y.png"}}
ASKED = {"role": "assistant", "content": None, "tool_calls": [CALL]}


def pointers(messages: list[Any]) -> list[str]:
    with pytest.raises(Invalid) as refused:
        messages_from(messages)
    return [fault.pointer for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("system", ChatRole.SYSTEM),
        ("developer", ChatRole.SYSTEM),
        ("user", ChatRole.USER),
        ("assistant", ChatRole.ASSISTANT),
    ],
)
def test_roles_and_texts_are_kept(role: str, expected: ChatRole) -> None:
    [message] = messages_from([{"role": role, "content": "Moo"}])
    assert (message.role, message.text) == (expected, "Moo")


def test_text_parts_and_images_are_kept() -> None:
    pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{pixel}"}}
    [message] = messages_from([{"role": "user", "content": [{"type": "text", "text": "See:"}, image]}])
    assert [type(part) for part in message._content] == [TextContent, ImageContent]


def test_a_tools_result_has_the_name_of_the_tool_that_was_called() -> None:
    result = {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}
    *_, message = messages_from([{"role": "user", "content": "?"}, ASKED, result])
    assert message.tool_call_result is not None
    assert (message.tool_call_result.origin.tool_name, message.tool_call_result.result) == ("weather", "sunny")


def test_a_tools_result_may_come_in_parts() -> None:
    result = {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "sunny"}]}
    *_, message = messages_from([ASKED, result])
    assert message.to_openai_dict_format()["content"] == [{"type": "text", "text": "sunny"}]


def test_plain_messages_are_a_role_and_a_text_in_this_order() -> None:
    messages = [{"content": f"As {role}", "role": role} for role in ("system", "user", "assistant")]
    plain = plain_messages(messages)
    assert plain == messages and [list(message) for message in plain] == [["role", "content"]] * 3


@pytest.mark.parametrize(
    "message",
    [
        "Hello",
        {"role": "user"},
        {"role": ["user"], "content": "Hello"},
        {"role": "developer", "content": "Hello"},  # Haystack calls it system
        {"role": "tool", "content": "Hello"},
        {"role": "user", "content": ""},
        {"role": "assistant", "content": None},
        {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
        {"role": "user", "text": "Hello"},
        {"role": "user", "content": "Hello", "name": "Ada"},
        {"role": "assistant", "content": "Hello", "refusal": "No"},
    ],
)
def test_one_other_message_and_none_is_plain(message: object) -> None:
    assert plain_messages([{"role": "user", "content": "Hello"}, message]) is None


def test_what_comes_in_goes_out_as_it_was() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Weather?", "name": "ada"},
        {"role": "assistant", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
    ]
    assert [message.to_openai_dict_format() for message in messages_from(messages)] == messages


@pytest.mark.parametrize(
    ("message", "place"),
    [
        ("Hello", ""),
        ({"content": "x"}, "/role"),
        ({"role": "wizard", "content": "x"}, "/role"),
        ({"role": ["user"], "content": "x"}, "/role"),
        ({"role": "user", "content": "x", "name": 5}, "/name"),
        ({"role": "user"}, "/content"),
        ({"role": "user", "content": 5}, "/content"),
        ({"role": "user", "content": {"type": "text"}}, "/content"),
        ({"role": "user", "content": [{"type": "text"}]}, "/content/0"),
        ({"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "input_audio"}]}, "/content/1"),
        ({"role": "user", "content": [REMOTE_IMAGE]}, "/content/0/image_url"),
        ({"role": "user", "content": [{**REMOTE_IMAGE, "image_url": "https://x/y.png"}]}, "/content/0"),
        ({"role": "system", "content": [{"type": "image_url"}]}, "/content"),
        ({"role": "system", "content": []}, "/content"),
        ({"role": "assistant"}, "/content"),
        ({"role": "assistant", "tool_calls": "x"}, "/tool_calls"),
        ({"role": "assistant", "tool_calls": [{"id": "a"}]}, "/tool_calls"),
        ({"role": "assistant", "tool_calls": [{**CALL, "id": None}]}, "/tool_calls"),
        ({"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "f", "arguments": "{"}}]}, "/tool_calls"),
        ({"role": "tool", "content": "x"}, "/tool_call_id"),
        ({"role": "tool", "content": "x", "tool_call_id": "call_9"}, "/tool_call_id"),
    ],
)  # fmt: skip
def test_a_fault_is_pointed_at(message: object, place: str) -> None:
    assert pointers([{"role": "user", "content": "x"}, message]) == [f"#/messages/1{place}"]


def test_every_fault_is_named_at_once_and_nothing_is_repeated() -> None:
    with pytest.raises(Invalid) as refused:
        messages_from([{"role": "hunter2"}, {"role": "user", "content": [{"type": "hunter2"}]}])
    assert [fault.pointer for fault in refused.value.faults] == ["#/messages/0/role", "#/messages/1/content/0"]
    assert "hunter2" not in repr(refused.value.faults) + refused.value.message


def test_a_tool_is_described_to_the_generator() -> None:
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}}
    [tool] = tools_from([{"type": "function", "function": {"name": "weather", "parameters": parameters}}])
    assert tool.tool_spec == {"name": "weather", "description": "", "parameters": parameters}


@pytest.mark.parametrize(
    "tool",
    [
        "weather",
        {"type": "custom", "custom": {"name": "x"}},
        {"type": "function"},
        {"type": "function", "function": {"name": ""}},
        {"type": "function", "function": {"name": "f", "description": 5}},
        {"type": "function", "function": {"name": "f", "parameters": {"type": "wizard"}}},
    ],
)
def test_what_is_no_function_tool_is_refused(tool: object) -> None:
    with pytest.raises(Invalid) as refused:
        tools_from([tool])
    assert [fault.pointer for fault in refused.value.faults] == ["#/tools/0"]


def test_the_number_of_tools_is_bounded() -> None:
    tool = {"type": "function", "function": {"name": "f"}}
    with pytest.raises(Invalid):
        tools_from([tool] * (MOST_TOOLS + 1))


def test_messages_are_haystacks_own() -> None:
    assert isinstance(messages_from([{"role": "user", "content": "x"}])[0], ChatMessage)

"""Messages and tools as OpenAI's clients write them, made into Haystack's.

Shapes follow OpenAI's API reference for chat completions. What cannot be sent is refused with the pointer of every
fault. The way back is in `replies.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from haymow.errors import Fault, Invalid
from haymow.generators.live.replies import TWO_IDS
from haymow.generators.parameters.schema_faults import is_schema

if TYPE_CHECKING:
    from haystack.dataclasses import ChatMessage, ToolCall
    from haystack.tools.tool import Tool

Json = dict[str, Any]

MOST_TOOLS: Final = 128

_REFUSED: Final = "The chat cannot be sent as it is."
_NO_TOOL: Final = "A tool has the type `function`, and a `function` with a `name` and a JSON Schema as `parameters`."
_ROLES: Final = ("system", "developer", "user", "assistant", "tool")
_PLAIN_ROLES: Final = ("system", "user", "assistant")
_FINISH_REASONS: Final = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"})

# --- messages in ---


def plain_messages(messages: Sequence[object]) -> list[Json] | None:
    """The messages themselves, when each is a role and a text and nothing else, as most chats are; else None."""
    plain: list[Json] = []
    for message in messages:
        if not isinstance(message, dict) or len(message) != 2:
            return None
        role, content = message.get("role"), message.get("content")
        if role not in _PLAIN_ROLES or not isinstance(content, str) or not content:
            return None
        plain.append({"role": role, "content": content})
    return plain


def messages_from(messages: Sequence[object]) -> list[ChatMessage]:
    """Haystack's messages for OpenAI's. Raises Invalid; pointers begin with `#/messages`."""
    converted: list[ChatMessage] = []
    faults: list[Fault] = []
    calls: dict[str, str] = {}
    for index, message in enumerate(messages):
        try:
            converted.append(_message_from(message, calls))
        except _Refused as refused:
            faults.append(Fault(f"#/messages/{index}{refused.place}", "invalid_message", refused.message))
    if faults:
        raise Invalid(_REFUSED, faults)
    return converted


class _Refused(ValueError):
    """A message that cannot be sent; `place` is the pointer of the fault within it."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message


def _message_from(message: object, calls: dict[str, str]) -> ChatMessage:
    """Convert one message; `calls` are the names of the tool calls so far by their ids, and gains this message's."""
    from haystack.dataclasses import ChatMessage  # noqa: PLC0415 - heavy: loaded with the first generator

    if not isinstance(message, dict):
        raise _Refused("", "A message is an object with `role` and `content`.")
    if message.get("role") not in _ROLES:
        raise _Refused("/role", f"The role is one of {', '.join(_ROLES)}.")
    if not isinstance(message.get("name"), str | None):
        raise _Refused("/name", "The name is a string.")
    if message["role"] == "tool":
        return _tool_result_from(message, calls)
    if message["role"] == "assistant":
        calls.update(_calls_of(message))
    try:
        return _with_both_ids(ChatMessage.from_openai_dict_format(message))
    except (ValueError, TypeError, KeyError, AttributeError):
        pass  # its words repeat the message
    raise _Refused(*_content_fault(message))


def _calls_of(message: Json) -> dict[str, str]:
    calls = message.get("tool_calls") or []
    try:
        names = {call["id"]: call["function"]["name"] for call in calls}
    except (TypeError, KeyError):
        names = {None: None}
    if not all(isinstance(text, str) for pair in names.items() for text in pair):
        raise _Refused("/tool_calls", "A tool call has an `id` and a `function` with `name` and `arguments`.")
    return names


def _tool_result_from(message: Json, calls: Mapping[str, str]) -> ChatMessage:
    from haystack.dataclasses import ChatMessage, TextContent, ToolCall  # noqa: PLC0415 - heavy, as above

    call_id = message.get("tool_call_id")
    if not isinstance(call_id, str) or call_id not in calls:
        raise _Refused("/tool_call_id", "This is not the id of a tool call of an earlier assistant message.")
    content = message.get("content")
    if isinstance(content, list) and content and all(_is_text_part(part) for part in content):
        content = [TextContent(text=part["text"]) for part in content]
    elif not isinstance(content, str):
        raise _Refused("/content", "The content of a tool's result is a string or a list of text parts.")
    # The format names the call by its id alone, while some providers want the tool's name with the result.
    origin = ToolCall(id=call_id, tool_name=calls[call_id], arguments={})
    return ChatMessage.from_tool(content, origin=_told_apart(origin))


def _with_both_ids(message: ChatMessage) -> ChatMessage:
    if not any(TWO_IDS in (call.id or "") for call in message.tool_calls):
        return message
    parts = [_told_apart(part) if part in message.tool_calls else part for part in message._content]
    return replace(message, _content=parts)


def _told_apart(call: ToolCall) -> ToolCall:
    """A call with the two ids that `replies.py` joined, or as it is."""
    other, joined, own = (call.id or "").partition(TWO_IDS)
    return replace(call, id=own, extra={"call_id": other}) if joined else call


def _is_text_part(part: object) -> bool:
    return isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)


def _content_fault(message: Json) -> tuple[str, str]:
    """Where in a message of a known role the fault lies, and what to do about it."""
    if message["role"] == "assistant":
        if message.get("tool_calls"):
            return "/tool_calls", "The `arguments` of a tool call are JSON text."
        return "/content", "An assistant message has `content` (text or text parts), `refusal` or `tool_calls`."
    if message["role"] != "user":
        return "/content", "The content here is text that is not empty, or a list of text parts."
    content = message.get("content")
    for index, part in enumerate(content if isinstance(content, list) else ()):
        if _is_remote_image(part):
            return f"/content/{index}/image_url", "Send images as data: URLs in base64; haymow fetches none."
        if not _is_text_part(part):
            return f"/content/{index}", "A content part here is of type text, image_url or file (with file_data)."
    return "/content", "The content is text that is not empty, or a list of text, image_url and file parts."


def _is_remote_image(part: object) -> bool:
    image = part.get("image_url") if isinstance(part, dict) else None
    return isinstance(image, dict) and not str(image.get("url")).startswith("data:")


# --- tools in ---


def tools_from(tools: Sequence[object]) -> list[Tool]:
    """Haystack's tools for OpenAI's function tools, which the caller runs. Raises Invalid; pointers begin `#/tools`."""
    if len(tools) > MOST_TOOLS:
        raise Invalid(_REFUSED, [Fault("#/tools", "too_many", f"At most {MOST_TOOLS} tools can be offered.")])
    faults = [
        Fault(f"#/tools/{index}", "invalid_tool", _NO_TOOL)
        for index, tool in enumerate(tools)
        if not _is_function(tool)
    ]
    if faults:
        raise Invalid(_REFUSED, faults)
    return [_tool_from(tool["function"]) for tool in tools if isinstance(tool, dict)]


def _is_function(tool: object) -> bool:
    function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str) or not function["name"]:
        return False
    if not isinstance(function.get("description", ""), str):
        return False
    parameters = function.get("parameters", {})
    return isinstance(parameters, dict) and is_schema(parameters)


def _tool_from(function: Json) -> Tool:
    parameters = function.get("parameters") or {"type": "object", "properties": {}}
    tool: Tool = _offered_tool()(
        name=function["name"], description=function.get("description", ""), parameters=parameters, function=_not_here
    )
    return tool


@cache
def _offered_tool() -> type[Tool]:
    """A Tool that is only described; Haystack's own checks take milliseconds for each and are done above."""
    from haystack.tools.tool import Tool  # noqa: PLC0415 - heavy, as above

    class OfferedTool(Tool):
        def __post_init__(self) -> None:
            pass

    return OfferedTool


def _not_here(**_: object) -> str:
    raise NotImplementedError("Tools run at the caller's.")

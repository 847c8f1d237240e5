"""What a generator replies, as OpenAI's clients read it: whole, and in chunks.

Shapes follow OpenAI's API reference for chat completions. Whatever a provider leaves out or numbers its own way, what
leaves here has a role first, tool calls counted from 0, and one finish reason at the end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from haystack.dataclasses import ChatMessage, StreamingChunk, ToolCall, ToolCallDelta

Json = dict[str, Any]

_FINISH_REASONS: Final = frozenset({"stop", "length", "tool_calls", "content_filter"})


@dataclass(frozen=True, slots=True)
class Heading:
    """What every part of an answer repeats: `created` is in seconds since 1970, `model` is the name callers use."""

    id: str
    created: int
    model: str


def completion(heading: Heading, replies: Sequence[ChatMessage]) -> Json:
    """A `chat.completion` with a choice for each reply."""
    answer: Json = {
        "id": heading.id,
        "object": "chat.completion",
        "created": heading.created,
        "model": heading.model,
        "choices": [_choice(index, reply) for index, reply in enumerate(replies)],
    }
    usage = _usage(replies)
    return answer if usage is None else {**answer, "usage": usage}


def say_nothing(replies: Sequence[ChatMessage]) -> bool:
    """Whether there is neither content nor a reason for its lack: what came was no chat completion."""
    return not any(reply.text or reply.tool_calls or reply.meta.get("finish_reason") for reply in replies)


@dataclass(slots=True)
class Chunks:
    """Makes the `chat.completion.chunk`s of one answer; with `usage` they end with the tokens used, when known."""

    heading: Heading
    usage: bool = False
    ended: bool = False
    _begun: bool = False
    _calls: dict[int, int] = field(default_factory=dict)

    def of(self, part: StreamingChunk) -> list[Json]:
        """The chunks that a part of the stream is worth: the role with the first, none for what says nothing new."""
        chunks = self._beginning()
        delta = self._delta(part)
        if delta:
            chunks.append(self._chunk(delta, logprobs=part.meta.get("logprobs")))
        return chunks

    def ending(self, replies: Sequence[ChatMessage]) -> list[Json]:
        """The last chunks, when the generator is done; all of the answer when it did not stream."""
        self.ended = True
        streamed = self._begun
        chunks = self._beginning()
        reply = replies[0] if replies else None
        if reply is not None and not streamed:
            chunks.append(self._chunk(_counted(_whole(reply))))
        chunks.append(self._chunk({}, finish_reason=_finish_reason(reply)))
        usage = _usage(replies) if self.usage else None
        if usage is not None:
            chunks.append({**self._chunk({}), "choices": [], "usage": usage})
        return chunks

    def _beginning(self) -> list[Json]:
        if self._begun:
            return []
        self._begun = True
        return [self._chunk({"role": "assistant", "content": ""})]

    def _delta(self, part: StreamingChunk) -> Json:
        delta: Json = {}
        if part.content:
            delta["content"] = part.content
        if part.reasoning is not None:
            delta["reasoning_content"] = part.reasoning.reasoning_text
        if part.tool_calls:
            delta["tool_calls"] = [self._call_delta(call) for call in part.tool_calls]
        return delta

    def _call_delta(self, call: ToolCallDelta) -> Json:
        index = self._calls.get(call.index)
        if index is not None:
            return {"index": index, "function": {"arguments": call.arguments or ""}}
        index = self._calls[call.index] = len(self._calls)
        function = {"name": call.tool_name or "", "arguments": call.arguments or ""}
        return {"index": index, "id": call.id or "", "type": "function", "function": function}

    def _chunk(self, delta: Json, finish_reason: str | None = None, logprobs: Any = None) -> Json:
        chunk: Json = {
            "id": self.heading.id,
            "object": "chat.completion.chunk",
            "created": self.heading.created,
            "model": self.heading.model,
            "choices": [{"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}],
        }
        return {**chunk, "usage": None} if self.usage else chunk


def _choice(index: int, reply: ChatMessage) -> Json:
    return {
        "index": index,
        "message": {"role": "assistant", "content": reply.text, "refusal": None, **_whole(reply)},
        "logprobs": reply.meta.get("logprobs"),
        "finish_reason": _finish_reason(reply),
    }


def _whole(reply: ChatMessage) -> Json:
    """What a reply says, without what it leaves out."""
    said: Json = {}
    if reply.text is not None:
        said["content"] = reply.text
    if reply.reasoning is not None:
        said["reasoning_content"] = reply.reasoning.reasoning_text
    if reply.tool_calls:
        said["tool_calls"] = [_call(call) for call in reply.tool_calls]
    return said


def _counted(said: Json) -> Json:
    """As the one delta of a stream, in which tool calls have an index."""
    if "tool_calls" not in said:
        return said
    return {**said, "tool_calls": [{"index": index, **call} for index, call in enumerate(said["tool_calls"])]}


def _call(call: ToolCall) -> Json:
    function = {"name": call.tool_name, "arguments": json.dumps(call.arguments, ensure_ascii=False)}
    return {"id": call.id or "", "type": "function", "function": function}


def _finish_reason(reply: ChatMessage | None) -> str:
    """OpenAI's word for why a reply ended; the nearest one where a provider has words of its own."""
    if reply is None:
        return "stop"
    reason = reply.meta.get("finish_reason")
    if reason in _FINISH_REASONS:
        return str(reason)
    return "tool_calls" if reply.tool_calls else "stop"


def _usage(replies: Sequence[ChatMessage]) -> Json | None:
    """The tokens a generator says it used, under OpenAI's names; None when it says nothing."""
    usage = next((reply.meta["usage"] for reply in replies if reply.meta.get("usage")), None)
    if not isinstance(usage, Mapping):
        return None
    known = {key: value for key, value in usage.items() if value is not None}
    counts = {"prompt_tokens": 0, "completion_tokens": 0, **known}
    return {"total_tokens": counts["prompt_tokens"] + counts["completion_tokens"], **counts}

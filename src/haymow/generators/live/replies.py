"""What a generator replies, as OpenAI's clients read it: whole, and in chunks.

Shapes follow OpenAI's API reference for chat completions. Whatever a provider leaves out or numbers its own way, what
leaves here has a role first, tool calls counted from 0, each with an id and JSON as its arguments, and one finish
reason at the end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from haystack.dataclasses import ChatMessage, StreamingChunk, ToolCall, ToolCallDelta

Json = dict[str, Any]

TWO_IDS: Final = "|"
"""Joins the two ids that a call has in OpenAI's Responses; `chat.py` takes them apart when its result comes back."""

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
        "choices": [_choice(heading, index, reply) for index, reply in enumerate(replies)],
    }
    usage = usage_of(replies)
    return answer if usage is None else {**answer, "usage": usage}


def say_nothing(replies: Sequence[ChatMessage]) -> bool:
    """Whether there is neither content nor a reason for its lack: what came was no chat completion."""
    return not any(reply.text or reply.tool_calls or reply.meta.get("finish_reason") for reply in replies)


@dataclass(slots=True)
class _Call:
    """A tool call that is being streamed: its place, the provider's id, and its arguments so far."""

    index: int
    id: str | None
    arguments: str = ""

    def is_another(self, delta: ToolCallDelta) -> bool:
        """Whether a delta at the same place begins another call: some providers count anew in every part."""
        if not delta.tool_name or (delta.id is not None and delta.id == self.id):
            return False
        return not self.arguments or _is_json(self.arguments)


@dataclass(slots=True)
class Chunks:
    """Makes the `chat.completion.chunk`s of one answer; with `usage` they end with the tokens used, when known."""

    heading: Heading
    usage: bool = False
    ended: bool = False
    _begun: bool = False
    _calls: list[_Call] = field(default_factory=list)
    _places: dict[int, _Call] = field(default_factory=dict)

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
            chunks.append(self._chunk(_counted(_whole(self.heading, reply))))
        chunks += [self._chunk({"tool_calls": [_more(call, "{}")]}) for call in self._calls if not call.arguments]
        chunks.append(self._chunk({}, finish_reason=_finish_reason(reply)))
        usage = usage_of(replies) if self.usage else None
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

    def _call_delta(self, delta: ToolCallDelta) -> Json:
        call = self._places.get(delta.index)
        if call is not None and not call.is_another(delta):
            call.arguments += delta.arguments or ""
            return _more(call, delta.arguments or "")
        call = self._places[delta.index] = _Call(len(self._calls), delta.id, delta.arguments or "")
        self._calls.append(call)
        function = {"name": delta.tool_name or "", "arguments": call.arguments}
        return {
            "index": call.index,
            "id": _id(self.heading, call.index, delta),
            "type": "function",
            "function": function,
        }

    def _chunk(self, delta: Json, finish_reason: str | None = None, logprobs: Any = None) -> Json:
        chunk: Json = {
            "id": self.heading.id,
            "object": "chat.completion.chunk",
            "created": self.heading.created,
            "model": self.heading.model,
            "choices": [{"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}],
        }
        return {**chunk, "usage": None} if self.usage else chunk


def _choice(heading: Heading, index: int, reply: ChatMessage) -> Json:
    return {
        "index": index,
        "message": {"role": "assistant", "content": reply.text, "refusal": None, **_whole(heading, reply)},
        "logprobs": reply.meta.get("logprobs"),
        "finish_reason": _finish_reason(reply),
    }


def _whole(heading: Heading, reply: ChatMessage) -> Json:
    """What a reply says, without what it leaves out."""
    said: Json = {}
    if reply.text is not None:
        said["content"] = reply.text
    if reply.reasoning is not None:
        said["reasoning_content"] = reply.reasoning.reasoning_text
    if reply.tool_calls:
        said["tool_calls"] = [_call(heading, index, call) for index, call in enumerate(reply.tool_calls)]
    return said


def _counted(said: Json) -> Json:
    """As the one delta of a stream, in which tool calls have an index."""
    if "tool_calls" not in said:
        return said
    return {**said, "tool_calls": [{"index": index, **call} for index, call in enumerate(said["tool_calls"])]}


def _call(heading: Heading, index: int, call: ToolCall) -> Json:
    function = {"name": call.tool_name, "arguments": json.dumps(call.arguments, ensure_ascii=False)}
    return {"id": _id(heading, index, call), "type": "function", "function": function}


def _more(call: _Call, arguments: str) -> Json:
    return {"index": call.index, "function": {"arguments": arguments}}


def _id(heading: Heading, index: int, call: ToolCall | ToolCallDelta) -> str:
    """The id a call's result comes back with; made up where the provider has none, for it tells calls apart."""
    other = (call.extra or {}).get("call_id")
    if other and call.id and other != call.id:
        return f"{other}{TWO_IDS}{call.id}"
    return call.id or f"call_{heading.id.rpartition('-')[2]}_{index}"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _finish_reason(reply: ChatMessage | None) -> str:
    """OpenAI's word for why a reply ended; the nearest one where a provider has words of its own."""
    if reply is None:
        return "stop"
    reason = reply.meta.get("finish_reason")
    if reason in _FINISH_REASONS and reason != "stop":
        return str(reason)
    return "tool_calls" if reply.tool_calls else "stop"  # Ollama says "stop" either way


# --- tokens ---


def usage_of(replies: Sequence[ChatMessage]) -> Json | None:
    """The tokens a generator says it used, under OpenAI's names; None when it says nothing."""
    usage = next((reply.meta["usage"] for reply in replies if reply.meta.get("usage")), None)
    return _in_openais_words(usage) if isinstance(usage, Mapping) else None


def _in_openais_words(usage: Mapping[str, Any]) -> Json:
    """Other names, and what OpenAI counts in: a prompt with what of it was cached, a completion with its reasoning."""
    read, written = _first(usage, "prompt_tokens", "input_tokens"), _first(usage, "completion_tokens", "output_tokens")
    if "cache_write_input_tokens" in usage:  # Bedrock's; Anthropic's generator adds them itself
        read += _first(usage, "cache_read_input_tokens") + _first(usage, "cache_write_input_tokens")
    written += _first(usage, "thoughts_token_count")
    details = {
        "prompt_tokens_details": _details(usage, ("prompt_tokens_details", "input_tokens_details"), _CACHED),
        "completion_tokens_details": _details(
            usage, ("completion_tokens_details", "output_tokens_details"), _REASONING
        ),
    }
    counts = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return {**counts, **{name: found for name, found in details.items() if found}}


_CACHED: Final = ("cached_tokens", ("cache_read_input_tokens", "cached_content_token_count"))
_REASONING: Final = ("reasoning_tokens", ("thoughts_token_count",))


def _details(usage: Mapping[str, Any], names: tuple[str, ...], single: tuple[str, tuple[str, ...]]) -> Json:
    found: Mapping[str, Any] = next((usage[name] for name in names if isinstance(usage.get(name), Mapping)), {})
    count = _first(usage, *single[1])
    said = {name: value for name, value in found.items() if value is not None}
    return {single[0]: count, **said} if count else said


def _first(usage: Mapping[str, Any], *names: str) -> int:
    """A count, which some providers give as 9.0, or as null."""
    return int(next((usage[name] for name in names if usage.get(name)), 0))

import type { Chunk, Delta, ToolCallPiece, Usage } from "../../api/chat-stream";

/** What a model has said so far, and when, in milliseconds of one clock. */
export interface Answer {
  text: string;
  thoughts: string;
  refusal: string;
  toolCalls: ToolCall[];
  finishReason: string | null;
  usage: Usage | null;
  askedAt: number;
  firstAt: number | null;
  lastAt: number | null;
  endedAt: number | null;
}

export interface ToolCall {
  /** The provider's number for it: some begin at 1, some leave numbers out. */
  index: number;
  id: string;
  name: string;
  arguments: string;
}

export function beginAnswer(now: number): Answer {
  return {
    text: "",
    thoughts: "",
    refusal: "",
    toolCalls: [],
    finishReason: null,
    usage: null,
    askedAt: now,
    firstAt: null,
    lastAt: null,
    endedAt: null,
  };
}

/** The answer with a chunk more. Of several choices the first alone is followed. */
export function withChunk(answer: Answer, chunk: Chunk, now: number): Answer {
  const choice = chunk.choices?.find((one) => one.index === 0);
  const delta = choice?.delta ?? {};
  return {
    ...answer,
    ...(says(delta) ? { firstAt: answer.firstAt ?? now, lastAt: now } : {}),
    text: answer.text + (delta.content ?? ""),
    thoughts: answer.thoughts + (delta.reasoning_content ?? delta.reasoning ?? ""),
    refusal: answer.refusal + (delta.refusal ?? ""),
    toolCalls: (delta.tool_calls ?? []).reduce(withToolCall, answer.toolCalls),
    finishReason: choice?.finish_reason ?? answer.finishReason,
    usage: chunk.usage ?? answer.usage,
  };
}

export function endAnswer(answer: Answer, now: number): Answer {
  return { ...answer, endedAt: now };
}

/** A first chunk that only names the role says nothing yet. */
function says(delta: Delta): boolean {
  return Boolean(
    delta.content || delta.reasoning_content || delta.reasoning || delta.refusal || delta.tool_calls?.length,
  );
}

/** A call comes in pieces: its name first, then its arguments, all under one index. */
function withToolCall(calls: ToolCall[], piece: ToolCallPiece): ToolCall[] {
  const { index } = piece;
  const before = calls.find((one) => one.index === index) ?? { index, id: "", name: "", arguments: "" };
  const after = {
    index,
    id: before.id || (piece.id ?? ""),
    name: before.name + (piece.function?.name ?? ""),
    arguments: before.arguments + (piece.function?.arguments ?? ""),
  };
  return calls.includes(before) ? calls.map((one) => (one === before ? after : one)) : [...calls, after];
}

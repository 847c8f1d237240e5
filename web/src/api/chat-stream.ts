import { EventSourceParserStream } from "eventsource-parser/stream";
import { Problem, problemOf } from "./problem";

/** A piece of a streamed answer: of OpenAI's chunk, what is read here. */
export interface Chunk {
  choices?: { index: number; delta?: Delta; finish_reason?: string | null }[];
  usage?: Usage | null;
}

/** What a chunk adds. Providers call the thoughts of a model one or the other. */
export interface Delta {
  content?: string | null;
  reasoning_content?: string | null;
  reasoning?: string | null;
  refusal?: string | null;
  tool_calls?: ToolCallPiece[] | null;
}

export interface ToolCallPiece {
  index: number;
  id?: string;
  function?: { name?: string; arguments?: string };
}

/** Tokens, as the provider counts them. */
export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  completion_tokens_details?: { reasoning_tokens?: number | null } | null;
}

/**
 * The chunks of a streamed chat, as they come. Throws a Problem for an error in the stream, and for a stream that ends
 * before `[DONE]`: it is cut off, whatever it has said by then.
 */
export async function* chunksOf(response: Response): AsyncGenerator<Chunk> {
  const reader = eventsOf(response).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw brokenOff(response);
      if (value.data === "[DONE]") return;
      yield chunkOf(value.data, response);
    }
  } catch (error) {
    throw error instanceof TypeError ? brokenOff(response) : error;
  } finally {
    // Whoever stops reading ends the answer; one that has failed by itself has nothing left to end.
    await reader.cancel().catch(() => undefined);
  }
}

function eventsOf(response: Response) {
  const body: ReadableStream<BufferSource> =
    response.body ?? new ReadableStream({ start: (it) => it.close() });
  return body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
}

function chunkOf(data: string, response: Response): Chunk {
  const said = parsed(data);
  if (typeof said !== "object" || said === null) throw brokenOff(response);
  if ("error" in said) throw problemOf(response, said);
  return said;
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

function brokenOff(response: Response): Problem {
  return new Problem(
    response.status,
    "broken_off",
    "The answer broke off before its end. Ask again.",
    response.headers.get("x-request-id"),
  );
}

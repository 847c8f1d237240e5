import { type Chunk, chunksOf } from "./chat-stream";
import { client } from "./client";
import { problemOf } from "./problem";

export interface Message {
  role: "system" | "user" | "assistant";
  content: string;
}

/** One call: which model, what is said to it, and what of its parameters is set. */
export interface ChatCall {
  model: string;
  messages: Message[];
  parameters: Record<string, unknown>;
}

/** Ask a model of the workspace. The answer comes in chunks; the signal ends it, and the provider's too. */
export async function* streamChat(
  workspaceId: string,
  { model, messages, parameters }: ChatCall,
  signal: AbortSignal,
): AsyncGenerator<Chunk> {
  const { error, response } = await client.POST(
    "/api/v2/workspaces/{workspace_id}/openai/v1/chat/completions",
    {
      params: { path: { workspace_id: workspaceId } },
      body: {
        ...parameters,
        model,
        messages: messages as unknown as Record<string, unknown>[],
        stream: true,
        stream_options: { include_usage: true },
      },
      parseAs: "stream",
      signal,
    },
  );
  if (!response.ok) throw problemOf(response, error);
  yield* chunksOf(response);
}

import { describe, expect, it } from "vitest";
import { type Chunk, chunksOf } from "./chat-stream";
import { Problem } from "./problem";

const DONE = "data: [DONE]\n\n";
const says = (content: string): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;

/** An answer whose bytes come in parts of this many. */
function answer(text: string, size = 1_000): Response {
  const bytes = new TextEncoder().encode(text);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(bytes.slice(at, at + size));
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(it) {
      const part = parts.shift();
      if (part) it.enqueue(part);
      else it.close();
    },
  });
  return new Response(body, { headers: { "x-request-id": "7f00" } });
}

async function all(response: Response): Promise<Chunk[]> {
  const found: Chunk[] = [];
  for await (const chunk of chunksOf(response)) found.push(chunk);
  return found;
}

async function failureOf(response: Response): Promise<Problem> {
  const error = await all(response).then(
    () => null,
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(Problem);
  return error;
}

const textOf = (chunks: Chunk[]): string =>
  chunks.map((chunk) => chunk.choices?.[0]?.delta?.content ?? "").join("");

describe("a streamed chat", () => {
  it.each([1, 2, 3, 7, 64])("is read whole when its bytes come %i at a time", async (size) => {
    const text = says("Grüß ") + says("Gott 🌾") + DONE;
    expect(textOf(await all(answer(text, size)))).toBe("Grüß Gott 🌾");
  });

  it("is read with carriage returns, comments and other fields between", async () => {
    const text = `: ping\r\n\r\nevent: x\r\n${says("Hay").replaceAll("\n", "\r\n")}${DONE}`;
    expect(textOf(await all(answer(text)))).toBe("Hay");
  });

  it("brings usage, thoughts and tool calls as they are", async () => {
    const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
    const call = { index: 0, id: "c1", function: { name: "weather", arguments: '{"city"' } };
    const chunks = [
      { choices: [{ index: 0, delta: { reasoning_content: "Hm" } }] },
      { choices: [{ index: 0, delta: { tool_calls: [call] } }] },
      { choices: [], usage },
    ];
    const text = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("");
    expect(await all(answer(text + DONE))).toEqual(chunks);
  });

  it("ends at [DONE], whatever follows", async () => {
    expect(textOf(await all(answer(says("a") + DONE + says("b"))))).toBe("a");
  });

  it("fails when it ends without [DONE]", async () => {
    const failure = await failureOf(answer(says("half")));
    expect([failure.code, failure.requestId]).toEqual(["broken_off", "7f00"]);
  });

  it("fails when the connection breaks", async () => {
    const body = new ReadableStream({
      start: (it) => it.enqueue(new TextEncoder().encode(says("half"))),
      pull: (it) => it.error(new TypeError("network error")),
    });
    expect((await failureOf(new Response(body))).code).toBe("broken_off");
  });

  it("fails in the server's words with an error in the middle", async () => {
    const error = {
      message: "The provider failed.",
      type: "server_error",
      param: null,
      code: "upstream_failed",
    };
    const failure = await failureOf(answer(`${says("a")}data: ${JSON.stringify({ error })}\n\n`));
    expect([failure.code, failure.message]).toEqual(["upstream_failed", "The provider failed."]);
  });

  it("fails at what is no JSON", async () => {
    expect((await failureOf(answer("data: <html>\n\n"))).code).toBe("broken_off");
  });

  it("ends the answer when the reader stops", async () => {
    let end = (_: string): void => undefined;
    const ended = new Promise<string>((resolve) => {
      end = resolve;
    });
    const body = new ReadableStream({
      pull: (it) => it.enqueue(new TextEncoder().encode(says("more"))),
      cancel: () => end("ended"),
    });
    for await (const chunk of chunksOf(new Response(body))) if (chunk) break;
    expect(await ended).toBe("ended");
  });
});

import { describe, expect, it } from "vitest";
import type { Chunk, Delta } from "../../api/chat-stream";
import { beginAnswer, endAnswer, withChunk } from "./answer";

const adds = (delta: Delta, finish_reason: string | null = null): Chunk => ({
  choices: [{ index: 0, delta, finish_reason }],
});

/** The answer of chunks that come ten milliseconds after each other, asked at 100. */
function answerOf(...chunks: Chunk[]) {
  return chunks.reduce(
    (answer, chunk, index) => withChunk(answer, chunk, 110 + 10 * index),
    beginAnswer(100),
  );
}

describe("an answer", () => {
  it("is put together from its pieces", () => {
    const answer = answerOf(
      adds({ content: "" }),
      adds({ reasoning_content: "Hm" }),
      adds({ reasoning: ", well" }),
      adds({ content: "Ha" }),
      adds({ content: "y", refusal: "no" }, "stop"),
    );
    expect(answer).toMatchObject({ text: "Hay", thoughts: "Hm, well", refusal: "no", finishReason: "stop" });
  });

  it("puts together tool calls that come in pieces, side by side", () => {
    const answer = answerOf(
      adds({ tool_calls: [{ index: 0, id: "a", function: { name: "weather", arguments: "" } }] }),
      adds({ tool_calls: [{ index: 0, function: { arguments: '{"city"' } }] }),
      adds({ tool_calls: [{ index: 1, id: "b", function: { name: "time", arguments: "{}" } }] }),
      adds({ tool_calls: [{ index: 0, function: { arguments: ':"Bonn"}' } }] }, "tool_calls"),
    );
    expect(answer.toolCalls).toMatchObject([
      { id: "a", name: "weather", arguments: '{"city":"Bonn"}' },
      { id: "b", name: "time", arguments: "{}" },
    ]);
  });

  it.each([1, 4_000_000_000, -1])("takes a provider's count of tool calls as it is, from %d", (index) => {
    const answer = answerOf(
      adds({ tool_calls: [{ index, id: "a", function: { name: "weather", arguments: "" } }] }),
      adds({ tool_calls: [{ index, function: { arguments: "{}" } }] }),
    );
    expect(answer.toolCalls).toMatchObject([{ id: "a", name: "weather", arguments: "{}" }]);
  });

  it("takes the first words for the first token, not the role before them", () => {
    const answer = answerOf(
      adds({ content: "" }),
      adds({ content: "a" }),
      adds({ content: "b" }),
      adds({}, "stop"),
    );
    expect([answer.firstAt, answer.lastAt]).toEqual([120, 130]);
    expect(endAnswer(answer, 150).endedAt).toBe(150);
  });

  it("keeps the usage that comes without a choice", () => {
    const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
    const answer = answerOf({ choices: [], usage }, { choices: [], usage: null });
    expect(answer.usage).toEqual(usage);
  });

  it("follows the first choice alone", () => {
    expect(answerOf({ choices: [{ index: 1, delta: { content: "other" } }] }).text).toBe("");
  });
});

import { describe, expect, it } from "vitest";
import { Problem } from "../../api/problem";
import { beginTurn, callOf, keptTurns, restoredTurns, type Turn } from "./conversation";

const question = { model: "assistant", system: "", prompt: "Why?", parameters: { temperature: 0 } };

function turn(prompt: string, text: string, state: Turn["state"] = "whole"): Turn {
  const begun = beginTurn({ ...question, prompt }, 0);
  return { ...begun, state, answer: { ...begun.answer, text } };
}

describe("the call of a question", () => {
  it("carries what was said before, and the system prompt first", () => {
    const { messages } = callOf([turn("Hi", "Hello")], { ...question, system: "Be brief." });
    expect(messages).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello" },
      { role: "user", content: "Why?" },
    ]);
  });

  it("leaves out an empty system prompt, and turns that have no answer", () => {
    const before = [turn("a", "half", "failed"), turn("b", "", "whole"), turn("c", "part", "stopped")];
    expect(callOf(before, { ...question, system: " \n" }).messages).toEqual([
      { role: "user", content: "c" },
      { role: "assistant", content: "part" },
      { role: "user", content: "Why?" },
    ]);
  });

  it("has the question's own model and parameters", () => {
    expect(callOf([], question)).toMatchObject({ model: "assistant", parameters: { temperature: 0 } });
  });
});

describe("kept turns", () => {
  const again = (turns: Turn[]): Turn[] => restoredTurns(JSON.parse(JSON.stringify(keptTurns(turns))));

  it("come back as they were", () => {
    const turns = [turn("a", "b"), turn("c", "d", "stopped")];
    expect(again(turns)).toEqual(turns);
  });

  it("come back with why one failed", () => {
    const problem = new Problem(429, "rate_limited", "Slower.", "7f00", [], 12);
    const [found] = again([{ ...turn("a", "", "failed"), problem }]);
    expect(found?.problem).toBeInstanceOf(Problem);
    expect(found?.problem).toMatchObject({ message: "Slower.", requestId: "7f00", retryAfter: 12 });
  });

  it("have stopped where an answer was still coming", () => {
    expect(again([turn("a", "ha", "coming")])[0]?.state).toBe("stopped");
  });

  it("are none where something else was kept", () => {
    expect(restoredTurns({ turns: 3 })).toEqual([]);
  });
});

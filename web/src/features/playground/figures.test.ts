import { describe, expect, it } from "vitest";
import { type Answer, beginAnswer } from "./answer";
import { figuresOf, inTime } from "./figures";

const answer = (known: Partial<Answer>): Answer => ({ ...beginAnswer(1_000), ...known });
const usage = { prompt_tokens: 9, completion_tokens: 21, total_tokens: 30 };

describe("what an answer took", () => {
  it("is not known before anything came", () => {
    expect(new Set(Object.values(figuresOf(answer({}))))).toEqual(new Set([null]));
  });

  it("counts from when it was asked, and the speed from the first token on", () => {
    const whole = answer({ firstAt: 1_250, lastAt: 3_250, endedAt: 3_300, usage });
    expect(figuresOf(whole)).toEqual({
      firstToken: 250,
      speed: 10,
      prompt: 9,
      completion: 21,
      total: 30,
      time: 2_300,
    });
  });

  it("leaves out of the speed what was thought and not sent", () => {
    const thinking = { ...usage, completion_tokens_details: { reasoning_tokens: 10 } };
    const times = { firstAt: 1_000, lastAt: 2_000 };
    expect(figuresOf(answer({ ...times, usage: thinking })).speed).toBe(10);
    expect(figuresOf(answer({ ...times, usage: thinking, thoughts: "Hm" })).speed).toBe(20);
  });

  it("knows no speed of an answer that came at once, or of one token, or uncounted", () => {
    const one = { ...usage, completion_tokens: 1 };
    expect(figuresOf(answer({ firstAt: 2_000, lastAt: 2_019, usage })).speed).toBeNull();
    expect(figuresOf(answer({ firstAt: 2_000, lastAt: 2_100, usage: one })).speed).toBeNull();
    expect(figuresOf(answer({ firstAt: 2_000, lastAt: 2_100 })).speed).toBeNull();
  });
});

describe("a time", () => {
  it.each([
    [0.4, "0 ms"],
    [999.4, "999 ms"],
    [999.5, "1.00 s"],
    [12_345, "12.35 s"],
  ])("of %d ms reads %s", (milliseconds, words) => {
    expect(inTime(milliseconds)).toBe(words);
  });
});

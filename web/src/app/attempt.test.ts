import { expect, test } from "vitest";
import { Problem } from "../api/problem";
import { attempted } from "./attempt";

const LOST = new TypeError("Failed to fetch");

/** Answers each time with the next of these, an Error by raising it; and tells the keys that it was sent. */
function server(...answers: unknown[]) {
  const keys: string[] = [];
  async function send(key: string): Promise<unknown> {
    keys.push(key);
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  }
  return { keys, send };
}

test("an attempt has a random UUID", async () => {
  const { keys, send } = server("me");
  expect(await attempted("a", send)).toBe("me");
  expect(keys).toEqual([
    expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
  ]);
});

test("what is not answered is sent once more with the same key", async () => {
  const { keys, send } = server(LOST, "me");
  expect(await attempted("b", send)).toBe("me");
  expect(keys).toEqual([keys[0], keys[0]]);
});

test.each([
  ["no answer", [LOST, LOST]],
  ["an answer that leaves it open", [new Problem(503, "outcome_unknown", "")]],
])("after %s the same proof has the same key", async (_, failures) => {
  const { keys, send } = server(...failures, "me");
  await expect(attempted("c", send)).rejects.toThrow();
  await attempted("c", send);
  expect(new Set(keys).size).toBe(1);
});

test.each([
  ["it was answered", "d", "d", "me"],
  ["it was refused", "d", "d", new Problem(401, "link_used", "")],
  ["another proof was lost", "d", "e", new Problem(503, "unavailable", "")],
])("when %s the next attempt has another key", async (_, first, second, answer) => {
  const { keys, send } = server(answer, "me");
  await attempted(first, send).catch(() => undefined);
  await attempted(second, send);
  expect(new Set(keys).size).toBe(2);
});

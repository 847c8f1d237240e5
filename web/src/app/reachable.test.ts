import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isLost, onLostOrBack, untilReachable } from "./reachable";

let answers: boolean[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", async () => {
    if (!answers.shift()) throw new TypeError("Failed to fetch");
    return new Response("ok");
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("haymow is lost until it answers, and everyone hears of both", async () => {
  answers = [false, true];
  const heard: boolean[] = [];
  const stop = onLostOrBack(() => heard.push(isLost()));
  const back = untilReachable();
  await vi.advanceTimersByTimeAsync(3_000);
  expect(isLost()).toBe(true);
  await vi.advanceTimersByTimeAsync(3_000);
  await back;
  expect(isLost()).toBe(false);
  expect(heard).toEqual([true, false]);
  stop();
});

test("who finds out later waits with the first: nobody asks twice as often", async () => {
  answers = [true];
  expect(untilReachable()).toBe(untilReachable());
  await vi.advanceTimersByTimeAsync(3_000);
  expect(isLost()).toBe(false);
});

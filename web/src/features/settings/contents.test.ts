import { expect, test } from "vitest";
import { isEmpty, wordsOf } from "./contents";

const nothing = { models: 0, modelNames: [], secrets: 0, moreSecrets: false };

test("what a workspace has is counted in words", () => {
  expect(wordsOf({ ...nothing, models: 3, secrets: 1 })).toBe("3 models and 1 secret");
  expect(wordsOf({ ...nothing, models: 1 })).toBe("1 model");
  expect(wordsOf({ ...nothing, secrets: 100, moreSecrets: true })).toBe("More than 100 secrets");
});

test("a workspace with secrets alone is not empty", () => {
  expect(isEmpty(nothing)).toBe(true);
  expect(isEmpty({ ...nothing, secrets: 1 })).toBe(false);
  expect(isEmpty({ ...nothing, models: 1 })).toBe(false);
});

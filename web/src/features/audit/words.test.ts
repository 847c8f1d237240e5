import { expect, test } from "vitest";
import type { AuditRecord } from "../../api/audit";
import { authorOf, choicesOfActions, fieldsOf, wayOf, wordsOf } from "./words";

const RECORD: AuditRecord = {
  number: 1,
  at: "2026-11-27T12:00:00Z",
  action: "model.update",
  workspace_id: null,
  subject_id: "s",
  subject_name: "gpt",
  revision: 2,
  changes: [],
  user_id: "0d1f2c3b-0000-4000-8000-000000000001",
  user: { user_id: "u", given_name: "Ada", family_name: "Byron" },
  token_id: "t",
  source: "10.0.0.1",
};

test("a known action is words, an unknown one stays what it is", () => {
  expect(wordsOf("model.update")).toBe("changed the model");
  expect(wordsOf("model.teleport")).toBe("model.teleport");
});

test("fields are called what the page calls them", () => {
  expect(fieldsOf(["chat_generator_config", "name"])).toBe("definition, name");
});

test("an author whom nobody knows any more is an id", () => {
  expect(authorOf(RECORD)).toBe("Ada Byron");
  expect(authorOf({ ...RECORD, user: null })).toBe(RECORD.user_id);
});

test("what came without a token was done on the machine itself", () => {
  expect(wayOf(RECORD)).toBe("10.0.0.1");
  expect(wayOf({ ...RECORD, token_id: null, source: "command line" })).toBe("operator at the command line");
  expect(wayOf({ ...RECORD, token_id: null, source: "first start" })).toBe(
    "haymow itself, at its first start",
  );
});

test("an action to choose is understood without the name of a thing", () => {
  const items = choicesOfActions().flatMap((one) => one.items);
  expect(items.find((one) => one.value === "member.delete")?.label).toBe("removed a person");
});

test("each kind can be chosen as a whole and by action", () => {
  const [models] = choicesOfActions();
  expect(models?.items.map((one) => one.value)).toEqual([
    "model",
    "model.create",
    "model.update",
    "model.delete",
    "model.restore",
  ]);
});

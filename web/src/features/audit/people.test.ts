import { expect, test } from "vitest";
import type { AuditRecord } from "../../api/audit";
import type { Member } from "../../api/roles";
import { peopleOf } from "./people";

const ada = { user_id: "a", given_name: "Ada", family_name: "Byron" } as Member;
const record = {
  user_id: "z",
  user: { user_id: "z", given_name: "Zuse", family_name: "Konrad" },
} as AuditRecord;

test("who has left is still to be chosen while records name them", () => {
  expect(peopleOf([ada], [record], undefined).map((one) => one.label)).toEqual(["Ada Byron", "Zuse Konrad"]);
});

test("everyone is there once, and who is chosen is there by id at least", () => {
  const own = { user_id: "a", user: null } as AuditRecord;
  expect(peopleOf([ada], [own], "a")).toEqual([{ value: "a", label: "Ada Byron" }]);
  expect(peopleOf([], [], "b")).toEqual([{ value: "b", label: "b" }]);
});

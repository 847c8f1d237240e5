import { expect, test } from "vitest";
import type { Secret } from "../../api/secrets";
import { hiddenNames, rowsOf } from "./rows";

const secret = (name: string, more: Partial<Secret> = {}): Secret => ({
  name,
  secret_id: name,
  hosts: null,
  version: 1,
  origin: "WORKSPACE",
  created_at: "2026-11-01T00:00:00Z",
  updated_at: "2026-11-01T00:00:00Z",
  ...more,
});
const names = (found: Secret[]) => found.map((one) => one.name);

test("what is typed is looked for in names and hosts, whatever its case", () => {
  const all = [secret("OPENAI_API_KEY"), secret("OTHER", { hosts: ["openai.example:443"] }), secret("THIRD")];
  expect(names(rowsOf(all, { q: " OpenAI " }))).toEqual(["OPENAI_API_KEY", "OTHER"]);
});

test("without an order they stand by name", () => {
  expect(names(rowsOf([secret("B"), secret("A")], {}))).toEqual(["A", "B"]);
  expect(names(rowsOf([secret("A"), secret("B")], { sort: "-name" }))).toEqual(["B", "A"]);
});

test("the last changed is first when asked for", () => {
  const all = [secret("OLD"), secret("NEW", { updated_at: "2026-11-02T00:00:00Z" })];
  expect(names(rowsOf(all, { sort: "-updated_at" }))).toEqual(["NEW", "OLD"]);
  expect(names(rowsOf(all, { sort: "updated_at" }))).toEqual(["OLD", "NEW"]);
});

test("a name is hidden when the workspace has the organization's too", () => {
  const all = [
    secret("A"),
    secret("A", { origin: "ORGANIZATION" }),
    secret("B", { origin: "ORGANIZATION" }),
    secret("C"),
  ];
  expect([...hiddenNames(all)]).toEqual(["A"]);
});

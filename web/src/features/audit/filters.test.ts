import { expect, test } from "vitest";
import { filtersOf, isFiltered } from "./filters";
import { parseAuditSearch } from "./search";

test("a last day is in what is shown, to its end", () => {
  const { since, until } = filtersOf({ from: "2026-12-31", to: "2026-12-31" });
  expect(since).toBe(new Date(2026, 11, 31).toISOString());
  expect(until).toBe(new Date(2027, 0, 1).toISOString());
});

test("what is not filtered is not sent", () => {
  expect(Object.values(filtersOf({ of: "organization" }))).toEqual(Array(5).fill(undefined));
});

test("whose record it is filters nothing", () => {
  expect(isFiltered({ of: "organization" })).toBe(false);
  expect(isFiltered({ of: "organization", action: "model" })).toBe(true);
});

test("an address keeps what it understands alone", () => {
  const user = "0d1f2c3b-0000-4000-8000-000000000001";
  expect(
    parseAuditSearch({ action: "model.update", user, thing: "not one", from: "yesterday", of: "all" }),
  ).toEqual({
    action: "model.update",
    user,
  });
});

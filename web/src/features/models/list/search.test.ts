import { describe, expect, it } from "vitest";
import { filtersOf, isFiltered, nextSort, parseListSearch } from "./search";

describe("parseListSearch", () => {
  it("takes what the list knows and leaves out everything else", () => {
    const address = { q: "gpt", origin: "WORKSPACE", connected: false, sort: "-updated_at", hidden: true };
    expect(parseListSearch({ ...address, x: 1 })).toEqual(address);
    expect(
      parseListSearch({ q: "", origin: "MOON", connected: "yes", sort: "name;drop", hidden: "1" }),
    ).toEqual({});
  });

  it("reads a text that looks like a number", () => {
    expect(parseListSearch({ q: 4, provider: 7 })).toEqual({ q: "4", provider: "7" });
  });
});

describe("filtersOf", () => {
  it("asks for hidden models only when they are wanted", () => {
    expect(filtersOf({ q: "a", hidden: true })).toEqual({ q: "a", include_shadowed: true });
    expect(filtersOf({ q: "a" })).toEqual({ q: "a" });
  });
});

describe("isFiltered", () => {
  it("does not count an order, nor showing more", () => {
    expect(isFiltered({ sort: "-name", hidden: true })).toBe(false);
    expect(isFiltered({ connected: false })).toBe(true);
  });
});

describe("nextSort", () => {
  it("begins with A for words and with the newest for times, then turns around", () => {
    expect(nextSort("-updated_at", "name")).toBe("name");
    expect(nextSort(undefined, "name")).toBe("-name");
    expect(nextSort("-name", "name")).toBe("name");
    expect(nextSort(undefined, "updated_at")).toBe("-updated_at");
    expect(nextSort("-updated_at", "updated_at")).toBe("updated_at");
  });
});

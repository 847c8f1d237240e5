import { expect, it } from "vitest";
import { parsePlaygroundSearch } from "./search";

it("takes names from an address, those too that look like a number", () => {
  expect(parsePlaygroundSearch({ model: 123, beside: "a/b", other: "x" })).toEqual({
    model: "123",
    beside: "a/b",
  });
  expect(parsePlaygroundSearch({ model: "", beside: { a: 1 } })).toEqual({});
});

import { expect, it } from "vitest";
import { Float } from "../../../api/json";
import { areWritable, parseChoices, parseDefault, printChoices, printDefault } from "./cells";

it("writes defaults so that they read back as they are", () => {
  const pairs: [unknown, string][] = [
    ["5", "string"],
    ["true", ""],
    ["warm", ""],
    [5, ""],
    [0.5, "number"],
    [false, "boolean"],
    [["a", "b"], "array"],
    [{ type: "text" }, "object"],
    [null, "string or null"],
  ];
  for (const [value, type] of pairs) expect(parseDefault(printDefault(value, type), type)).toEqual(value);
});

it("keeps floats as floats", () => {
  const object = { a: [new Float(1), 1] };
  for (const [value, type] of [
    [new Float(2), "number"],
    [object, "object"],
    [new Float(2), ""],
  ] as const) {
    expect(parseDefault(printDefault(value, type), type)).toEqual(value);
  }
  const choices = [new Float(1), 2, 0.5];
  expect(printChoices(choices)).toBe("1.0, 2, 0.5");
  expect(parseChoices(printChoices(choices), "number")).toEqual(choices);
  expect(areWritable(choices, "number")).toBe(true);
});

it("says what to write instead of what is no value of the type", () => {
  expect(() => parseDefault("warm", "number")).toThrow("number");
  expect(() => parseDefault("yes", "boolean")).toThrow("true or false");
  expect(() => parseDefault("END", "array")).toThrow("list");
  for (const type of ["number", "object", ""])
    expect(() => parseDefault("9007199254740993", type)).toThrow("too large");
  expect(() => parseChoices("1, 9007199254740993", "")).toThrow("too large");
});

it("keeps the digits of a text that looks like a number", () => {
  expect(parseDefault("007", "string")).toBe("007");
});

it("reads allowed values with commas, by type", () => {
  expect(parseChoices("low, high,", "string")).toEqual(["low", "high"]);
  expect(parseChoices("1, 2, null", "integer")).toEqual([1, 2, null]);
  expect(parseChoices("1, 2", "string")).toEqual(["1", "2"]);
  expect(() => parseChoices(" , ", "string")).toThrow();
  expect(printChoices(["low", 1, null])).toBe("low, 1, null");
});

it("knows which lists commas cannot say", () => {
  expect(areWritable(["low", "high"], "string")).toBe(true);
  expect(areWritable(["a, b"], "string")).toBe(false);
  expect(areWritable(["1"], "")).toBe(false);
  expect(areWritable([{ a: 1 }], "")).toBe(true);
  expect(areWritable([], "")).toBe(false);
});

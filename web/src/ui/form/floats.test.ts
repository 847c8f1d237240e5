import { expect, it } from "vitest";
import { Float } from "../../api/json";
import { schemaWithoutFloats, WRITTEN, withFloats, withoutFloats } from "./floats";

const stored = { timeout: new Float(30), retries: 3, tuning: { scale: [new Float(1), 0.5] }, key: null };
const numbers = { timeout: 30, retries: 3, tuning: { scale: [1, 0.5] }, key: null };

it("are numbers for a form, and floats again where nobody changed them", () => {
  expect(withoutFloats(stored)).toEqual(numbers);
  expect(withFloats(numbers, stored)).toEqual(stored);
  expect(withFloats({ ...numbers, retries: 4 }, stored)).toEqual({ ...stored, retries: 4 });
  expect(withFloats({ ...numbers, timeout: 31 }, stored)).toEqual({ ...stored, timeout: 31 });
});

it("come back with the value they began with", () => {
  expect(withFloats(numbers, { ...stored, timeout: 31 }, stored)).toEqual(stored);
});

it("do not take the place of an integer that somebody wrote there", () => {
  expect(withFloats(numbers, { ...stored, timeout: 30 }, stored)).toEqual({ ...stored, timeout: 30 });
});

it("are looked for in their own place alone", () => {
  expect(withFloats({ other: 30, tuning: [1], constructor: 30 }, stored)).toEqual({
    other: 30,
    tuning: [1],
    constructor: 30,
  });
  expect(withFloats({ zero: 0 }, { zero: new Float(-0) })).toEqual({ zero: 0 });
});

it("are numbers in a schema, which says how those of a choice are written", () => {
  const schema = {
    properties: { size: { enum: [new Float(1), 2, 0.5], default: new Float(1) }, depth: { enum: [1] } },
  };
  expect(schemaWithoutFloats(schema)).toEqual({
    properties: {
      size: { enum: [1, 2, 0.5], [WRITTEN]: ["1.0", "2", "0.5"], default: 1 },
      depth: { enum: [1] },
    },
  });
});

import { describe, expect, it } from "vitest";
import { differences, partsOf, same } from "./differences";
import { Float } from "./json";

describe("differences", () => {
  it("finds none between equal documents, whatever the order of their keys", () => {
    const one = { name: "a", config: { x: [1, { y: null }], z: true } };
    const same = { config: { z: true, x: [1, { y: null }] }, name: "a" };
    expect(differences(one, same)).toEqual([]);
  });

  it("names the deepest place, not what is around it", () => {
    const before = { config: { init_parameters: { model: "m1", timeout: 5 } } };
    const after = { config: { init_parameters: { model: "m2", timeout: 5 } } };
    expect(differences(before, after)).toEqual([
      { pointer: "#/config/init_parameters/model", before: "m1", after: "m2" },
    ]);
  });

  it("tells what is not there from what is null", () => {
    expect(differences({ a: null }, {})).toEqual([{ pointer: "#/a", before: null, after: undefined }]);
    expect(differences({}, { a: null })).toEqual([{ pointer: "#/a", before: undefined, after: null }]);
  });

  it("shows what was added or removed as a whole", () => {
    expect(differences({}, { a: { b: { c: 1 } } })).toEqual([
      { pointer: "#/a", before: undefined, after: { b: { c: 1 } } },
    ]);
    expect(differences({ a: [] }, {})).toEqual([{ pointer: "#/a", before: [], after: undefined }]);
  });

  it("tells a float from the integer of its value", () => {
    const float = { a: { b: [new Float(30)] } };
    expect(differences(float, { a: { b: [new Float(30)] } })).toEqual([]);
    expect(differences(float, { a: { b: [30] } })).toEqual([
      { pointer: "#/a/b/0", before: new Float(30), after: 30 },
    ]);
  });

  it("compares arrays by index", () => {
    expect(differences({ stop: ["a", "b", "c"] }, { stop: ["a", "x"] })).toEqual([
      { pointer: "#/stop/1", before: "b", after: "x" },
      { pointer: "#/stop/2", before: "c", after: undefined },
    ]);
  });

  it("tells types apart: a list from an object, a number from its text, false from 0", () => {
    expect(differences({ a: [] }, { a: {} })).toEqual([{ pointer: "#/a", before: [], after: {} }]);
    expect(differences({ a: 1 }, { a: "1" })).toHaveLength(1);
    expect(differences({ a: 0 }, { a: false })).toHaveLength(1);
    expect(differences({ a: {} }, { a: null })).toEqual([{ pointer: "#/a", before: {}, after: null }]);
  });

  it("keeps the order of what was there before, then what is new", () => {
    const found = differences({ b: 1, a: 1 }, { c: 2, a: 2, b: 2 });
    expect(found.map((one) => one.pointer)).toEqual(["#/b", "#/a", "#/c"]);
  });

  it("writes any key so that it can be read again", () => {
    const [found] = differences({}, { "a/b~c": { d: 1 } });
    expect(found?.pointer).toBe("#/a~1b~0c");
    expect(partsOf("#/a~1b~0c/~01/0")).toEqual(["a/b~c", "~1", "0"]);
    expect(partsOf("#")).toEqual([]);
  });

  it("is not misled by keys that every object has", () => {
    const after = JSON.parse('{"constructor": 1, "__proto__": {"x": 1}}');
    expect(differences({}, after)).toEqual([
      { pointer: "#/constructor", before: undefined, after: 1 },
      { pointer: "#/__proto__", before: undefined, after: { x: 1 } },
    ]);
  });

  it("compares whole documents that are no objects", () => {
    expect(differences(1, 2)).toEqual([{ pointer: "#", before: 1, after: 2 }]);
  });
});

describe("same", () => {
  it("does not look at the order of keys, but at that of arrays", () => {
    expect(same({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).toBe(true);
    expect(same([1, 2], [2, 1])).toBe(false);
    expect(same({ a: undefined }, {})).toBe(false);
    expect(same({}, [])).toBe(false);
    expect(same(null, {})).toBe(false);
    expect(same(new Float(1), {})).toBe(false);
  });
});

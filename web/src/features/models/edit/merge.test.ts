import { describe, expect, it } from "vitest";
import { Float } from "../../../api/json";
import { merge } from "./merge";

const base = {
  name: "gpt",
  config: { type: "A", init: { model: "m1", timeout: 30, stop: ["a", "b"] } },
  schema: { temperature: { maximum: 1 } },
};
const changed = (change: (copy: Loose) => void): Loose => {
  const copy = structuredClone(base) as Loose;
  change(copy);
  return copy;
};
// biome-ignore lint/suspicious/noExplicitAny: documents of any shape are what is merged
type Loose = any;

describe("merge", () => {
  it("takes what only one side changed, from each", () => {
    const mine = changed((copy) => {
      copy.name = "mine";
    });
    const theirs = changed((copy) => {
      copy.config.init.timeout = 60;
    });
    const { merged, places, open } = merge(base, mine, theirs);
    expect(merged).toEqual({ ...theirs, name: "mine" });
    expect(places.map(({ pointer, by }) => [pointer, by])).toEqual([
      ["#/name", "mine"],
      ["#/config/init/timeout", "theirs"],
    ]);
    expect(open).toEqual([]);
  });

  it("merges different fields of the same object", () => {
    const mine = changed((copy) => {
      copy.config.init.model = "m2";
    });
    const theirs = changed((copy) => {
      copy.config.init.max_retries = 2;
      delete copy.config.init.timeout;
    });
    expect(merge(base, mine, theirs).merged.config.init).toEqual({
      model: "m2",
      stop: ["a", "b"],
      max_retries: 2,
    });
  });

  it("sees no conflict in the same change made twice", () => {
    const both = changed((copy) => {
      copy.config.init.model = "m2";
      delete copy.schema.temperature;
    });
    const { merged, places, open } = merge(base, both, structuredClone(both));
    expect(merged).toEqual(both);
    expect(open).toEqual([]);
    expect(places.every(({ by }) => by === "both")).toBe(true);
  });

  it("leaves a conflict open until a person chooses, and holds to the choice", () => {
    const mine = changed((copy) => {
      copy.config.init.model = "mine";
    });
    const theirs = changed((copy) => {
      copy.config.init.model = "theirs";
    });
    const pointer = "#/config/init/model";
    expect(merge(base, mine, theirs).open).toEqual([pointer]);
    expect(merge(base, mine, theirs, { [pointer]: "mine" }).open).toEqual([]);
    expect(merge(base, mine, theirs, { [pointer]: "mine" }).merged).toEqual(mine);
    expect(merge(base, mine, theirs, { [pointer]: "theirs" }).merged).toEqual(theirs);
  });

  it("takes an array as a whole", () => {
    const mine = changed((copy) => {
      copy.config.init.stop = ["a"];
    });
    const theirs = changed((copy) => {
      copy.config.init.stop = ["a", "b", "c"];
    });
    const { open } = merge(base, mine, theirs);
    expect(open).toEqual(["#/config/init/stop"]);
    expect(merge(base, mine, base).merged.config.init.stop).toEqual(["a"]);
  });

  it("calls a deletion against a change a conflict, on either side", () => {
    const without = changed((copy) => {
      delete copy.schema.temperature;
    });
    const higher = changed((copy) => {
      copy.schema.temperature.maximum = 2;
    });
    const pointer = "#/schema/temperature";
    expect(merge(base, without, higher).open).toEqual([pointer]);
    expect(merge(base, higher, without).open).toEqual([pointer]);
    expect(merge(base, without, higher, { [pointer]: "mine" }).merged.schema).toEqual({});
    expect(merge(base, higher, without, { [pointer]: "mine" }).merged).toEqual(higher);
  });

  it("deletes what one side deleted and the other left alone", () => {
    const without = changed((copy) => {
      delete copy.config.init.stop;
    });
    expect(merge(base, without, base).merged).toEqual(without);
    expect(merge(base, base, without).merged).toEqual(without);
  });

  it("merges what both added under one name, key by key", () => {
    const mine = changed((copy) => {
      copy.schema.top_p = { type: "number", minimum: 0, maximum: 1 };
    });
    const theirs = changed((copy) => {
      copy.schema.top_p = { type: "number", maximum: 0.9 };
    });
    const { merged, open } = merge(base, mine, theirs);
    expect(open).toEqual(["#/schema/top_p/maximum"]);
    expect(merged.schema.top_p).toEqual({ type: "number", minimum: 0, maximum: 0.9 });
  });

  it("takes a value that became another kind of value as a whole", () => {
    const mine = changed((copy) => {
      copy.config.init = null;
    });
    const theirs = changed((copy) => {
      copy.config.init.model = "theirs";
    });
    expect(merge(base, mine, theirs).open).toEqual(["#/config/init"]);
    expect(merge(base, mine, base).merged.config.init).toBeNull();
  });

  it("keeps null apart from absent, and 1 apart from true and from its text", () => {
    expect(merge<Loose>({ a: 1 }, { a: null }, { a: 1 }).merged).toEqual({ a: null });
    expect(merge<Loose>({ a: null }, { a: null }, {}).merged).toEqual({});
    expect(merge<Loose>({ a: 1 }, { a: true }, { a: "1" }).open).toEqual(["#/a"]);
  });

  it("keeps 1 and 1.0 apart, on each side", () => {
    const floats = () => ({ a: new Float(1), b: new Float(2) });
    const { merged, places } = merge<Loose>(floats(), { ...floats(), b: 3 }, floats());
    expect(merged).toEqual({ a: new Float(1), b: 3 });
    expect(places.map(({ pointer }) => pointer)).toEqual(["#/b"]);
    expect(merge<Loose>(floats(), { ...floats(), b: 3 }, { ...floats(), a: 1 }).merged).toEqual({
      a: 1,
      b: 3,
    });
    expect(merge<Loose>({ a: 0 }, { a: 1 }, { a: new Float(1) }).open).toEqual(["#/a"]);
  });

  it("writes pointers as haymow's faults do, and does not take what the prototype has for a field", () => {
    const { merged, places } = merge<Loose>({}, { "a/b~c": 1 }, { constructor: 2 });
    expect(merged).toEqual({ "a/b~c": 1, constructor: 2 });
    expect(places.map(({ pointer }) => pointer)).toEqual(["#/constructor", "#/a~1b~0c"]);
  });

  it("keeps a key called __proto__ as the data it is", () => {
    const mine = JSON.parse('{"__proto__": {"x": 1}}');
    const { merged } = merge<Loose>({}, mine, { a: 1 });
    expect(JSON.stringify(merged)).toBe('{"a":1,"__proto__":{"x":1}}');
  });
});

import { describe, expect, it } from "vitest";
import { Float } from "../../../api/json";
import {
  isClosed,
  isTabular,
  nameAt,
  rowsOf,
  saysMore,
  withChange,
  withClosed,
  withName,
  withoutParameter,
  withParameter,
  withRequired,
} from "./parameters";

const schema = {
  type: "object",
  "x-note": "kept",
  properties: {
    temperature: { type: "number", minimum: 0, maximum: 2, default: 1, description: "How free" },
    stop: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }], default: "END" },
    user: { type: "string", maxLength: 64, pattern: "^[a-z]+$" },
    effort: { enum: ["low", "high"], default: "low" },
    format: { type: "object", properties: { type: { type: "string" } } },
  },
  required: ["user"],
  additionalProperties: false,
};

describe("rowsOf", () => {
  it("shows type, range, choices, default and whether it is required", () => {
    const [temperature, , user, effort] = rowsOf(schema);
    expect(temperature).toEqual({
      name: "temperature",
      type: "number",
      least: 0,
      most: 2,
      choices: undefined,
      default: 1,
      required: false,
      description: "How free",
      more: false,
    });
    expect(user).toMatchObject({ type: "string", most: 64, required: true, more: true });
    expect(effort).toMatchObject({ type: "", choices: ["low", "high"], default: "low", more: false });
  });

  it("says of each parameter whether its schema says more than the row", () => {
    expect(rowsOf(schema).map(({ name, more }) => [name, more])).toEqual([
      ["temperature", false],
      ["stop", true],
      ["user", true],
      ["effort", false],
      ["format", true],
    ]);
    const odd = {
      type: "object",
      properties: {
        a: { type: "number", exclusiveMinimum: 0 },
        b: { type: "string", minimum: 1 },
        c: false,
        d: { type: "number", minimum: "5" },
      },
    };
    expect(rowsOf(odd).map(({ more }) => more)).toEqual([true, true, true, true]);
  });

  it("shows floats as what they are, and keeps them when another field or the name changes", () => {
    const temperature = {
      type: "number",
      minimum: new Float(0),
      maximum: new Float(2),
      default: new Float(1),
    };
    const floats = { type: "object", properties: { temperature } };
    expect(rowsOf(floats)[0]).toMatchObject({ least: new Float(0), most: new Float(2), more: false });
    const changed = withName(withChange(floats, "temperature", { most: 3 }), "temperature", "heat");
    expect(changed.properties).toEqual({ heat: { ...temperature, maximum: 3 } });
  });

  it("shows several types as they are", () => {
    expect(rowsOf({ type: "object", properties: { a: { type: ["integer", "null"] } } })[0]?.type).toBe(
      "integer or null",
    );
  });

  it("takes a bare map of names for parameters, as haymow does", () => {
    const bare = { "x-note": 1, format: { type: "string" }, seed: {} };
    expect(isTabular(bare)).toBe(true);
    expect(rowsOf(bare).map(({ name }) => name)).toEqual(["format", "seed"]);
    expect(rowsOf({ items: { type: "string" } })).toEqual([]);
  });
});

describe("isTabular", () => {
  it("is true of objects with parameters by name, and of no schema at all", () => {
    expect([schema, {}, { type: "object" }].map(isTabular)).toEqual([true, true, true]);
  });

  it("is false of what no table can show", () => {
    const odd = [
      { allOf: [] },
      { type: "string" },
      { type: "object", properties: 1 },
      { type: "object", required: 1 },
    ];
    expect(odd.map((one) => isTabular(one as Record<string, unknown>))).toEqual([false, false, false, false]);
  });
});

it("saysMore of keywords of the root that the table does not show", () => {
  expect(saysMore(schema)).toBe(true);
  expect(saysMore({ type: "object", properties: {}, required: [], additionalProperties: true })).toBe(false);
  expect(saysMore({ type: "object", additionalProperties: { type: "string" } })).toBe(true);
});

describe("withChange", () => {
  it("changes the keywords it is told and no other, in any place", () => {
    const after = withChange(schema, "user", { most: 32, description: "Who" });
    expect(after).toEqual({
      ...schema,
      properties: {
        ...schema.properties,
        user: { type: "string", maxLength: 32, pattern: "^[a-z]+$", description: "Who" },
      },
    });
    expect(Object.keys(after.properties as object)).toEqual(Object.keys(schema.properties));
    expect(schema.properties.user.maxLength).toBe(64);
  });

  it("takes a keyword away when its cell is emptied, but keeps an empty text as a default", () => {
    const emptied = withChange(schema, "temperature", {
      most: undefined,
      default: undefined,
      description: "",
    });
    expect(emptied.properties).toMatchObject({ temperature: { type: "number", minimum: 0 } });
    expect(rowsOf(emptied)[0]).toMatchObject({ most: undefined, default: undefined, description: "" });
    expect(rowsOf(withChange(schema, "user", { default: "" }))[2]?.default).toBe("");
  });

  it("gives a range the keywords of the type", () => {
    const list = withChange(withChange(schema, "effort", { type: "array" }), "effort", { least: 1, most: 4 });
    expect(list.properties).toMatchObject({ effort: { type: "array", minItems: 1, maxItems: 4 } });
  });

  it("keeps what another type no longer shows, and says that there is more", () => {
    const text = withChange(schema, "temperature", { type: "string" });
    expect(text.properties).toMatchObject({ temperature: { type: "string", minimum: 0, maximum: 2 } });
    expect(rowsOf(text)[0]?.more).toBe(true);
    expect(withChange(text, "temperature", { type: "number" })).toEqual(schema);
  });

  it("leaves a list of types alone when the type is not what changed", () => {
    const several = { type: "object", properties: { a: { type: ["integer", "null"] } } };
    const after = withChange(several, "a", { type: "integer or null", default: 3 });
    expect(after).toEqual({ type: "object", properties: { a: { type: ["integer", "null"], default: 3 } } });
  });

  it("leaves a bare map bare", () => {
    expect(withChange({ seed: { type: "integer" } }, "seed", { least: 0 })).toEqual({
      seed: { type: "integer", minimum: 0 },
    });
  });
});

describe("parameters as a whole", () => {
  it("are added at the end", () => {
    const after = withParameter(schema, "seed", { type: "integer" });
    expect(rowsOf(after).at(-1)).toMatchObject({ name: "seed", type: "integer" });
    expect(withParameter({}, "seed", {})).toEqual({ type: "object", properties: { seed: {} } });
    expect(withParameter({ top_p: {} }, "items", { type: "array" })).toEqual({
      type: "object",
      properties: { top_p: {}, items: { type: "array" } },
    });
  });

  it("are taken away, out of `required` too", () => {
    const after = withoutParameter(schema, "user");
    expect(rowsOf(after).map(({ name }) => name)).not.toContain("user");
    expect(after).not.toHaveProperty("required");
    expect(withoutParameter({ seed: {} }, "seed")).toEqual({ type: "object", properties: {} });
  });

  it("are renamed in their place, in `required` too", () => {
    const after = withName(schema, "user", "caller");
    expect(rowsOf(after)[2]).toMatchObject({ name: "caller", required: true, most: 64 });
    expect(withName(schema, "user", "stop")).toBe(schema);
  });

  it("are required or not", () => {
    expect(withRequired(schema, "effort", true).required).toEqual(["user", "effort"]);
    expect(withRequired(schema, "user", false)).not.toHaveProperty("required");
    expect(withRequired({ seed: {} }, "seed", true)).toEqual({
      type: "object",
      properties: { seed: {} },
      required: ["seed"],
    });
  });
});

describe("withClosed", () => {
  it("lets in what is listed alone, or everything else too", () => {
    expect(isClosed(schema)).toBe(true);
    const open = withClosed(schema, false);
    expect(open).not.toHaveProperty("additionalProperties");
    expect(withClosed(open, true)).toEqual(schema);
    expect(withClosed({}, true)).toEqual({ type: "object", additionalProperties: false });
  });

  it("keeps a schema for everything else until it is told to close", () => {
    const some = { type: "object", additionalProperties: { type: "string" } };
    expect(withClosed(some, false)).toBe(some);
  });
});

it("finds the name at a place that the server counted", () => {
  expect(nameAt(schema, 2)).toBe("stop");
  expect(nameAt({ seed: {}, top_p: {} }, 2)).toBe("top_p");
  expect(nameAt(schema, 9)).toBeUndefined();
});

import { describe, expect, it } from "vitest";
import { Float } from "../../../api/json";
import { isOpen, parametersOf } from "./parameters";

/** The words for one parameter. */
function words(property: unknown) {
  const [found] = parametersOf({ type: "object", properties: { it: property } });
  return found && { type: found.type, range: found.range };
}

describe("parametersOf", () => {
  it("says type, range, default, and whether it is required", () => {
    const schema = {
      type: "object",
      required: ["temperature"],
      properties: {
        temperature: { type: "number", minimum: 0, maximum: 2, default: 0, description: "Freedom" },
      },
    };
    expect(parametersOf(schema)).toEqual([
      {
        name: "temperature",
        type: "number",
        range: "0 to 2",
        default: "0",
        isRequired: true,
        description: "Freedom",
      },
    ]);
  });

  it.each([
    [{ type: "integer", minimum: 1 }, "integer", "at least 1"],
    [{ type: "integer", maximum: 9 }, "integer", "at most 9"],
    [{ type: "number", exclusiveMinimum: 0, maximum: 1 }, "number", "at most 1, above 0"],
    [{ type: "number", minimum: new Float(0), maximum: new Float(2) }, "number", "0.0 to 2.0"],
    [{ enum: [new Float(1), 2] }, "one of", "1.0, 2"],
    [{ type: "string", maxLength: 64 }, "string", "at most 64 characters"],
    [
      { type: "array", items: { type: "string" }, minItems: 1, maxItems: 4 },
      "list of string",
      "1 to 4 items",
    ],
    [{ enum: ["low", "high", null] }, "one of", "low, high, null"],
    [{ type: ["string", "null"] }, "string or null", ""],
    [
      { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] },
      "string or list of string",
      "",
    ],
    [{ $ref: "#/$defs/x" }, "any", ""],
    [true, "any", ""],
    [false, "not allowed", ""],
  ])("puts %j into words", (property, type, range) => {
    expect(words(property)).toEqual({ type, range });
  });

  it("shows a default that is null or false", () => {
    const [one, other] = parametersOf({ properties: { a: { default: null }, b: { default: false } } });
    expect([one?.default, other?.default]).toEqual(["null", "false"]);
  });

  it("takes a bare map of names to schemas for properties", () => {
    expect(parametersOf({ seed: { type: "integer" } }).map(({ name }) => name)).toEqual(["seed"]);
    const map = { "x-note": "ours", type: { type: "string" } };
    expect(parametersOf(map).map(({ name }) => name)).toEqual(["type"]);
  });

  it("finds none in a schema that names none", () => {
    expect(parametersOf({})).toEqual([]);
    expect(parametersOf({ additionalProperties: { type: "string" } })).toEqual([]);
    expect(parametersOf({ type: "object", additionalProperties: false })).toEqual([]);
  });
});

describe("isOpen", () => {
  it("is closed by additionalProperties: false alone", () => {
    expect(isOpen({})).toBe(true);
    expect(isOpen({ additionalProperties: { type: "string" } })).toBe(true);
    expect(isOpen({ additionalProperties: false })).toBe(false);
  });
});

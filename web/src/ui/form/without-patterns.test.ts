import { expect, it } from "vitest";
import { withoutPatterns } from "./without-patterns";

it("leaves the regular expressions out, wherever a schema may stand", () => {
  const text = { type: "string", pattern: "^(a+)+$" };
  const schema = {
    properties: { name: text, list: { items: text, prefixItems: [text] } },
    patternProperties: { "^(a+)+$": text },
    anyOf: [text, { not: text }],
    $defs: { one: text },
  };
  expect(JSON.stringify(withoutPatterns(schema))).not.toContain("(a+)+");
});

it("keeps what only looks like one: a property of that name, a value", () => {
  const schema = {
    properties: { pattern: { type: "string", default: { pattern: "x" } } },
    enum: [{ pattern: "x" }],
    additionalProperties: false,
  };
  expect(withoutPatterns(schema)).toEqual(schema);
});

it("refuses no name that a pattern might allow", () => {
  const schema = { patternProperties: { "^x-": {} }, additionalProperties: false, maxProperties: 3 };
  expect(withoutPatterns(schema)).toEqual({ maxProperties: 3 });
});

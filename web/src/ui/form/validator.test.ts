import { expect, it } from "vitest";
import { validator } from "./validator";

const said = (schema: object, value: unknown) =>
  validator.validateFormData({ value }, { properties: { value: schema } }).errors.map((one) => one.message);

it.each([
  [{ type: "integer" }, 1.5, "Give a whole number."],
  [{ type: ["integer", "null"] }, -1.5, "Give a whole number or null."],
  [{ type: "boolean" }, "x", "Give true or false."],
  [{ maximum: 2 }, 9, "Give at most 2."],
  [{ exclusiveMinimum: 0 }, 0, "Give more than 0."],
  [{ multipleOf: 0.5 }, 0.7, "Give a multiple of 0.5."],
  [{ maxLength: 2 }, "abc", "Give at most 2 characters."],
  [{ minItems: 2 }, ["a"], "Give at least 2 items."],
  [{ uniqueItems: true }, ["a", "a"], "Give no item twice."],
  [{ enum: ["low", 1, null] }, "x", 'Give one of "low", 1, null.'],
  [{ const: "low" }, "x", 'Give "low".'],
  [{ format: "uuid" }, "x", "Give what its schema allows."],
])("says of %j what to give instead of %j", (schema, value, words) => {
  expect(said(schema, value)).toEqual([words]);
});

it("says no limit that is not the schema's own, through references and odd names", () => {
  const schema = {
    $defs: { "a/b c": { maximum: 3 } },
    properties: { "x/y": { $ref: "#/$defs/a~1b%20c" }, list: { items: [], prefixItems: [{ minimum: 5 }] } },
  };
  const { errors } = validator.validateFormData({ "x/y": 4, list: [1] }, schema as never);
  expect(errors.map((one) => one.message)).toEqual(["Give at most 3.", "Give at least 5."]);
});

it("lists twenty of many values", () => {
  expect(said({ enum: Array.from({ length: 21 }, (_, index) => index) }, "x")[0]).toMatch(
    /18, 19, \.\.\.\.$/,
  );
});

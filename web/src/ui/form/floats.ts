import { isObject } from "../../api/definition";
import { own } from "../../api/differences";
import { Float, isNumber } from "../../api/json";

/** A document for what knows JavaScript's numbers alone, as rjsf does. */
export function withoutFloats(value: unknown): unknown {
  return value instanceof Float ? value.value : mapped(value, withoutFloats);
}

/** Where a schema for rjsf says how the numbers of its `enum` are written. */
export const WRITTEN = "x-written";

/** A schema for what knows JavaScript's numbers alone. */
export function schemaWithoutFloats(schema: unknown): unknown {
  if (schema instanceof Float) return schema.value;
  const plain = mapped(schema, schemaWithoutFloats);
  const choices = isObject(schema) ? schema.enum : undefined;
  if (!Array.isArray(choices) || !choices.some((one) => one instanceof Float)) return plain;
  return { ...(plain as object), [WRITTEN]: choices.map(String) };
}

/**
 * What came back from there with the floats that were in it: a number that is the same as the one in its place in a
 * `seen` document, the first before the others, is what that one is.
 */
export function withFloats(value: unknown, ...seen: unknown[]): unknown {
  if (typeof value === "number")
    return seen.find((one) => isNumber(one) && Object.is(Number(one), value)) ?? value;
  return mapped(value, (item, key) => withFloats(item, ...seen.map((one) => at(one, key))));
}

function mapped(value: unknown, change: (item: unknown, key: string) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item, index) => change(item, String(index)));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item, key)]));
}

function at(document: unknown, key: string): unknown {
  return typeof document === "object" && document !== null
    ? own(document as Record<string, unknown>, key)
    : undefined;
}

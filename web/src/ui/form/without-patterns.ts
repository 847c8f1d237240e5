type Json = Record<string, unknown>;

const PATTERNS = ["pattern", "patternProperties"];
const SCHEMAS = new Set([
  "items",
  "not",
  "if",
  "then",
  "else",
  "contains",
  "additionalProperties",
  "propertyNames",
]);
const LISTS = new Set(["allOf", "anyOf", "oneOf", "prefixItems"]);
const MAPS = new Set(["properties", "$defs", "definitions", "dependentSchemas"]);

/**
 * A schema without its regular expressions. Somebody else wrote them, and one such as `^(a+)+$` would keep the tab busy
 * for hours; the server checks them all the same, in an engine that takes linear time.
 */
export function withoutPatterns(schema: unknown): unknown {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return schema;
  // Without the names that patterns allow, it is not known which further ones are too many.
  const left = "patternProperties" in schema ? [...PATTERNS, "additionalProperties"] : PATTERNS;
  const kept = Object.entries(schema).filter(([key]) => !left.includes(key));
  return Object.fromEntries(kept.map(([key, value]) => [key, within(key, value)]));
}

function within(key: string, value: unknown): unknown {
  if (SCHEMAS.has(key)) return withoutPatterns(value);
  if (LISTS.has(key) && Array.isArray(value)) return value.map(withoutPatterns);
  if (!MAPS.has(key) || typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value as Json).map(([name, one]) => [name, withoutPatterns(one)]));
}

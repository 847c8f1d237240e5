import type { OutputUnit } from "@cfworker/json-schema";
import { isObject } from "../../api/definition";
import { own } from "../../api/differences";
import { printJson } from "../../api/json";

/** What to give instead of a value that does not fit: the words that haymow has for it, from the schema's own limit. */
export function requestOf({ keyword, keywordLocation }: OutputUnit, schema: unknown): string {
  const limit = limitAt(keywordLocation, schema);
  if (keyword === "type") return `Give ${[limit].flat().map(nounOf).join(" or ")}.`;
  if (keyword === "enum" && Array.isArray(limit))
    return `Give one of ${limit
      .slice(0, MOST_LISTED)
      .map((one) => printJson(one, 0))
      .join(", ")}${limit.length > MOST_LISTED ? ", ..." : ""}.`;
  if (keyword === "const") return `Give ${printJson(limit, 0)}.`;
  return (own(REQUESTS, keyword) as string | undefined)?.replace("{}", String(limit)) ?? REQUEST;
}

const MOST_LISTED = 20;
const REQUEST = "Give what its schema allows.";
const REQUESTS: Record<string, string> = {
  maximum: "Give at most {}.",
  exclusiveMaximum: "Give less than {}.",
  minimum: "Give at least {}.",
  exclusiveMinimum: "Give more than {}.",
  multipleOf: "Give a multiple of {}.",
  maxLength: "Give at most {} characters.",
  minLength: "Give at least {} characters.",
  maxItems: "Give at most {} items.",
  minItems: "Give at least {} items.",
  maxProperties: "Give at most {} keys.",
  minProperties: "Give at least {} keys.",
  uniqueItems: "Give no item twice.",
  false: "The model does not take it.",
};

const NOUNS: Record<string, string> = {
  string: "a text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  object: "an object",
  array: "a list",
};

function nounOf(type: unknown): string {
  return (own(NOUNS, String(type)) as string | undefined) ?? String(type);
}

/** What a keyword says, by the way that a check took to it: `#/properties/seed/$ref/maximum`. */
function limitAt(location: string, schema: unknown): unknown {
  return step(schema, partsOf(location), schema);
}

function step(at: unknown, [part, ...rest]: string[], root: unknown): unknown {
  if (part === undefined) return at;
  const next = at !== null && typeof at === "object" ? own(at as Record<string, unknown>, part) : undefined;
  const isReference = part === "$ref" && typeof next === "string" && next.startsWith("#") && isObject(at);
  return step(isReference ? step(root, partsOf(next), root) : next, rest, root);
}

function partsOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"));
}

import { isObject } from "./definition";

const TAKE_OBJECTS = new Set(
  (
    "properties patternProperties additionalProperties unevaluatedProperties propertyNames dependentSchemas " +
    "dependentRequired items unevaluatedItems contains prefixItems allOf anyOf oneOf not if then else contentSchema " +
    "const default discriminator xml externalDocs example"
  ).split(" "),
);
const KEYWORDS = new Set([
  ...TAKE_OBJECTS,
  ...(
    "type enum multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength maxItems minItems " +
    "uniqueItems maxContains minContains maxProperties minProperties required format contentEncoding " +
    "contentMediaType title description deprecated readOnly writeOnly examples $comment pattern $ref $defs $schema"
  ).split(" "),
]);

/**
 * Whether a `generation_kwargs` maps names of parameters to schemas at its root, which haymow takes for `properties`.
 * A name may well be a keyword too (`format` of Ollama): then its value tells, as long as no keyword takes an object.
 */
export function isBare(schema: Record<string, unknown>): boolean {
  const parameters = Object.entries(schema).filter(([name]) => !name.startsWith("x-"));
  return parameters.length > 0 && parameters.every(([name, one]) => isParameter(name, one));
}

function isParameter(name: string, schema: unknown): boolean {
  if (!isObject(schema)) return false;
  if (TAKE_OBJECTS.has(name) || name.startsWith("$")) return false;
  const keys = Object.keys(schema);
  return keys.length === 0 || keys.some((key) => KEYWORDS.has(key));
}

/** The parameters that a `generation_kwargs` names, by name: its `properties`, or all of a bare map. */
export function propertiesOf(schema: Record<string, unknown>): Record<string, unknown> {
  if (!isBare(schema)) return isObject(schema.properties) ? schema.properties : {};
  return Object.fromEntries(Object.entries(schema).filter(([name]) => !name.startsWith("x-")));
}

import { isBare, propertiesOf } from "../../../api/bare-map";
import { isObject } from "../../../api/definition";
import { isNumber, type JsonNumber } from "../../../api/json";

/** A JSON Schema of the parameters that callers may set: a model's `generation_kwargs`. */
export type Schema = Record<string, unknown>;

export const TYPES = ["number", "integer", "string", "boolean", "array", "object"] as const;

/** One parameter, as a row of the table shows it. */
export interface Row {
  name: string;
  /** A JSON type; "" is any; several are joined with " or ". */
  type: string;
  /** The range: of the value for numbers, of the length for strings and lists. */
  least?: JsonNumber;
  most?: JsonNumber;
  choices?: unknown[];
  default?: unknown;
  required: boolean;
  description: string;
  /** Whether its schema says more than the row can show. */
  more: boolean;
}

/** What can be changed of a row by itself. `undefined` takes the keyword away. */
export type Change = Partial<Pick<Row, "type" | "least" | "most" | "choices" | "default" | "description">>;

/** Whether the schema is one that a table can show: it has parameters by name, or none yet. */
export function isTabular(schema: Schema): boolean {
  const { properties, required } = schema;
  if (isBare(schema) || Object.keys(schema).length === 0) return true;
  const hasNames = properties === undefined || isObject(properties);
  return schema.type === "object" && hasNames && (required === undefined || Array.isArray(required));
}

/** The parameters in their order. */
export function rowsOf(schema: Schema): Row[] {
  const required = Array.isArray(schema.required) && !isBare(schema) ? schema.required : [];
  return Object.entries(propertiesOf(schema)).map(([name, one]) => rowOf(name, one, required.includes(name)));
}

/** Whether keywords of the root say something that the table does not show. */
export function saysMore(schema: Schema): boolean {
  if (isBare(schema)) return false;
  const { additionalProperties: rest } = schema;
  const shown = ["type", "properties", "required", "additionalProperties"];
  return (
    !Object.keys(schema).every((key) => shown.includes(key)) ||
    !["undefined", "boolean"].includes(typeof rest)
  );
}

/** The schema with one parameter changed: the keywords of `change` alone, all others stay as they are. */
export function withChange(schema: Schema, name: string, change: Change): Schema {
  const before = propertiesOf(schema)[name];
  const after: Schema = isObject(before) ? { ...before } : {};
  const type = change.type ?? typeOf(after);
  for (const [field, value] of Object.entries(change)) {
    const keyword = keywordOf(field as keyof Change, type);
    if (keyword === null || (field === "type" && value === typeOf(after))) continue;
    if (value === undefined || (keyword !== "default" && value === "")) delete after[keyword];
    else after[keyword] = value;
  }
  return withProperties(schema, { ...propertiesOf(schema), [name]: after });
}

/** The schema with one more parameter, at the end. */
export function withParameter(schema: Schema, name: string, parameter: Schema): Schema {
  return withProperties(schema, { ...propertiesOf(schema), [name]: parameter });
}

/** The schema without a parameter; it is no longer required either. */
export function withoutParameter(schema: Schema, name: string): Schema {
  const { [name]: _, ...others } = propertiesOf(schema);
  return withProperties(withRequired(schema, name, false), others);
}

/** The schema with a parameter of another name, in the same place; a name that is taken changes nothing. */
export function withName(schema: Schema, name: string, to: string): Schema {
  const properties = propertiesOf(schema);
  if (name === to || to === "" || Object.hasOwn(properties, to)) return schema;
  const entries = Object.entries(properties).map(([key, one]) => [key === name ? to : key, one] as const);
  const renamed = withProperties(schema, Object.fromEntries(entries));
  if (!Array.isArray(schema.required) || isBare(schema)) return renamed;
  return { ...renamed, required: schema.required.map((one) => (one === name ? to : one)) };
}

/** The schema in which a parameter has to be set, or need not be. */
export function withRequired(schema: Schema, name: string, required: boolean): Schema {
  const before = Array.isArray(schema.required) && !isBare(schema) ? (schema.required as unknown[]) : [];
  if (before.includes(name) === required) return schema;
  const after = required ? [...before, name] : before.filter((one) => one !== name);
  const { required: _, ...rest } = whole(schema);
  return after.length > 0 ? { ...rest, required: after } : rest;
}

/** Whether callers may set what is listed and nothing else. */
export function isClosed(schema: Schema): boolean {
  return !isBare(schema) && schema.additionalProperties === false;
}

/** The schema that lets in nothing but what is listed, or everything else too. */
export function withClosed(schema: Schema, closed: boolean): Schema {
  if (isClosed(schema) === closed) return schema;
  const { additionalProperties: _, ...rest } = whole(schema);
  return closed ? { ...rest, additionalProperties: false } : rest;
}

/** The name of the n-th parameter, counted from 1: haymow's faults count, since they repeat nothing of a request. */
export function nameAt(schema: Schema, place: number): string | undefined {
  return Object.keys(propertiesOf(schema))[place - 1];
}

/** Whether a cell shows this keyword; one whose value is no value for it, such as a minimum of "5", has none. */
function isShown(keyword: string, value: unknown, bounds: (string | null)[]): boolean {
  if (keyword === "enum") return Array.isArray(value);
  if (keyword === "description") return typeof value === "string";
  return keyword === "type" || keyword === "default" || (bounds.includes(keyword) && isNumber(value));
}

function rowOf(name: string, schema: unknown, required: boolean): Row {
  if (!isObject(schema)) return { name, type: "", required, description: "", more: schema !== true };
  const type = typeOf(schema);
  const [least, most] = boundsOf(type);
  return {
    name,
    type,
    least: numberAt(schema, least),
    most: numberAt(schema, most),
    choices: Array.isArray(schema.enum) ? schema.enum : undefined,
    default: schema.default,
    required,
    description: typeof schema.description === "string" ? schema.description : "",
    more: !Object.entries(schema).every(([key, value]) => isShown(key, value, [least, most])),
  };
}

function typeOf(schema: Schema): string {
  const { type } = schema;
  return Array.isArray(type) ? type.join(" or ") : typeof type === "string" ? type : "";
}

function boundsOf(type: string): [string, string] | [null, null] {
  if (type === "number" || type === "integer") return ["minimum", "maximum"];
  if (type === "string") return ["minLength", "maxLength"];
  return type === "array" ? ["minItems", "maxItems"] : [null, null];
}

/** Whether a parameter of this type can have a range. */
export function hasRange(type: string): boolean {
  return boundsOf(type)[0] !== null;
}

function keywordOf(field: keyof Change, type: string): string | null {
  const [least, most] = boundsOf(type);
  return { least, most, choices: "enum", type: "type", default: "default", description: "description" }[
    field
  ];
}

function numberAt(schema: Schema, keyword: string | null): JsonNumber | undefined {
  const value = keyword === null ? undefined : schema[keyword];
  return isNumber(value) ? value : undefined;
}

function withProperties(schema: Schema, properties: Schema): Schema {
  if (!isBare(schema)) return { ...whole(schema), properties };
  const extensions = Object.entries(schema).filter(([name]) => name.startsWith("x-"));
  const bare = { ...Object.fromEntries(extensions), ...properties };
  // The last name taken away, or one added that a bare map cannot have, leaves no bare map.
  return isBare(bare) ? bare : { ...Object.fromEntries(extensions), type: "object", properties };
}

/** A schema that has room for keywords beside the parameters. */
function whole(schema: Schema): Schema {
  if (Object.keys(schema).length === 0) return { type: "object" };
  if (!isBare(schema)) return schema;
  const extensions = Object.entries(schema).filter(([name]) => name.startsWith("x-"));
  return { ...Object.fromEntries(extensions), type: "object", properties: propertiesOf(schema) };
}

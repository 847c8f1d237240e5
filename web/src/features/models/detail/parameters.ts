import { propertiesOf } from "../../../api/bare-map";
import { isObject } from "../../../api/definition";
import { printJson } from "../../../api/json";

/** A parameter that callers may set, in words. */
export interface Parameter {
  name: string;
  type: string;
  /** What is allowed: "0 to 2", "at least 1", "low, medium, high"; empty when the type says it all. */
  range: string;
  /** As JSON; empty when there is none. */
  default: string;
  isRequired: boolean;
  description: string;
}

/** The parameters that a schema speaks of; those of a bare map of names to schemas too, which haymow takes for one. */
export function parametersOf(schema: Record<string, unknown>): Parameter[] {
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(propertiesOf(schema)).map(([name, one]) => {
    const property = isObject(one) ? one : {};
    return {
      name,
      type: one === false ? "not allowed" : typeWords(property),
      range: rangeWords(property),
      default: "default" in property ? printJson(property.default, 0) : "",
      isRequired: required.includes(name),
      description: textOf(property.description) || textOf(property.title),
    };
  });
}

/** Whether callers may set other parameters too. */
export function isOpen(schema: Record<string, unknown>): boolean {
  return schema.additionalProperties !== false;
}

function typeWords(schema: Record<string, unknown>): string {
  const { type } = schema;
  if (typeof type === "string") return type === "array" ? listWords(schema) : type;
  if (Array.isArray(type)) return type.map(String).join(" or ");
  for (const key of ["anyOf", "oneOf"]) {
    const options = schema[key];
    if (Array.isArray(options)) return [...new Set(options.filter(isObject).map(typeWords))].join(" or ");
  }
  if ("enum" in schema || "const" in schema) return "one of";
  return "any";
}

function listWords(schema: Record<string, unknown>): string {
  return isObject(schema.items) ? `list of ${typeWords(schema.items)}` : "list";
}

function rangeWords(schema: Record<string, unknown>): string {
  if (Array.isArray(schema.enum)) return schema.enum.map(plain).join(", ");
  if ("const" in schema) return plain(schema.const);
  const words = [
    between(schema.minimum, schema.maximum, ""),
    schema.exclusiveMinimum === undefined ? "" : `above ${plain(schema.exclusiveMinimum)}`,
    schema.exclusiveMaximum === undefined ? "" : `below ${plain(schema.exclusiveMaximum)}`,
    between(schema.minLength, schema.maxLength, " characters"),
    between(schema.minItems, schema.maxItems, " items"),
    schema.multipleOf === undefined ? "" : `in steps of ${plain(schema.multipleOf)}`,
    schema.pattern === undefined ? "" : `like ${plain(schema.pattern)}`,
  ];
  return words.filter((one) => one !== "").join(", ");
}

function between(least: unknown, most: unknown, unit: string): string {
  if (least !== undefined && most !== undefined) return `${plain(least)} to ${plain(most)}${unit}`;
  if (least !== undefined) return `at least ${plain(least)}${unit}`;
  return most === undefined ? "" : `at most ${plain(most)}${unit}`;
}

function plain(value: unknown): string {
  return typeof value === "string" ? value : printJson(value, 0);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

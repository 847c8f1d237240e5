import type { RJSFSchema, UiSchema } from "@rjsf/utils";

/** A generator's parameters as two forms: what is usually set, and the rest. */
export interface GeneratorForm {
  first: RJSFSchema;
  more: RJSFSchema;
  uiSchema: UiSchema;
  /** The names of all parameters that have a field. */
  names: string[];
}

export interface SecretDefault {
  env_vars: string[];
  strict: boolean;
}

/** Asked for first, in this order, after what is required. */
const USUAL = [
  "model",
  "api_key",
  "token",
  "api_base_url",
  "azure_endpoint",
  "endpoint",
  "url",
  "timeout",
  "max_retries",
  "generation_kwargs",
];

/**
 * The form for a generator's `init_parameters`. Defaults are shown and not filled in: what is left out of a definition
 * stays left out, so that it follows the generator. Parameters that haymow refuses have a field only if they are among
 * `set`, the parameters that the definition has.
 */
export function formOf(schema: RJSFSchema, set: readonly string[]): GeneratorForm {
  const properties = (schema.properties ?? {}) as Record<string, RJSFSchema>;
  const required = schema.required ?? [];
  const names = Object.keys(properties).filter((name) => !isRefused(properties[name]) || set.includes(name));
  const isFirst = (name: string) =>
    required.includes(name) || USUAL.includes(name) || set.includes(name) || isSecret(properties[name]);
  const rank = (name: string) =>
    USUAL.includes(name) ? USUAL.indexOf(name) : required.includes(name) ? -1 : 4.5;
  const first = names.filter(isFirst).sort((one, other) => rank(one) - rank(other));
  const part = (chosen: string[]): RJSFSchema => ({
    type: "object",
    properties: Object.fromEntries(chosen.map((name) => [name, fieldSchema(name, properties[name] ?? {})])),
    required: required.filter((name) => chosen.includes(name)),
  });
  return {
    first: part(first),
    more: part(names.filter((name) => !first.includes(name))),
    uiSchema: Object.fromEntries(names.map((name) => [name, fieldUi(properties[name] ?? {})])),
    names,
  };
}

/** The names of secrets that a parameter means when the definition leaves it out; null for no Secret. */
export function secretDefault(schema: RJSFSchema): SecretDefault | null {
  const value = schema.default as Partial<SecretDefault> | null | undefined;
  return value && Array.isArray(value.env_vars)
    ? { env_vars: value.env_vars, strict: value.strict !== false }
    : null;
}

/** Whether a parameter takes a Secret; some take a plain text as well. */
export function isSecret(schema: RJSFSchema | undefined): boolean {
  return alternatives(schema).some((one) => one.title === "Secret");
}

export function takesText(schema: RJSFSchema): boolean {
  return alternatives(schema).some((one) => one.title !== "Callable" && typesOf(one).includes("string"));
}

/** The first sentence of a description, without the marks of Markdown, and the whole where that says more. */
export function wordsOf(description: string): { brief: string; whole: string | null } {
  const plain = description
    .replace(/\[([^\]]+)\]\((?:[^()]|\([^)]*\))*\)/g, "$1")
    .replace(/``?([^`]+)``?/g, "$1");
  const paragraph = (plain.split(/\n\s*\n|\n\s*- /)[0] ?? "").replace(/\s+/g, " ").trim();
  const sentence = /^.{12,}?[.:](?=\s+[A-Z]|$)/.exec(paragraph)?.[0] ?? paragraph;
  const brief =
    sentence.length <= MOST_BRIEF ? sentence : `${sentence.slice(0, MOST_BRIEF).replace(/\s+\S*$/, "")} …`;
  return {
    brief: brief.replace(/:$/, "."),
    whole: plain.replace(/\s+/g, " ").trim() === brief ? null : plain,
  };
}

const MOST_BRIEF = 160;

/** What rjsf is to show and check. A default would be filled in, and is said by the placeholder instead. */
function fieldSchema(name: string, schema: RJSFSchema): RJSFSchema {
  const { default: _, description: __, ...rest } = flattened(schema);
  return { ...rest, title: name };
}

function fieldUi(schema: RJSFSchema): UiSchema {
  const { brief, whole } = wordsOf(schema.description ?? "");
  const notes = [
    isRefused(schema) ? String(schema["x-haymow-refused"]) : "",
    schema["x-haymow-administrators-only"] ? "Only administrators may set or change this." : "",
  ].filter(Boolean);
  const words = { description: [...notes, brief].join(" "), placeholder: placeholderOf(schema) };
  return { whole, declared: schema, "ui:options": { ...words, ...fieldKind(flattened(schema)) } };
}

function fieldKind(schema: RJSFSchema): Record<string, unknown> {
  if (isSecret(schema)) return { field: "secret", fieldReplacesAnyOrOneOf: true };
  if (schema.enum) return { clearable: true };
  const [type, ...others] = typesOf(schema).filter((one) => one !== "null");
  if (others.length > 0 || !type || schema.anyOf || type === "object" || type === "array") {
    return { field: "json", fieldReplacesAnyOrOneOf: true };
  }
  // A box can only say yes and no; left out is a third answer.
  if (type === "boolean") return { widget: "select", clearable: true };
  return type === "string" ? {} : { hideControls: true };
}

function placeholderOf(schema: RJSFSchema): string | undefined {
  const { default: value } = schema;
  if (value === undefined || value === null) return undefined;
  const text =
    typeof value === "boolean"
      ? value
        ? "Yes"
        : "No"
      : typeof value === "string"
        ? value
        : JSON.stringify(value);
  return `Default: ${text}`;
}

/** `X or null` as X: a parameter that is left out says what null says. Texts of which some are proposed are texts. */
function flattened(schema: RJSFSchema): RJSFSchema {
  if (!schema.anyOf || isSecret(schema)) return schema;
  const others = alternatives(schema).filter((one) => one.type !== "null");
  const { anyOf, ...rest } = schema;
  const [only, second] = others;
  if (only && others.length === 1) return { ...only, ...rest };
  const proposals = others.find((one) => one.enum)?.enum;
  const isText = others.length === 2 && others.some((one) => one.type === "string" && !one.enum);
  return proposals && isText && second ? { type: "string", examples: proposals, ...rest } : schema;
}

function isRefused(schema: RJSFSchema | undefined): boolean {
  return schema?.["x-haymow-refused"] !== undefined;
}

function alternatives(schema: RJSFSchema | undefined): RJSFSchema[] {
  if (!schema) return [];
  return schema.anyOf ? (schema.anyOf as RJSFSchema[]) : [schema];
}

function typesOf(schema: RJSFSchema): string[] {
  return schema.type === undefined ? [] : [schema.type].flat();
}

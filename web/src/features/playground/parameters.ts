import type { ErrorSchema, RJSFSchema, UiSchema } from "@rjsf/utils";
import { isBare, propertiesOf } from "../../api/bare-map";
import type { Model } from "../../api/client";
import { isObject } from "../../api/definition";
import { parseJson, printJson } from "../../api/json";
import type { Fault } from "../../api/problem";

/** What is set for a model: by the form, and as JSON for what the form does not show. */
export interface Settings {
  values: Record<string, unknown>;
  more: string;
}

export const NOTHING_SET: Settings = { values: {}, more: "" };

/** What is set for one of the models. A model may be called what every object has, such as `constructor`. */
export function settingsOf(all: Record<string, Settings>, model: string | undefined): Settings {
  return model !== undefined && Object.hasOwn(all, model) ? (all[model] ?? NOTHING_SET) : NOTHING_SET;
}

/** How a model's parameters are asked for. Without a `schema` none may be set, without `takesMore` no others. */
export interface ParameterForm {
  schema: RJSFSchema | null;
  uiSchema: UiSchema;
  takesMore: boolean;
}

/** The name of the widget for a list of texts. */
export const TEXTS_WIDGET = "texts";

/** What the page sets itself, or shows only one of. */
const OWN = ["model", "messages", "stream", "stream_options", "n"];

/** Asked for where a model's own schema names nothing. */
const USUAL: RJSFSchema = {
  type: "object",
  properties: {
    temperature: { type: "number", minimum: 0, description: "Higher is more surprising." },
    top_p: { type: "number", minimum: 0, maximum: 1, description: "Of the likely words, how many count." },
    max_tokens: { type: "integer", minimum: 1, description: "The longest answer, in tokens." },
    seed: { type: "integer", description: "The same seed tends to give the same answer." },
  },
};

/** The form of a model's `generation_kwargs`. Defaults are shown and not filled in: what is not set is not sent. */
export function parameterForm(model: Pick<Model, "generation_kwargs" | "chat_generator_config"> | null) {
  const schema = schemaOf(model?.generation_kwargs ?? {});
  const isOpen = schema.additionalProperties !== false;
  if (!speaks(schema)) {
    if (!isOpen) return { schema: null, uiSchema: {}, takesMore: false };
    return formOf(USUAL, defaultsOf(model), true);
  }
  return formOf(schema, defaultsOf(model), isOpen);
}

/** A bare map of names to schemas as the schema that haymow takes it for. */
function schemaOf(schema: Record<string, unknown>): RJSFSchema {
  return isBare(schema)
    ? { type: "object", properties: propertiesOf(schema) as RJSFSchema["properties"] }
    : schema;
}

function speaks(schema: RJSFSchema): boolean {
  if (Object.keys(schema.properties ?? {}).length > 0) return true;
  return ["$ref", "allOf", "anyOf", "oneOf"].some((keyword) => keyword in schema);
}

/** What the definition itself sets, which goes out wherever a call says nothing else. */
function defaultsOf(model: Pick<Model, "chat_generator_config"> | null): Record<string, unknown> {
  const parameters = model?.chat_generator_config.init_parameters as Record<string, unknown> | undefined;
  const found = parameters?.generation_kwargs;
  return typeof found === "object" && found !== null ? (found as Record<string, unknown>) : {};
}

function formOf(schema: RJSFSchema, defaults: Record<string, unknown>, takesMore: boolean): ParameterForm {
  const asked = Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    typeof property === "boolean" || OWN.includes(name) ? [] : [{ name, property }],
  );
  const properties = asked.map(({ name, property: { default: _default, ...rest } }) => {
    const texts = isTexts(rest) ? TEXTS : {};
    return [name, { ...rest, ...texts, title: labelOf(name, rest.title) }] as const;
  });
  const fields = asked.map(({ name, property }) => {
    const own = Object.hasOwn(defaults, name) ? defaults[name] : undefined;
    return [name, fieldOf(property, own ?? property.default)] as const;
  });
  const { title: _title, description: _description, required: _required, ...rest } = schema;
  // Required ones may stand in the definition, so the form asks for none; the server knows.
  return {
    schema: {
      type: "object",
      ...rest,
      properties: Object.fromEntries(properties),
      additionalProperties: false,
    },
    uiSchema: Object.fromEntries(fields),
    takesMore,
  };
}

/** The name that goes out, behind what the schema calls it. */
function labelOf(name: string, title: string | undefined): string {
  return title === undefined || title === name ? name : `${title} (${name})`;
}

const TEXTS: RJSFSchema = { type: "array", items: { type: "string" } };

/** Whether it is a list of texts, or one; such as `stop`. */
function isTexts({ type, items }: RJSFSchema): boolean {
  const types = Array.isArray(type) ? type : [type];
  return types.includes("array") && typeof items === "object" && "type" in items && items.type === "string";
}

/** A choice of yes and no can be taken back, a box that is ticked cannot. */
function fieldOf(property: RJSFSchema, shown: unknown): UiSchema {
  const isChoice = property.type === "boolean" || Array.isArray(property.enum);
  return {
    ...(property.type === "boolean" ? { "ui:widget": "select" } : {}),
    ...(isTexts(property) ? { "ui:widget": TEXTS_WIDGET } : {}),
    ...(shown === undefined ? {} : { "ui:placeholder": asText(shown) }),
    "ui:options": {
      ...(isChoice ? { clearable: true } : {}),
      // Fields of a row stand beside each other, whether they are described or not.
      inputWrapperOrder: ["label", "input", "description", "error"],
    },
  };
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : printJson(value, 0);
}

/** What a call sends, or what is wrong with the JSON. */
export type Parameters = { values: Record<string, unknown> } | { fault: string };

export function parametersOf({ values, more }: Settings): Parameters {
  const set = Object.fromEntries(Object.entries(values).filter(([, value]) => isSet(value)));
  if (!more.trim()) return { values: set };
  const other = objectOf(more);
  if (typeof other === "string") return { fault: other };
  const own = OWN.find((name) => name in other);
  if (own) return { fault: `The playground sets ${own} itself: leave it out.` };
  const twice = Object.keys(other).find((name) => name in set);
  if (twice) return { fault: `${twice} is set above as well: leave one out.` };
  return { values: { ...set, ...other } };
}

function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== "";
}

/** The object that a text spells out, or what is wrong with the text. */
function objectOf(text: string): Record<string, unknown> | string {
  try {
    const found = parseJson(text);
    if (isObject(found)) return found;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
  }
  return 'This is no JSON object, such as {"top_k": 40}.';
}

/** Faults of a refused call at the fields of the form they are about, and those that no field is there for. */
export function placedFaults(faults: readonly Fault[], form: ParameterForm) {
  const names = Object.keys(form.schema?.properties ?? {});
  const ownName = ({ pointer }: Fault) => pointer.split("/")[1] ?? "";
  const said = faults.flatMap((fault) => {
    const found = names.flatMap((name) => reasonsFor(name, fault.message));
    if (found.length > 0 || !names.includes(ownName(fault))) return found;
    return [[ownName(fault), fault.message] as const];
  });
  const errors = said.map(([name, message]) => [name, { __errors: [message] } as ErrorSchema] as const);
  return {
    errors: Object.fromEntries(errors),
    elsewhere: faults.filter((fault) => !names.includes(ownName(fault))),
  };
}

/**
 * What a message says of one parameter. OpenAI's errors have a place for one parameter alone, so that haymow's message
 * holds all of them: `temperature: Give at most 2. See #/generation_kwargs/... of the model.`
 */
function reasonsFor(name: string, message: string): (readonly [string, string])[] {
  const before = ` ${name}: `;
  const start = message.indexOf(before);
  if (start < 0) return [];
  const [reason = ""] = message.slice(start + before.length).split(SEE);
  return [[name, reason]];
}

/** Where the rule stands in the model's schema, which the field is made from. */
const SEE = / See #\/generation_kwargs\S* of the model\./;

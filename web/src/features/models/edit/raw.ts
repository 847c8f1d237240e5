import { type Definition, isObject } from "../../../api/definition";
import { Float } from "../../../api/json";

/** A text that is no definition, and where it stops being one, as far as that is known. */
export interface RawFault {
  message: string;
  line?: number;
}

export type Parsed = { definition: Definition } | { fault: RawFault };

/** Turns text into data; throws an Error, with a `line` where it knows one. */
export type Parse = (text: string) => unknown;

/** Fields that haymow decides: what was read may be pasted back, and they are not taken from it. */
const READ_ONLY = [
  "model_id",
  "connected",
  "origin",
  "created_by",
  "last_updated_by",
  "created_at",
  "updated_at",
];
const FIELDS = ["name", "provider", "chat_generator_config", "generation_kwargs"];

/**
 * The definition that a text spells out. A component as a pipeline's YAML has it (`type`, `init_parameters`), alone or
 * under its name, is taken for the configuration of `current`, whose other fields stay.
 */
export function parseDefinition(text: string, parse: Parse, current: Definition): Parsed {
  let data: unknown;
  try {
    data = parse(text);
    requireKeptNumbers(data);
  } catch (error) {
    return { fault: faultOf(error, text) };
  }
  const component = componentIn(data);
  return component ? { definition: { ...current, chat_generator_config: component } } : definitionIn(data);
}

/** Throws where a number would not be what is written: infinite, or beyond the integers that JSON can be trusted with. */
function requireKeptNumbers(value: unknown): void {
  if (value instanceof Float) return;
  if (typeof value === "object" && value !== null) Object.values(value).forEach(requireKeptNumbers);
  if (typeof value !== "number") return;
  const isLost = Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21;
  if (isLost || !Number.isFinite(value))
    throw new Error(`The number ${value} is too large to be kept as it is.`);
}

function definitionIn(data: unknown): Parsed {
  if (!isObject(data)) return refused(`Write an object with ${FIELDS.join(", ")}.`);
  const unknown = Object.keys(data).filter((key) => !FIELDS.includes(key) && !READ_ONLY.includes(key));
  if (unknown.length > 0)
    return refused(`No field of a model: ${unknown.join(", ")}. There are ${FIELDS.join(", ")}.`);
  const { name = "", provider = "", chat_generator_config = {}, generation_kwargs = {} } = data;
  if (typeof name !== "string") return refused("`name` has to be a text: put it in quotes.");
  if (typeof provider !== "string") return refused("`provider` has to be a text: put it in quotes.");
  if (!isObject(chat_generator_config)) return refused("`chat_generator_config` has to be an object.");
  if (!isObject(generation_kwargs)) return refused("`generation_kwargs` has to be an object.");
  return { definition: { name, provider, chat_generator_config, generation_kwargs } };
}

function componentIn(data: unknown): Record<string, unknown> | null {
  if (!isObject(data)) return null;
  if (isComponent(data)) return data;
  const [[name, only] = ["", null], ...others] = Object.entries(data);
  // A schema that has but a type looks like one.
  return others.length === 0 && name !== "generation_kwargs" && isComponent(only) ? only : null;
}

function isComponent(data: unknown): data is Record<string, unknown> {
  if (!isObject(data) || typeof data.type !== "string") return false;
  return Object.keys(data).every((key) => key === "type" || key === "init_parameters");
}

function faultOf(error: unknown, text: string): RawFault {
  const message = error instanceof Error ? error.message : "This cannot be read.";
  const line = isObject(error) && typeof error.line === "number" ? error.line : lineIn(message, text);
  // What browsers say of JSON repeats a part of the text; its first sentence is enough.
  return { message: message.split("\n")[0] ?? message, line };
}

/** The line that a browser's message on JSON means: Chrome and Firefox say it, others give a position or nothing. */
function lineIn(message: string, text: string): number | undefined {
  const line = /line (\d+)/.exec(message)?.[1];
  if (line) return Number(line);
  const position = /position (\d+)/.exec(message)?.[1];
  if (position) return text.slice(0, Number(position)).split("\n").length;
  return /end of/i.test(message) ? text.split("\n").length : undefined;
}

function refused(message: string): Parsed {
  return { fault: { message } };
}

import type { Model, Schemas } from "./client";
import { Float } from "./json";

/** What a person decides of a model; everything else haymow says. In its documents, floats without a fraction are `Float`s. */
export interface Definition {
  name: string;
  provider: string;
  chat_generator_config: Record<string, unknown>;
  generation_kwargs: Record<string, unknown>;
}

/** The definition in a model or a revision. */
export function definitionOf(from: Model | Schemas["Revision"]): Definition {
  const { name, provider, chat_generator_config, generation_kwargs } = from;
  return { name, provider, chat_generator_config, generation_kwargs };
}

/** The class of a generator, without its module: `OpenAIChatGenerator`. */
export function generatorName(config: Record<string, unknown>): string {
  return typeof config.type === "string" ? (config.type.split(".").at(-1) ?? config.type) : "";
}

/** What a generator is made with. */
export function initParameters(config: Record<string, unknown>): Record<string, unknown> {
  return isObject(config.init_parameters) ? config.init_parameters : {};
}

/** The names of secrets in a parameter that is one; null for any other value. */
export function secretNames(value: unknown): string[] | null {
  if (!isObject(value) || value.type !== "env_var" || !Array.isArray(value.env_vars)) return null;
  return value.env_vars.filter((name) => typeof name === "string");
}

/** Whether a JSON value is an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Float);
}
